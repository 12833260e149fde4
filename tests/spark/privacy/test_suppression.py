"""Records of an erased person are known again: by their id, by whom they refer to, by an identifier."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.columns.keys import record_key
from lakehouse.errors import NotFoundError
from lakehouse.pipeline import suppression
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.suppression import records_told, suppressed_rows
from lakehouse.privacy.suppression import (
    EMAIL,
    LIFTED,
    RECORD,
    SUPPRESSED,
    email_hash,
    identifier_hashes,
    record_hash,
    standing,
)
from lakehouse.settings.erasure import ErasureSettings
from lakehouse.settings.load import load_settings
from lakehouse.silver.row_links import orders_of, people_told, row_links, rows_of
from lakehouse.storage.releases import Release
from lakehouse.tables.erasure import SUPPRESSION
from lakehouse.tables.local_frame import local_frame
from tests.support.lake import DAY_1

SETTINGS = load_settings("test")
SECRET = SETTINGS.lake.secret.get_secret_value()
SOURCES = {source.name: source for source in SETTINGS.sources}
PLACE = ["source_row_number"]
ATTEMPT = Attempt("day-2", 2, DAY_1, "", None, Release(1, "day-1", {}))


def account(number: str) -> Column:
    return record_key(SECRET, F.lit("shop"), F.lit("account"), F.lit(number))


def lake_with(spark: SparkSession, *known: str, **erasure: Any) -> Lake:
    """A lake whose release knows these accounts, under these settings of erasure."""
    keys = [F.struct(account(number).alias("record_key")) for number in known]
    found = F.array(*keys) if keys else F.array().cast("array<struct<record_key:string>>")
    identity_map = spark.range(1).select(F.inline(found))
    settings = SETTINGS.model_copy(update={"erasure": ErasureSettings(**erasure)})
    lake = SimpleNamespace(settings=settings, released=lambda release, table: identity_map)
    return cast(Lake, lake)


def records(spark: SparkSession, feed: str, *rows: dict[str, Any]) -> DataFrame:
    """What `parsed` gives of these records, numbered from 1; those of a `payload` could not be cut."""
    names = [column.name for column in SOURCES[feed].columns]
    ddl = ", ".join(f"`{name}` string" for name in names)
    filled = []
    for number, row in enumerate(rows, start=1):
        reason = "invalid_json" if "payload" in row else None
        place = ("f", "h", number, reason, row.get("payload"))
        filled.append((*place, *(row.get(name) for name in names)))
    head = "source_file string, file_hash string, source_row_number bigint"
    return local_frame(spark, filled, f"{head}, reason string, payload binary, {ddl}")


@pytest.fixture(scope="module")
def suppressed(spark: SparkSession) -> DataFrame:
    """Account A1 is suppressed, and so is an address that was hers alone."""
    said = [(RECORD, "A1"), (EMAIL, "Ann@Example.org")]
    key = record_key(SECRET, F.lit("shop"), F.lit("account"), F.col("id"))
    is_record = F.col("kind") == RECORD
    hashed = F.when(is_record, record_hash(key, SECRET)).otherwise(email_hash(F.col("id"), SECRET))
    frame = local_frame(spark, said, "kind string, id string")
    return frame.select("kind", hashed.alias("value_hash"), F.lit("e1").alias("erasure_id"))


def stopped(
    feed: str, frame: DataFrame, suppressed: DataFrame, lake: Lake | None = None
) -> list[int]:
    where = lake or lake_with(frame.sparkSession)
    found = suppressed_rows(where, ATTEMPT, SOURCES[feed], frame, suppressed)
    return sorted(row.source_row_number for row in found.collect())


def test_her_record_comes_neither_under_its_id_nor_under_a_new_one_nor_cut_off(
    spark: SparkSession, suppressed: DataFrame
) -> None:
    accounts = records(
        spark,
        "shop_account",
        {"account_id": "A1", "email": "new@example.org"},
        {"account_id": "A2", "email": "ANN@example.org "},
        {"account_id": "A3", "email": "eve@example.org"},
        {"payload": b'{"account_id":"A4","email":"ann@example.org", cut'},
        {"payload": b'{"account_id":"A5","email":"eve@example.org", cut'},
    )
    assert stopped("shop_account", accounts, suppressed) == [1, 2, 4]


def test_a_number_of_hers_without_a_country_brings_nobody_back_either(spark: SparkSession) -> None:
    feed = SOURCES["crm_contact"]
    hers = records(
        spark, feed.name, {"contact_id": "C1", "phone": "01632 960001", "phone_2": "01632 960002"}
    )
    people = people_told(hers, feed, SECRET, PLACE, ATTEMPT.as_of)
    hashes = identifier_hashes(people, SECRET).withColumn("erasure_id", F.lit("e1"))
    contacts = records(
        spark,
        feed.name,
        {"contact_id": "C2", "phone": "01632-960001"},
        {"contact_id": "C3", "phone_2": "01632 960002"},
        {"contact_id": "C4", "phone": "01632 960003"},
    )
    assert stopped(feed.name, contacts, hashes) == [1, 2]


def test_who_was_known_before_and_has_her_address_now_comes_in_and_is_not_suppressed(
    spark: SparkSession, suppressed: DataFrame
) -> None:
    lake = lake_with(spark, "A1", "A7")
    accounts = records(
        spark,
        "shop_account",
        {"account_id": "A1", "email": "new@example.org"},
        {"account_id": "A7", "email": "ann@example.org"},
        {"account_id": "A8", "email": "ann@example.org"},
    )
    assert stopped("shop_account", accounts, suppressed, lake) == [1, 3]

    told = records_told(lake, ATTEMPT, SOURCES["shop_account"], accounts, suppressed)

    (hers,) = spark.range(1).select(record_hash(account("A8"), SECRET).alias("hash")).collect()
    assert [row.value_hash for row in told.collect()] == [hers.hash]


def test_what_a_feed_under_a_hold_tells_of_her_comes_in(
    spark: SparkSession, suppressed: DataFrame
) -> None:
    orders = records(spark, "shop_order", {"order_id": "W1", "account_id": "A1", "lines": "[]"})
    accounts = records(
        spark, "shop_account", {"account_id": "A1"}, {"payload": b"A1,ann@example.org"}
    )
    lake = lake_with(spark, holds={"shop_order": "accounting", "shop_account": "accounting"})

    assert stopped("shop_order", orders, suppressed) == [1]
    assert stopped("shop_order", orders, suppressed, lake) == []
    assert stopped("shop_account", accounts, suppressed, lake) == []


def test_in_a_record_that_cannot_be_cut_a_number_is_nobody_s_id(spark: SparkSession) -> None:
    ids = spark.range(1).select(F.explode(F.array(account("10023"), account("C10023"))))
    hashes = ids.select(
        F.lit(RECORD).alias("kind"),
        record_hash(F.col("col"), SECRET).alias("value_hash"),
        F.lit("e1").alias("erasure_id"),
    )
    accounts = records(
        spark,
        "shop_account",
        {"payload": b"A9,eve@example.org,New York,10023,too,many"},
        {"payload": b"C10023,Ann,too,many"},
    )
    assert stopped("shop_account", accounts, hashes) == [2]


def test_what_refers_to_her_does_not_come_and_what_is_another_s_does(
    spark: SparkSession, suppressed: DataFrame
) -> None:
    orders = records(
        spark,
        "shop_order",
        {"order_id": "W1", "account_id": "A1", "lines": "[]"},
        {"order_id": "W2", "account_id": "A2", "lines": '[{"line_no": 1}]'},
        {"order_id": "W3"},
    )
    assert stopped("shop_order", orders, suppressed) == [1]


def test_a_payment_is_the_payer_s_and_without_one_that_of_whose_order_it_is(
    spark: SparkSession,
) -> None:
    def key(entity: str, text: str) -> Any:
        return record_key(SECRET, F.lit("shop"), F.lit(entity), F.lit(text))

    keys = spark.range(1).select(F.explode(F.array(key("account", "A1"), key("order", "W1"))))
    payments = records(
        spark,
        "payment_transaction",
        {"payment_id": "P1", "payer_system": "shop", "payer_id": "A1", "channel": "shop", "order_id": "W9"},
        {"payment_id": "P2", "channel": "shop", "order_id": "W1"},
        {"payment_id": "P3", "payer_system": "shop", "payer_id": "A2", "channel": "shop", "order_id": "W1"},
    )  # fmt: skip
    source = SOURCES["payment_transaction"]
    links = row_links(payments, source, SETTINGS.sources, SECRET, PLACE)
    rows = rows_of(links, keys.withColumnRenamed("col", "key"), PLACE).collect()
    assert {row.source_row_number: row.is_theirs for row in rows} == {1: True, 2: True, 3: False}


def test_an_order_that_was_another_s_in_some_version_is_not_hers_alone(spark: SparkSession) -> None:
    orders = records(
        spark,
        "shop_order",
        {"order_id": "W1", "account_id": "A1"},
        {"order_id": "W2", "account_id": "A1"},
        {"order_id": "W2", "account_id": "A2"},
    )
    source = SOURCES["shop_order"]
    links = row_links(orders, source, SETTINGS.sources, SECRET, PLACE)
    people = links.where(F.col("source_row_number") == 1).select(
        F.col("person_record_key").alias("key")
    )
    hers = links.where(F.col("source_row_number") == 1).select("record_key").collect()
    assert {row.key for row in orders_of(links, people).collect()} == {hers[0].record_key}


def test_the_newest_word_on_an_identifier_holds(spark: SparkSession) -> None:
    def at(hour: int) -> datetime:
        return datetime(2026, 1, 5, hour, tzinfo=UTC)

    log = local_frame(
        spark,
        [
            ("e1", EMAIL, "x", SUPPRESSED, at(1)),
            ("e1", EMAIL, "x", LIFTED, at(2)),
            ("e1", EMAIL, "y", LIFTED, at(1)),
            ("e2", EMAIL, "y", SUPPRESSED, at(2)),
        ],
        "erasure_id string, kind string, value_hash string, state string, recorded_at timestamp",
    )
    assert [tuple(row) for row in standing(log).collect()] == [(EMAIL, "y", "e2")]


def test_what_two_erasures_suppress_is_lifted_when_both_are(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    ddl = SUPPRESSION.ddl()
    at = datetime(2026, 1, 5, tzinfo=UTC)
    said = [("e1", "x"), ("e1", "shared"), ("e2", "shared")]
    log = [local_frame(spark, [(e, EMAIL, v, SUPPRESSED, at) for e, v in said], ddl)]
    audited: list[Any] = []
    monkeypatch.setattr(
        suppression.audit,
        "record",
        lambda _, **told: audited.append((told["reason"], told["count"])),
    )

    def write(rows: DataFrame, *_: object) -> None:
        log[0] = log[0].unionByName(local_frame(spark, rows.collect(), ddl))

    tables = SimpleNamespace(write=write, version=lambda table: 1)
    lake = cast(Lake, SimpleNamespace(settings=SETTINGS, logged=lambda _: log[0], tables=tables))

    assert suppression.lift(lake, "e1") == 1
    assert [tuple(row) for row in standing(log[0]).collect()] == [(EMAIL, "shared", "e2")]
    assert suppression.suppression_list(lake) == [("e2", EMAIL, 1)]
    with pytest.raises(NotFoundError):
        suppression.lift(lake, "e1")

    assert suppression.lift(lake, "e2") == 1
    assert standing(log[0]).isEmpty()
    assert audited == [("e1", 1), ("e2", 1)]
