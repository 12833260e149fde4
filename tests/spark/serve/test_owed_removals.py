"""Of whom an exported audience must still be told that they go, by the log of exports and the release."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipeline.audience_destinations import owed_removals
from lakehouse.pipeline.lake import Lake
from lakehouse.settings.load import load_settings
from lakehouse.tables.audience import AUDIENCE_EXPORT
from lakehouse.tables.local_frame import local_frame

CARE, MARKETING = "care_customer", "marketing_customer"
SERVED = {CARE: ["ann"], MARKETING: ["ben"]}
"""By product, whom the release has in it."""


def lake_of(spark: SparkSession, *exports: dict[str, Any]) -> Lake:
    settings = load_settings("test")

    def released(_release: object, table: str) -> DataFrame:
        rows = [(name,) for name in SERVED.get(table.removeprefix("serve."), [])]
        return local_frame(spark, rows, "customer_id string")

    rows = [tuple(row.get(n) for n in AUDIENCE_EXPORT.column_names) for row in exports]
    log = local_frame(spark, rows, AUDIENCE_EXPORT.ddl())
    told = SimpleNamespace(
        spark=spark,
        settings=settings,
        tables=SimpleNamespace(exists=lambda _: bool(exports)),
        logged=lambda _: log,
        release=lambda: None,
        released=released,
    )
    return cast(Lake, told)


def export(
    product: str, folder: str, customer: str, release: int = 1, change: str = "added"
) -> Any:
    return {
        "product": product,
        "destination": folder,
        "customer_id": customer,
        "release_number": release,
        "change": change,
        "row_hash": None if change == "removed" else f"hash {release}",
        "exported_at": datetime(2026, 1, release, tzinfo=UTC),
    }


def test_each_folder_owes_whom_it_was_given_and_the_release_does_not_have_any_more(
    spark: SparkSession,
) -> None:
    lake = lake_of(
        spark,
        export(MARKETING, "/outbox", "ann"),
        export(MARKETING, "/outbox", "ben"),
        export(MARKETING, "/outbox", "cid"),
        # That cid must go was told, in the second folder that ann must, and then that she is back.
        export(MARKETING, "/outbox", "cid", 2, "removed"),
        export(MARKETING, "/desk", "ann"),
        export(MARKETING, "/desk", "ann", 2, "removed"),
        export(MARKETING, "/desk", "ann", 3),
        export(MARKETING, "/told", "ann"),
        export(MARKETING, "/told", "ann", 2, "removed"),
        export(CARE, "/desk", "ann"),
        export("a_lost_product", "/desk", "ben"),
    )

    assert owed_removals(lake) == {
        (MARKETING, "/outbox"): ["ann"],
        (MARKETING, "/desk"): ["ann"],
        ("a_lost_product", "/desk"): ["ben"],
    }
    assert owed_removals(lake_of(spark)) == {}
