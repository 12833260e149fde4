"""What a run keeps outside of its tables, its model and its scratch, ends as the run does."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.linkage.artefact import latest_model, load_model, save_model
from lakehouse.linkage.model import TrainedModel
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.scratch import own_models, scratch_folder
from tests.support.lake import DAY_1, small_lake_at

MODEL = TrainedModel(
    version="0123456789ab",
    conf_hash="of a test",
    columns=(),
    comparisons={},
    prior=0.01,
    join_weight=3.0,
    review_weight=1.0,
    unlike={},
    card={},
)


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    """A lake of ops tables alone: what a run keeps for its steps does not depend on them."""
    opened = small_lake_at(tmp_path, tmp_path).lake
    specs = {name: spec for name, spec in opened.specs.items() if name.startswith("ops.")}
    return replace(opened, specs=specs)


def trained_in(lake: Lake, run_id: str) -> Attempt:
    """An attempt that has trained a model and written nothing else."""
    attempt = attempts.begin(lake, run_id, DAY_1)
    save_model(MODEL, own_models(lake, attempt.number), DAY_1.isoformat())
    return attempt


def published(lake: Lake) -> str | None:
    path = latest_model(lake.settings.linkage.models)
    return None if path is None else load_model(path).version


def scoring_model(lake: Lake, run_id: str) -> str | None:
    """The model in the run's manifest."""
    runs = lake.tables.read("ops.run").where("status = 'succeeded'").collect()
    (version,) = (row.model_version for row in runs if row.run_id == run_id)
    return version


def test_the_model_of_a_run_that_failed_or_died_is_gone_with_its_scratch(lake: Lake) -> None:
    failed = trained_in(lake, "failed")
    attempts.fail(lake, failed, "C360-030")
    assert not scratch_folder(lake, failed.number).exists()

    dead = trained_in(lake, "dead")
    attempts.begin(lake, "next", DAY_1)
    assert not scratch_folder(lake, dead.number).exists()
    assert published(lake) is None


def test_a_run_that_is_resumed_finds_the_model_that_it_has_trained(lake: Lake) -> None:
    dead = trained_in(lake, "day-1")

    again = attempts.begin(lake, "day-1", DAY_1)

    assert again.number == dead.number
    assert latest_model(own_models(lake, again.number)) is not None
    assert published(lake) is None


def test_a_model_is_published_with_the_release_of_its_run_also_when_it_dies_right_after(
    lake: Lake,
) -> None:
    whole = trained_in(lake, "whole")
    attempts.release(lake, whole, {"ops.run": 0})
    attempts.settle(lake, whole)
    assert published(lake) == scoring_model(lake, "whole") == MODEL.version
    assert not scratch_folder(lake, whole.number).exists()
    latest_model(lake.settings.linkage.models).unlink()

    dead = trained_in(lake, "dead")
    attempts.release(lake, dead, {"ops.run": 0})
    attempts.begin(lake, "next", DAY_1)
    assert published(lake) == scoring_model(lake, "dead") == MODEL.version
    assert not scratch_folder(lake, dead.number).exists()
