"""What is a person's beyond her records: orders, and what she saw before she logged in."""

from types import SimpleNamespace
from typing import Any, cast

from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.subject_rows import bronze_rows, keys_of
from lakehouse.settings.load import load_settings
from lakehouse.storage.releases import Release
from lakehouse.tables.gold import CUSTOMER_RECOMMENDATION
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.silver import RECOMMENDATION
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
    attempt = Attempt("erase-1", 2, DAY_1, "", None, base)
    people = local_frame(spark, [("e1", "her-account")], "erasure_id string, key string")

    keys = keys_of(lake, attempt, people)
    found = bronze_rows(lake, attempt, keys)

    assert sorted(row.source_row_number for row in found.collect()) == [1, 2]
