"""What a steward decides of a customer's attributes is kept in standard form, and never told."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import InputError, NotFoundError
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline.attribute_stewardship import (
    attribute_overrides,
    attribute_values,
    set_attributes,
    withdraw_attributes,
)
from lakehouse.pipeline.data_keys import drop_unused_keys
from lakehouse.pipeline.lake import Lake
from lakehouse.storage.plain_log import PlainLog
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import ATTRIBUTE_OVERRIDE, RELEASE, RUN
from lakehouse.tables.silver import PERSON_RECORD
from tests.support.independent_scan import traces
from tests.support.lake import DAY_1, small_lake_at

MARIA = {"by": "maria", "reason": "spoke to her"}
ENCRYPTS = {"lake.encryption.at_rest": "true"}


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake of four tables that encrypts: of two person records, a and b, with nothing but a key."""
    # As conf has it: by default vacuum starts 10,000 tasks to list one folder.
    spark.conf.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", "8")
    home = tmp_path_factory.mktemp("attribute-stewardship")
    tables = {spec.name: spec for spec in (RUN, RELEASE, ATTRIBUTE_OVERRIDE, PERSON_RECORD)}
    made = replace(small_lake_at(home, home, **ENCRYPTS).lake, specs=tables)
    rows = [
        (*(k if c == "record_key" else None for c in PERSON_RECORD.column_names),) for k in "ab"
    ]
    nullable = PERSON_RECORD.ddl().replace(" not null", "")
    attempt = attempts.begin(made, "day-1", DAY_1)
    key = attempt.key(PERSON_RECORD.name)
    version = made.tables.write(local_frame(spark, rows, nullable), PERSON_RECORD, key)
    attempts.release(made, attempt, {PERSON_RECORD.name: version})
    return made


def held(lake: Lake) -> dict[tuple[str, str], dict[str, str]]:
    found = attribute_overrides(lake).collect()
    return {(row.record_key, row.attribute_group): row["values"] for row in found}


def test_a_decision_holds_in_standard_form_until_it_is_withdrawn(lake: Lake) -> None:
    typed = attribute_values("given_name = Ann\n\nfamily_name=  Lee\n")
    assert set_attributes(lake, "a", "name", typed, **MARIA) == (
        "given_name",
        "family_name",
        "full_name",
    )
    set_attributes(lake, "b", "phone", {"phone": "+44 1632 960001"}, **MARIA)
    assert held(lake) == {
        ("a", "name"): {"given_name": "Ann", "family_name": "Lee", "full_name": "Ann Lee"},
        ("b", "phone"): {"phone": "+441632960001"},
    }
    set_attributes(lake, "b", "phone", {"phone": "+44 1632 960002"}, **MARIA)
    assert held(lake)["b", "phone"] == {"phone": "+441632960002"}
    withdraw_attributes(lake, "b", "phone", by="jo", reason="not sure")
    assert set(held(lake)) == {("a", "name")}
    with pytest.raises(NotFoundError, match="No decision by record b about the group phone"):
        withdraw_attributes(lake, "b", "phone", **MARIA)
    assert lake.tables.read(ATTRIBUTE_OVERRIDE.name).count() == 4


def test_what_cannot_be_is_refused_and_not_repeated(lake: Lake) -> None:
    before = held(lake)
    with pytest.raises(InputError, match="no group of attributes 'shoes'"):
        set_attributes(lake, "a", "shoes", {"size": "9"}, **MARIA)
    with pytest.raises(InputError, match="1 of 2 values are of no attribute of the group email"):
        set_attributes(lake, "a", "email", {"email": "a@example.org", "Ann": "x"}, **MARIA)
    with pytest.raises(InputError, match="no attribute of the group email"):
        set_attributes(lake, "a", "email", {}, **MARIA)
    with pytest.raises(InputError, match="is no birth_date") as refused:
        set_attributes(lake, "a", "birth_date", {"birth_date": "31.02.1980"}, **MARIA)
    assert "1980" not in str(refused.value)
    with pytest.raises(InputError, match="Line 2 of the values") as refused:
        attribute_values("city=Leeds\nAnn Lee\n")
    assert "Ann" not in str(refused.value)
    with pytest.raises(InputError, match="who made it and why"):
        set_attributes(lake, "a", "email", {"email": "a@example.org"}, by=" ", reason="x")
    with pytest.raises(NotFoundError, match="No person record x"):
        set_attributes(lake, "x", "email", {"email": "a@example.org"}, **MARIA)
    assert held(lake) == before


def test_values_and_reasons_stay_out_of_deltas_log_and_outlive_a_run_that_is_rolled_back(
    lake: Lake,
) -> None:
    set_attributes(lake, "a", "email", {"email": "Secret@Example.org"}, **MARIA)
    before = held(lake)
    assert before["a", "email"] == {"email": "secret@example.org"}
    attempts.fail(lake, attempts.begin(lake, "failing", DAY_1), "C360-030")
    assert held(lake) == before
    log = Path(lake.settings.lake.root) / "ops" / "attribute_override" / "_delta_log"
    told = b"".join(path.read_bytes() for path in log.glob("*.json")).lower()
    assert told
    assert not [word for word in (b"secret@example", b"maria", b"spoke to her") if word in told]
    assert traces(Path(lake.settings.lake.root), ["secret@example.org", "spoke to her"]) == {}
    plain = PlainLog(lake.settings.lake, ATTRIBUTE_OVERRIDE)
    told_plainly = [row["values"] for row in plain.rows() if row["attribute_group"] == "email"]
    assert told_plainly == [{"email": "secret@example.org"}]
    # Of all keys that were made each is of a row that is there.
    assert drop_unused_keys(lake)[ATTRIBUTE_OVERRIDE.name] == 0
    assert held(lake) == before
    # What delta-rs has written Spark reads, and drops the key of.
    letter: dict[str, Any] = {
        "record_key": "b",
        "attribute_group": "email",
        "values": {"email": "b@example.org"},
    }
    said = {"decision": "set", "decided_by": "sam", "reason": "a letter"}
    plain.append([{**letter, **said, "decided_at": datetime.now(UTC)}])
    assert held(lake) == before | {("b", "email"): letter["values"]}
    gone = local_frame(lake.spark, [("b", "email")], "record_key string, attribute_group string")
    lake.tables.delete(ATTRIBUTE_OVERRIDE, gone)
    assert drop_unused_keys(lake)[ATTRIBUTE_OVERRIDE.name] == 1
    (row,) = attribute_overrides(lake).where("attribute_group = 'email'").collect()
    assert row.decided_at.astimezone(UTC) <= datetime.now(UTC)
