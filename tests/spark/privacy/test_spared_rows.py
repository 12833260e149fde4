"""Rows whose retention has passed stay while a hold is on the record that they are about."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.columns.keys import record_key
from lakehouse.pipeline import legal_holds
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.legal_holds import held_keys, spared, split_by_hold
from lakehouse.privacy.legal_hold import PLACED
from lakehouse.settings.erasure import ErasureSettings
from lakehouse.settings.load import load_settings
from lakehouse.storage.releases import Release
from lakehouse.tables.linkage import IDENTITY_MAP
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import ATTRIBUTE_OVERRIDE, LEGAL_HOLD, QUARANTINE
from lakehouse.tables.spec import TableSpec
from tests.support.lake import DAY_1, DAY_2

SETTINGS = load_settings("test")
SOURCES = tuple(s for s in SETTINGS.sources if s.name == "web_event")
ACCOUNT = tuple(s for s in SETTINGS.sources if s.name == "shop_account")
WEATHER = tuple(s for s in SETTINGS.sources if s.name == "weather_store")
BRONZE = SOURCES[0].bronze_table
SECRET = SETTINGS.lake.secret.get_secret_value()
AT = datetime(2026, 1, 5, tzinfo=UTC)
ATTEMPT = Attempt("retention", 0, DAY_1, "", None, Release(1, "day-1", {}))


def account(spark: SparkSession, number: str) -> str:
    key = record_key(SECRET, F.lit("shop"), F.lit("account"), F.lit(number))
    return str(spark.range(1).select(key.alias("key")).collect()[0].key)


def lake_with(spark: SparkSession, frames: dict[str, Any]) -> Lake:
    def frame(spec: TableSpec) -> Any:
        told = [tuple(r.get(c) for c in spec.column_names) for r in frames.get(spec.name, ())]
        return local_frame(spark, told, spec.ddl().replace(" not null", ""))

    specs = {s.name: s for s in (BRONZE, ACCOUNT[0].bronze_table, IDENTITY_MAP)}
    lake = SimpleNamespace(
        spark=spark,
        settings=SETTINGS.model_copy(update={"sources": (*SOURCES, *ACCOUNT, *WEATHER)}),
        logged=frame,
        read_at=lambda table, version: frame(specs[table]),
        released=lambda release, table: frame(specs[table]),
    )
    return cast(Lake, lake)


@pytest.fixture
def lake(spark: SparkSession) -> Lake:
    """A hold is on account A1, whose customer is c1, through the fifth of January."""
    held = account(spark, "A1")
    hold = {"hold_id": "h1", "record_key": held, "step": PLACED, "reason": "case 7"}
    hold |= {"held_until": DAY_1, "said_by": "counsel", "said_at": AT}
    clicks = [
        {"event_id": "e1", "account_id": "A1", "source_file": "f", "source_row_number": 1},
        {"event_id": "e2", "account_id": "A2", "source_file": "f", "source_row_number": 2},
    ]
    return lake_with(
        spark,
        {
            LEGAL_HOLD.name: [hold],
            BRONZE.name: [{**click, "file_hash": "h"} for click in clicks],
            IDENTITY_MAP.name: [{"record_key": held, "customer_id": "c1"}],
        },
    )


def test_an_old_event_of_a_held_record_stays_and_another_goes(
    spark: SparkSession, lake: Lake
) -> None:
    old = lake.read_at(BRONZE.name, 1).select("source_file", "file_hash", "source_row_number")

    goes = spared(lake, ATTEMPT, BRONZE, old, held_keys(lake, ATTEMPT, DAY_1))
    later = spared(lake, ATTEMPT, BRONZE, old, held_keys(lake, ATTEMPT, DAY_2))

    assert [row.source_row_number for row in goes.collect()] == [2]
    assert sorted(row.source_row_number for row in later.collect()) == [1, 2]


def test_an_old_decision_about_a_held_record_stays_and_another_goes(
    spark: SparkSession, lake: Lake
) -> None:
    keys = (account(spark, "A1"), account(spark, "A2"))
    told = [{"record_key": key, "attribute_group": "name", "decided_at": AT} for key in keys]
    spec = ATTRIBUTE_OVERRIDE
    rows = [tuple(r.get(c) for c in spec.column_names) for r in told]
    old = local_frame(spark, rows, spec.ddl().replace(" not null", ""))

    goes = spared(lake, ATTEMPT, spec, old, held_keys(lake, ATTEMPT, DAY_1))

    assert [row.record_key for row in goes.collect()] == [keys[1]]


def test_held_rows_that_name_nobody_stay_while_anybody_is_under_a_hold(
    spark: SparkSession, lake: Lake
) -> None:
    found = [
        ("malformed, of accounts", None, "shop_account", "a.jsonl"),
        ("malformed, of weather", None, "weather_store", "w.csv"),
        ("of a feed that conf no longer has", None, "fax", "f.txt"),
        ("of A1", account(spark, "A1"), "shop_account", None),
        ("of A2", account(spark, "A2"), "shop_account", None),
    ]
    columns = ("run_id", "record_key", "source_feed", "source_file")
    told = [dict(zip(columns, row, strict=True)) for row in found]
    rows = [tuple(row.get(c) for c in QUARANTINE.column_names) for row in told]
    old = local_frame(spark, rows, QUARANTINE.ddl().replace(" not null", ""))

    goes = spared(lake, ATTEMPT, QUARANTINE, old, held_keys(lake, ATTEMPT, DAY_1))
    later = spared(lake, ATTEMPT, QUARANTINE, old, held_keys(lake, ATTEMPT, DAY_2))

    assert {row.run_id for row in goes.collect()} == {"malformed, of weather", "of A2"}
    assert later.count() == len(found)


def test_a_hold_is_read_from_its_log(lake: Lake) -> None:
    (hold,) = legal_holds.holds_on(lake, DAY_1)
    assert (hold.hold_id, hold.reason) == ("h1", "case 7")
    assert legal_holds.holds_on(lake, DAY_2) == []


def test_a_person_record_of_a_feed_under_a_hold_is_left_out_of_an_erasure(
    spark: SparkSession,
) -> None:
    feed = ACCOUNT[0]
    told = {"account_id": "A1", "source_file": "f", "file_hash": "h", "source_row_number": 1}
    made = vars(lake_with(spark, {feed.bronze_table.name: [told]}))
    made |= {"release": lambda: ATTEMPT.base}
    under_hold = ErasureSettings(holds={feed.name: "accounting, 10 years", "web_event": "case 7"})
    hers, of_another_feed = account(spark, "A1"), account(spark, "A2")

    settings = made["settings"].model_copy(update={"erasure": under_hold})
    held_lake = SimpleNamespace(**{**made, "settings": settings})
    keys = [hers, of_another_feed]

    assert split_by_hold(cast(Lake, SimpleNamespace(**made)), keys, DAY_1) == (keys, {})
    free, held = split_by_hold(cast(Lake, held_lake), keys, DAY_1)

    assert free == [of_another_feed]
    assert held == {"of feed shop_account": {"records": 1, "reason": "accounting, 10 years"}}
