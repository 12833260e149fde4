"""Training learns from what stewards decided, where conf says so."""

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.linkage.link import DECISION_SCHEMA, guarded_evidence
from lakehouse.linkage.train import train
from lakehouse.linkage.training_session import DECIDED
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.tables.local_frame import local_frame

SAME = [(f"p{number:04d}a", f"p{number:04d}b", "same") for number in range(20)]
DIFFERENT = [("p0030a", "p0031a", "different")]


@pytest.fixture(scope="module")
def decided(people: DataFrame, settings: LinkageSettings, spark: SparkSession) -> DataFrame:
    """Evidence of 300 people, of twenty of whom a steward called two records the same."""
    decisions = local_frame(spark, [*SAME, *DIFFERENT], DECISION_SCHEMA)
    return guarded_evidence(people, decisions, settings, "tests").persist()


def sessions(
    decided: DataFrame, settings: LinkageSettings, *, decisions: bool
) -> list[dict[str, object]]:
    training = settings.training.model_copy(update={"decisions": decisions})
    model = train(decided, settings.model_copy(update={"training": training}))
    return list(model.card["sessions"])


def test_the_pairs_that_stewards_called_the_same_are_one_more_session_of_the_model_s_card(
    decided: DataFrame, settings: LinkageSettings
) -> None:
    *others, taught = sessions(decided, settings, decisions=True)
    assert (taught["blocking"], taught["pairs"], taught["match_share"]) == ([DECIDED], 20, 1.0)
    assert others == sessions(decided, settings, decisions=False)
