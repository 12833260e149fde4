"""What the steps of linkage find out about the last run and the model before they score anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.linkage.artefact import save_model
from lakehouse.linkage.frequency import ANY_OTHER
from lakehouse.linkage.link import DECISION_SCHEMA, guarded_evidence
from lakehouse.linkage.model import TrainedModel, expected_parameters
from lakehouse.pipeline import steps as wiring
from lakehouse.pipeline.steps import Inputs, all_steps
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.tables.linkage import (
    CLUSTER,
    OVERSIZED_BLOCK,
    SCORED_EDGE,
    TERM_FREQUENCY,
    TOUCHED_RECORD,
)
from lakehouse.tables.local_frame import local_frame

PEOPLE = "record_key string, given_name_match string, family_name_match string, national_id string"
ROWS = [
    ("a", "anna", "abel", "111"),
    ("b", "anna", "abel", "222"),
    ("c", "bruno", "bauer", "333"),
]
NAMES = ("given_name_match", "family_name_match")
NOT_SCORED: dict[str, float] = {}
SCORED = {"given_name": 4.0}


@dataclass(frozen=True)
class Lake:
    """A second run over three people of whom nothing changed; the folder of models is empty."""

    evidence: DataFrame
    settings: Settings
    folder: Path

    @property
    def spark(self) -> SparkSession:
        return self.evidence.sparkSession

    @property
    def models(self) -> Path:
        return self.settings.linkage.models

    def build(self, table: str, edges: DataFrame) -> DataFrame:
        counted = [(column, ANY_OTHER, 1 / 3, 3) for column in NAMES]
        nothing = {
            spec.name: local_frame(self.spark, [], spec.ddl())
            for spec in (OVERSIZED_BLOCK, TOUCHED_RECORD, CLUSTER)
        }
        tables = nothing | {
            "linkage.record_evidence": self.evidence,
            "linkage.term_frequency": local_frame(self.spark, counted, TERM_FREQUENCY.ddl()),
        }
        step = next(s for s in all_steps(self.settings.sources) if s.table == table)
        return step.build(self._inputs(tables, tables | {"linkage.scored_edge": edges}))

    def _inputs(self, now: Mapping[str, DataFrame], last: Mapping[str, DataFrame]) -> Inputs:
        scratch = self.folder / "scratch"
        return Inputs(
            *(self.spark, self.settings, date(2026, 1, 6), "day-2", 2),
            *(scratch, scratch / "models", now, last),
        )

    def edges(
        self, *models: tuple[str, Mapping[str, float]], one_by_one: bool = False
    ) -> DataFrame:
        """An edge for each model, with what its comparisons weigh; of one release, or of one each."""
        known = {"match_weight": 5.0, "match_probability": 0.9, "join_margin": 1.0}
        known |= {"record_key_l": "a", "found_by": "group", "gammas": {}}
        rows = [
            known
            | {"record_key_r": f"b{n}", "model_version": version, "weights": w}
            | {"scored_in_release": 1 + n * one_by_one}
            for n, (version, w) in enumerate(models)
        ]
        names = SCORED_EDGE.column_names
        return local_frame(
            self.spark, [tuple(row.get(n) for n in names) for row in rows], SCORED_EDGE.ddl()
        )

    def save_model(self, *columns: str) -> None:
        shares = expected_parameters(self.settings.linkage, frozenset(columns))
        model = TrainedModel("0123456789ab", "none", columns, shares, 1e-4, 3.0, -3.0)
        save_model(model, self.models, "2026-01-05")


@pytest.fixture(scope="module")
def evidence(spark: SparkSession) -> DataFrame:
    settings = load_settings("test")
    decisions, people = local_frame(spark, [], DECISION_SCHEMA), local_frame(spark, ROWS, PEOPLE)
    secret = settings.lake.secret.get_secret_value()
    return guarded_evidence(people, decisions, settings.linkage, secret).persist()


@pytest.fixture
def lake(evidence: DataFrame, tmp_path: Path) -> Lake:
    models = {"linkage.models": str(tmp_path / "models")}
    return Lake(evidence, load_settings("test", overrides=models), tmp_path)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name.startswith("lakehouse")]


def test_a_column_that_the_model_knows_nothing_of_is_named_by_the_run_without_a_value(
    lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    lake.save_model(*NAMES)
    lake.build("linkage.touched_record", lake.edges(("0123456789ab", SCORED)))
    (told,) = warnings(caplog)
    assert "0123456789ab neither compares nor blocks on national_id," in told
    assert "hold for no pair without them (other_national_id)" in told
    assert "c360 train" in told
    assert "111" not in told


def test_a_model_that_knows_all_columns_is_not_warned_of(
    lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    lake.save_model(*NAMES, "national_id")
    lake.build("linkage.touched_record", lake.edges(("0123456789ab", SCORED)))
    assert not warnings(caplog)


def test_a_run_looks_at_every_record_if_no_model_has_scored_a_pair_yet(lake: Lake) -> None:
    def causes(edges: DataFrame) -> dict[str, str]:
        touched = lake.build("linkage.touched_record", edges)
        return {row.record_key: row.cause for row in touched.collect()}

    assert causes(lake.edges()) == dict.fromkeys("abc", "full")
    # Of a pair that a steward decided there is an edge without any comparison.
    assert causes(lake.edges(("blind", NOT_SCORED))) == dict.fromkeys("abc", "full")
    assert causes(lake.edges(("blind", NOT_SCORED), ("seeing", SCORED))) == {}


@pytest.fixture
def scores_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = local_frame(lake.spark, [], SCORED_EDGE.ddl())
    monkeypatch.setattr(wiring, "linkage_model", lambda *_: None)
    monkeypatch.setattr(wiring, "scored_edge", lambda *_, **__: nothing)


@pytest.mark.usefixtures("scores_nothing")
def test_a_model_that_is_gone_is_named_where_no_other_is_there(
    lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    released = lake.edges(("lost", SCORED), ("lost", SCORED), ("blind", NOT_SCORED))

    lake.build("linkage.scored_edge", lake.edges())
    lake.build("linkage.scored_edge", lake.edges(("blind", NOT_SCORED)))
    assert not warnings(caplog)

    lake.build("linkage.scored_edge", released)
    (told,) = warnings(caplog)
    assert f"scored by model lost, but {lake.models} holds no model any more" in told
    assert "until `c360 run --full-linkage`" in told


@pytest.mark.usefixtures("scores_nothing")
def test_a_model_that_is_gone_is_named_where_an_older_one_takes_its_place(
    lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    older = "0123456789ab"
    lake.save_model(*NAMES)
    lake.build(
        "linkage.scored_edge", lake.edges((older, SCORED), ("lost", SCORED), one_by_one=True)
    )
    (told,) = warnings(caplog)
    assert f"went by model lost, which {lake.models} does not hold any more" in told
    assert f"goes by 2026-01-05-{older}, the newest there" in told


@pytest.mark.usefixtures("scores_nothing")
def test_nothing_is_said_of_a_model_that_is_gone_since_another_has_scored(
    lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    there = "0123456789ab"
    lake.save_model(*NAMES)
    lake.build("linkage.scored_edge", lake.edges())
    lake.build(
        "linkage.scored_edge", lake.edges(("lost", SCORED), (there, SCORED), one_by_one=True)
    )
    lake.build(
        "linkage.scored_edge", lake.edges((there, SCORED), ("blind", NOT_SCORED), one_by_one=True)
    )
    assert not warnings(caplog)
