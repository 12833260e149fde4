"""A customer who lives on by other records: what was told of the erased one beside them goes too."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.forgetting import Forgetting
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.subject_rows import held_rows_of
from lakehouse.privacy.erasure_marks import naming, value_marks
from lakehouse.settings.load import load_settings
from lakehouse.storage.releases import Release
from lakehouse.tables.erasure import ERASURE_MARK, SUPPRESSION
from lakehouse.tables.linkage import IDENTITY_MAP
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import LANDING_FILE, QUARANTINE
from tests.support.lake import DAY_1

PRODUCT = "serve.marketing_customer"
AT = datetime(2026, 1, 5, tzinfo=UTC)
RECORDS = {"erased": "lives-on", "kept": "lives-on", "alone": "gone", "other": "another"}
"""By record, its customer."""


def known(spark: SparkSession) -> DataFrame:
    rows = [
        tuple(
            {"record_key": record, "customer_id": customer, "valid_from": AT}.get(name)
            for name in IDENTITY_MAP.column_names
        )
        for record, customer in RECORDS.items()
    ]
    return local_frame(spark, rows, IDENTITY_MAP.ddl().replace(" not null", ""))


def held(table: str, customer: str) -> tuple[object, ...]:
    """A row that the gate of a table held, about a customer."""
    payload = json.dumps({"customer_id": customer, "email": "ann@example.org"}).encode()
    told = {"run_id": "day-1", "table_name": table, "payload": payload, "quarantined_at": AT}
    return tuple({**told, "reasons": ["broken"]}.get(name) for name in QUARANTINE.column_names)


@pytest.fixture
def forgetting(spark: SparkSession) -> Forgetting:
    """An erasure of two records: one customer has another record too, one has none."""
    marks = [
        *(("e1", "record", key) for key in ("erased", "alone")),
        ("e1", "customer", "gone"),
    ]
    quarantine = [
        *(held(PRODUCT, customer) for customer in ("lives-on", "gone", "another")),
        held("gold.customer", "lives-on"),
    ]
    frames = {
        ERASURE_MARK.name: local_frame(spark, marks, ERASURE_MARK.ddl()),
        SUPPRESSION.name: local_frame(spark, [], SUPPRESSION.ddl()),
        IDENTITY_MAP.name: known(spark),
        LANDING_FILE.name: local_frame(spark, [], LANDING_FILE.ddl()),
        QUARANTINE.name: local_frame(spark, quarantine, QUARANTINE.ddl().replace(" not null", "")),
    }
    lake = SimpleNamespace(
        spark=spark,
        settings=load_settings("test").model_copy(update={"sources": ()}),
        logged=lambda spec: frames[spec.name],
        read_at=lambda table, version: frames[table],
        released=lambda release, table: frames[table],
    )
    return Forgetting(cast(Lake, lake), ["e1"])


ATTEMPT = Attempt("erase-1", 2, DAY_1, "", None, Release(1, "day-1", {}))


def test_a_product_that_its_gate_stops_keeps_no_row_of_a_customer_of_whom_a_record_is_erased(
    spark: SparkSession, forgetting: Forgetting
) -> None:
    last = local_frame(
        spark,
        [("lives-on", "a@x"), ("gone", "b@x"), ("another", "c@x")],
        "customer_id string, email string",
    )

    kept = forgetting.without(PRODUCT, last, ATTEMPT)

    assert [row.customer_id for row in kept.collect()] == ["another"]


def test_a_table_that_tells_by_record_who_said_what_goes_on_of_who_lives_on(
    spark: SparkSession, forgetting: Forgetting
) -> None:
    last = local_frame(spark, [("lives-on",), ("gone",)], "customer_id string")

    kept = forgetting.without("gold.customer_history", last, ATTEMPT)

    assert [row.customer_id for row in kept.collect()] == ["lives-on"]


def test_a_held_row_of_a_customer_of_whom_a_record_is_erased_is_deleted(
    forgetting: Forgetting,
) -> None:
    nothing = local_frame(forgetting.lake.spark, (), "mark string")

    found = held_rows_of(forgetting.lake, ATTEMPT, ["e1"], forgetting.told_of(ATTEMPT), nothing)

    told = [
        (row.table_name, json.loads(row.payload)["customer_id"]) for row in found.rows.collect()
    ]
    assert sorted(told) == [
        ("gold.customer", "lives-on"),
        (PRODUCT, "gone"),
        (PRODUCT, "lives-on"),
    ]


HERS = ("schillerstraße 118", "0151 14489455", "ck3485492253")
CUT_OFF = {
    "cell of a line": "7;Anna;Schillerstraße 118;Düsseldorf".encode(),
    "cell in no UTF-8": "7;Anna;0151 14489455;Düsseldorf".encode("latin-1"),
    "text of an object": b'{"event": "visit", "cookie_id": "CK3485492253", "device_',
    "part of a word": b"https://example.org/?c=ck3485492253&x=1",
    "another's": "8;Otto;Schillerstraße 11;0151 1448945;ck34854922530".encode(),
    "nothing": b"",
}
"""Records that could not be cut, by where in them a value of hers stands."""


def test_a_record_that_could_not_be_cut_is_hers_by_a_value_that_only_she_has(
    spark: SparkSession,
) -> None:
    values = local_frame(spark, [(value,) for value in HERS], "value string")
    records = local_frame(spark, list(CUT_OFF.items()), "name string, payload binary")

    found = naming(records, value_marks(values, "secret"), "secret")

    hers = {*CUT_OFF} - {"another's", "nothing"}
    assert sorted({row.name for row in found.collect()}) == sorted(hers)
    assert naming(records, value_marks(values, "other"), "secret").isEmpty()


def test_linkage_is_told_no_decision_that_names_an_erased_record(
    spark: SparkSession, forgetting: Forgetting
) -> None:
    decided = [
        ("erased", "other", "same"),
        ("kept", "alone", "different"),
        ("kept", "other", "same"),
    ]
    log = local_frame(spark, decided, "record_key_l string, record_key_r string, decision string")
    runs = local_frame(spark, [("day-1",)], "run_id string")

    assert [tuple(row) for row in forgetting.without_decisions(log).collect()] == decided[2:]
    assert forgetting.without_decisions(runs).collect() == runs.collect()
