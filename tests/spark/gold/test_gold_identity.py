"""Whose a fact was at its time, which need not be whose it is today."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from lakehouse.gold.identity import with_customer_then
from lakehouse.tables.gold import CUSTOMER_ORDER
from lakehouse.tables.local_frame import local_frame

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]


def test_a_fact_is_read_under_the_id_that_its_customer_had_then(
    spark: SparkSession, table: Frames, text: Rows
) -> None:
    def period(record: str, customer: str, start: int, end: int | None) -> tuple[Any, ...]:
        """A record's customer, from a January day of 2024 until another."""
        days = (None if day is None else datetime(2024, 1, day, tzinfo=UTC) for day in (start, end))
        return record, customer, *days

    identity_map = local_frame(
        spark,
        [
            # Ann was A until she was found to be B; her record was away for a while.
            period("ann", "B", 20, None),
            period("ann", "A", 5, 10),
            period("ben", "C", 5, None),
        ],
        "record_key string, customer_id string, valid_from timestamp, valid_to timestamp",
    )

    def order(key: str, person: str | None, day: int) -> dict[str, Any]:
        return {"record_key": key, "person_record_key": person, "ordered_at": f"2024-01-{day:02d}"}

    orders = table(
        CUSTOMER_ORDER,
        order("before any run", "ann", 1),
        order("as A", "ann", 5),
        order("while away", "ann", 15),
        order("as B", "ann", 20),
        order("ben's", "ben", 9),
        order("a guest's", None, 9),
    )

    told = with_customer_then(orders, identity_map, "ordered_at")

    assert {*told.columns} == {*orders.columns, "customer_id_then"}
    assert {r["record_key"]: r["customer_id_then"] for r in text(told)} == {
        "before any run": "A",
        "as A": "A",
        "while away": "A",
        "as B": "B",
        "ben's": "C",
        "a guest's": None,
    }
