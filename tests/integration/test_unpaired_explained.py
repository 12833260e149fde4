"""Why two records have no pair is told by the models that scored a release, not by the newest file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.linkage.artefact import save_model
from lakehouse.linkage.blocking import rule_name
from lakehouse.linkage.frequency import ANY_OTHER
from lakehouse.linkage.model import TrainedModel, expected_parameters
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline.explanations import pair_explained
from lakehouse.pipeline.lake import Lake
from lakehouse.tables import linkage as specs
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import RELEASE, RUN
from lakehouse.tables.spec import TableSpec
from tests.support.lake import DAY_1, small_lake_at

SHARED_KEY = 7
NAMES = ("given_name_match", "given_name_root", "given_name_sound")
SAID: Mapping[str, Mapping[str, str]] = {
    "a": dict.fromkeys(NAMES, "anna") | {"family_name_match": "abel", "email_match": "x@y.org"},
    "b": dict.fromkeys(NAMES, "bruno") | {"family_name_match": "bauer", "email_match": "x@y.org"},
}
NEVER = "never compared, as the model does not use the blocking rules"
BELOW = "compared, and their pair lies below what is kept"
UNSURE = "used by one model of this release and not by another"
UNKNOWN = "by which blocking rules pairs were looked for cannot be told any more"


def model(version: str, *unused: str) -> TrainedModel:
    return TrainedModel(version, "conf", ("email_match",), {}, 0.001, 3.0, 1.0, {}, unused)


def table(
    lake: Lake, attempt: attempts.Attempt, spec: TableSpec, rows: Sequence[Mapping[str, object]]
) -> int:
    """The version of the table with these rows, null in what they do not say."""
    values = [tuple(row.get(name) for name in spec.column_names) for row in rows]
    frame = local_frame(lake.spark, values, spec.ddl().replace(" not null", ""))
    return lake.tables.write(frame, spec, attempt.key(spec.name))


def fitting_model(version: str, lake: Lake) -> TrainedModel:
    """A model of what is expected of names and e-mails, by which hardly anybody joins."""
    shares = expected_parameters(lake.settings.linkage, frozenset(SAID["a"]))
    return TrainedModel(version, "conf", tuple(SAID["a"]), shares, 0.001, 30.0, 24.0)


def release(
    lake: Lake, run_id: str, scored_by: Sequence[str], *, decided: str | None = None
) -> None:
    """A release of a and b, who share their e-mail's block, and of other pairs, scored by these models.

    `decided`: what a steward said of a and b.
    """
    keys = [
        SHARED_KEY if rule == ("email_match",) else None for rule in lake.settings.linkage.blocking
    ]
    people = [{"record_key": key, "customer_id": key.upper()} for key in "ab"]
    said = {"a": {"b": decided}, "b": {"a": decided}} if decided else {}
    pairs = [{"record_key_l": "c", "record_key_r": v, "model_version": v} for v in scored_by]
    attempt = attempts.begin(lake, run_id, DAY_1)
    rows: dict[TableSpec, Sequence[Mapping[str, object]]] = {
        specs.IDENTITY_MAP: [{**row, "valid_from": None} for row in people],
        specs.CLUSTER: [{**row, "component_id": row["record_key"]} for row in people],
        specs.RECORD_EVIDENCE: [
            {
                "record_key": key,
                "evidence": SAID[key],
                "block_keys": keys,
                "overrides": said.get(key),
            }
            for key in "ab"
        ],
        specs.TERM_FREQUENCY: [
            {"column_name": name, "value_hash": ANY_OTHER, "share": 0.1, "value_count": 10}
            for name in SAID["a"]
        ],
        specs.SCORED_EDGE: pairs,
    }
    versions = {spec.name: table(lake, attempt, spec, told) for spec, told in rows.items()}
    attempts.release(lake, attempt, versions)
    attempts.settle(lake, attempt)


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake of five releases.

    The first is scored by a model that does not use the rule by e-mail; in the second an increment goes by
    one that does, in the third a full run. Before the fourth a steward says that a and b are two people. The
    fifth is scored by a model that fits conf. Another, trained since, does not use the rule again.
    """
    home = tmp_path_factory.mktemp("unpaired")
    tables = {
        spec.name: spec
        for spec in (
            *(RUN, RELEASE, specs.IDENTITY_MAP, specs.CLUSTER, specs.RECORD_EVIDENCE),
            *(specs.OVERSIZED_BLOCK, specs.SCORED_EDGE, specs.TERM_FREQUENCY),
        )
    }
    made = replace(small_lake_at(home, home).lake, specs=tables)
    models = made.settings.linkage.models
    by_email = rule_name(["email_match"])
    save_model(model("narrow", by_email), models, "2026-01-01")
    release(made, "day-1", ["narrow"])
    save_model(model("wide"), models, "2026-01-02")
    release(made, "day-2", ["narrow", "wide"])
    release(made, "full-day-3", ["wide"])
    release(made, "day-4", ["wide"], decided="different")
    save_model(fitting_model("fitting", made), models, "2026-01-02")
    release(made, "day-5", ["fitting"])
    save_model(model("newest", by_email), models, "2026-01-03")
    return made


def reason(lake: Lake, number: int) -> str:
    found = pair_explained(lake, "a", "b", attempts.kept_release(lake, number))
    return found.report.lines[0]


@pytest.mark.parametrize(("number", "told"), [(1, NEVER), (2, UNSURE), (3, BELOW)])
def test_a_pair_that_was_not_found_is_explained_by_the_models_of_its_release(
    lake: Lake, number: int, told: str
) -> None:
    assert told in reason(lake, number)


def test_a_decision_about_two_who_have_no_pair_is_told_first(lake: Lake) -> None:
    told = reason(lake, 4)
    assert "two customers, A and B: a steward decided that they are different." in told


def test_of_a_pair_that_was_compared_and_dropped_the_numbers_that_decided_are_told(
    lake: Lake,
) -> None:
    found = pair_explained(lake, "a", "b", attempts.kept_release(lake, 5))
    assert BELOW in found.report.lines[0]
    (pair,) = found.report.grids
    assert pair.columns[2] == "when it was dropped"
    told = {row[0]: row[2] for row in pair.rows}
    assert told["email"] > 0 > told["given_name"]
    assert told["above what is asked"] < 0
    assert [p.model_version for p in found.pairs] == ["fitting"]


def test_where_the_file_of_a_model_is_gone_nothing_is_said_of_rules(
    lake: Lake, tmp_path: Path
) -> None:
    (file,) = Path(lake.settings.linkage.models).glob("*-narrow.json")
    file.rename(tmp_path / file.name)
    try:
        assert UNKNOWN in reason(lake, 1)
        assert UNKNOWN in reason(lake, 2)
        assert BELOW in reason(lake, 3)
    finally:
        (tmp_path / file.name).rename(file)
