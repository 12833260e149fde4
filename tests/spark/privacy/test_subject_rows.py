"""What is a person's beyond her records: orders, visits before she logged in, and what is held of her."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.columns.keys import record_key
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.subject_rows import bronze_rows, held_rows_of, keys_of
from lakehouse.privacy.suppression import EMAIL, RECORD, SUPPRESSED, email_hash, record_hash
from lakehouse.settings.load import load_settings
from lakehouse.storage.releases import Release
from lakehouse.tables.erasure import SUPPRESSION
from lakehouse.tables.gold import CUSTOMER_RECOMMENDATION, CUSTOMER_WEB_SESSION
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import LANDING_FILE, QUARANTINE
from lakehouse.tables.silver import RECOMMENDATION, WEB_EVENT
from lakehouse.tables.spec import TableSpec
from tests.support.lake import DAY_1

FEED = "web_recommendation"
SETTINGS = load_settings("test")
SOURCES = tuple(s for s in SETTINGS.sources if s.name in (FEED, "shop_account"))
BRONZE = next(s.bronze_table for s in SOURCES if s.name == FEED)


def rows(spark: SparkSession, spec: TableSpec, *told: dict[str, Any]) -> DataFrame:
    """A frame of the table in which only these values are said."""
    ddl = spec.ddl().replace(" not null", "")
    return local_frame(spark, [tuple(r.get(c) for c in spec.column_names) for r in told], ddl)


def shown(event: str, listed: str, row: int, account: str | None = None) -> dict[str, Any]:
    """An event of a recommended list, as bronze has it."""
    told = {"event_id": event, "list_id": listed, "account_id": account, "items": "[]"}
    return {**told, "source_file": "f", "file_hash": "h", "source_row_number": row}


def of_product(event: str, listed: str, product: str, person: str | None) -> dict[str, Any]:
    """One product of such an event, as silver has it."""
    told = {"event_id": event, "list_id": listed, "product_id": product, "source_system": "web"}
    return {**told, "person_record_key": person, "source_feed": FEED}


def belongs_to(listed: str, product: str, person: str | None) -> dict[str, Any]:
    """Whose a product in a list was, as gold has found it by the visit."""
    return {"recommendation_key": f"web:{listed}:{product}", "person_record_key": person}


def erased(spark: SparkSession, frames: dict[str, DataFrame]) -> tuple[Lake, Attempt, DataFrame]:
    """A lake of these tables and bronze, a run that erases, and whom."""
    lake = cast(
        Lake,
        SimpleNamespace(
            spark=spark,
            settings=SETTINGS.model_copy(update={"sources": SOURCES}),
            released=lambda release, table: frames[table],
            read_at=lambda table, version: frames.get(table, rows(spark, SOURCES[0].bronze_table)),
        ),
    )
    base = Release(1, "day-1", dict.fromkeys(frames, 1))
    people = local_frame(spark, [("e1", "her-account")], "erasure_id string, key string")
    return lake, Attempt("erase-1", 2, DAY_1, "", None, base), people


def test_a_list_shown_before_she_logged_in_is_hers_as_a_whole_and_nobody_else_s_is(
    spark: SparkSession,
) -> None:
    frames = {
        BRONZE.name: rows(
            spark,
            BRONZE,
            shown("before-login", "L1", 1),
            shown("clicked-before-login", "L1", 2),
            shown("somebody-logged-in", "L1", 3, account="A2"),
            shown("of-a-stranger", "L2", 4),
            shown("of-nobody", "L3", 5),
        ),
        RECOMMENDATION.name: rows(
            spark,
            RECOMMENDATION,
            of_product("before-login", "L1", "P1", None),
            of_product("before-login", "L1", "P2", None),
            of_product("clicked-before-login", "L1", "P2", None),
            of_product("somebody-logged-in", "L1", "P1", "the-other"),
            of_product("of-a-stranger", "L2", "P1", None),
            of_product("of-nobody", "L3", "P1", None),
        ),
        CUSTOMER_RECOMMENDATION.name: rows(
            spark,
            CUSTOMER_RECOMMENDATION,
            belongs_to("L1", "P1", "her-account"),
            belongs_to("L1", "P2", "her-account"),
            belongs_to("L2", "P1", "the-other"),
            belongs_to("L3", "P1", None),
        ),
    }
    lake, attempt, people = erased(spark, frames)

    keys = keys_of(lake, attempt, people)
    found = bronze_rows(lake, attempt, keys)

    assert sorted(row.source_row_number for row in found.collect()) == [1, 2]


def test_a_visit_that_no_event_names_is_hers_with_all_that_nobody_was_logged_in_for(
    spark: SparkSession,
) -> None:
    nowhere: dict[str, Any] = {"cookie_id": None, "device_id": "unknown"}

    def looked(key: str, minute: int, **told: Any) -> dict[str, Any]:
        at = datetime(2026, 1, 5, 10, minute, tzinfo=UTC)
        return {"record_key": key, "event_at": at, "source_system": "web", "cookie_id": "k", **told}

    frames = {
        WEB_EVENT.name: rows(
            spark,
            WEB_EVENT,
            looked("first", 0),
            looked("login", 5, person_record_key="her-account"),
            looked("last", 10),
            looked("another login", 15, person_record_key="the-other"),
            looked("after that", 16),
            looked("after a pause", 50),
            looked("elsewhere", 5, cookie_id="k2"),
            looked("in a session", 5, session_id="S1"),
            # A device of several accounts tells of nobody: what a stranger did there is not hers.
            looked("her login there", 0, person_record_key="her-account", **nowhere),
            looked("of a stranger there", 1, **nowhere),
            looked("the other's login there", 2, person_record_key="the-other", **nowhere),
        ),
        CUSTOMER_WEB_SESSION.name: rows(
            spark,
            CUSTOMER_WEB_SESSION,
            {"session_key": "web:first", "person_record_key": "her-account"},
            {"session_key": "web:another login", "person_record_key": "the-other"},
            {"session_key": "web:S1", "person_record_key": "her-account"},
            {"session_key": "web:after a pause", "person_record_key": "the-other"},
            {"session_key": "web:elsewhere"},
            {"session_key": "web:her login there", "person_record_key": "her-account"},
            {"session_key": "web:of a stranger there"},
            {"session_key": "web:the other's login there", "person_record_key": "the-other"},
        ),
        RECOMMENDATION.name: rows(spark, RECOMMENDATION),
        CUSTOMER_RECOMMENDATION.name: rows(spark, CUSTOMER_RECOMMENDATION),
    }

    found = keys_of(*erased(spark, frames)).collect()

    assert sorted(row.key for row in found) == ["first", "in a session", "last"]


def held(row: int, payload: str, **more: Any) -> dict[str, Any]:
    """A record of the shop's accounts that was held; with `more`, as the row that it would have been."""
    text = json.dumps({"content_hash": "c", **more}) if more else payload
    told = {"run_id": "day-1", "table_name": "bronze.shop_account", "source_feed": "shop_account"}
    return {**told, "source_file": "f", "source_row_number": row, "payload": text.encode()}


def suppressed(spark: SparkSession, secret: str) -> DataFrame:
    """Erasure e1 has suppressed account 10023 and an address that was hers alone."""
    key = record_key(secret, F.lit("shop"), F.lit("account"), F.lit("10023"))
    email = email_hash(F.lit("ann@example.org"), secret)
    entries = F.array(
        F.struct(F.lit(RECORD).alias("kind"), record_hash(key, secret).alias("value_hash")),
        F.struct(F.lit(EMAIL).alias("kind"), email.alias("value_hash")),
    )
    return spark.range(1).select(
        F.lit("e1").alias("erasure_id"),
        F.inline(entries),
        F.lit(SUPPRESSED).alias("state"),
        F.current_timestamp().alias("recorded_at"),
    )


def test_a_held_record_of_another_who_says_her_number_as_a_postcode_is_not_hers(
    spark: SparkSession,
) -> None:
    sources = tuple(s for s in SOURCES if s.name == "shop_account")
    settings = SETTINGS.model_copy(update={"sources": sources})
    frames = {
        SUPPRESSION.name: suppressed(spark, SETTINGS.lake.secret.get_secret_value()),
        LANDING_FILE.name: rows(
            spark, LANDING_FILE, {"run_id": "day-1", "source_file": "f", "file_hash": "h"}
        ),
        QUARANTINE.name: rows(
            spark,
            QUARANTINE,
            held(1, "", account_id="10023", email="new@example.org"),
            held(2, "", account_id="7", email="eve@example.org", address='{"postcode":"10023"}'),
            held(3, "", account_id="8", email="Ann@Example.org"),
            held(4, "9,eve@example.org,New York,10023,too,many"),
            held(5, "9,ann@example.org,too,many"),
        ),
    }
    lake = SimpleNamespace(
        spark=spark,
        settings=settings,
        logged=lambda spec: frames[spec.name],
        released=lambda release, table: frames[table],
    )
    attempt = Attempt("erase-1", 2, DAY_1, "", None, Release(1, "day-1", {}))
    nothing = local_frame(spark, (), "mark string")
    nobody = local_frame(spark, (), "erasure_id string, key string")

    found = held_rows_of(cast(Lake, lake), attempt, ["e1"], nobody, nothing)

    assert sorted(row.source_row_number for row in found.of_files.collect()) == [1, 3, 5]
    assert sorted(row.source_row_number for row in found.rows.collect()) == [1, 3, 5]
