"""How old what silver holds is, by feed."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipeline.freshness import freshness
from lakehouse.settings.load import load_settings
from lakehouse.tables.local_frame import local_frame

SOURCES = load_settings("test").sources
LIMIT = next(s for s in SOURCES if s.name == "shop_order").freshness_limit_hours
Row = tuple[str, datetime, datetime | None]


def moment(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def frame(spark: SparkSession, rows: Sequence[Row]) -> DataFrame:
    return local_frame(
        spark, rows, "source_feed string, sequence_at timestamp, fresh_until_at timestamp"
    )


def test_lag_is_told_from_the_newest_row_of_a_feed_in_any_table(spark: SparkSession) -> None:
    orders = [("shop_order", moment(1), moment(3)), ("shop_order", moment(4, 12), moment(6, 12))]
    lines = [("shop_order", moment(4, 18), moment(6, 18)), ("web_event", moment(9), None)]
    silver = {"silver.order": frame(spark, orders), "silver.order_line": frame(spark, lines)}

    order, event = freshness(silver, SOURCES, date(2026, 1, 5))

    assert (order.source_feed, order.newest_at) == ("shop_order", moment(4, 18))
    assert order.lag_hours == 30.0
    assert (order.row_count, order.stale_row_count) == (3, 1)
    assert (order.limit_hours, order.is_late) == (LIMIT, False)
    # A clock that runs ahead of the day.
    assert (event.lag_hours, event.is_late, event.stale_row_count) == (0.0, False, 0)


def test_a_feed_that_did_not_come_for_longer_than_its_limit_is_late(spark: SparkSession) -> None:
    silver = {"silver.order": frame(spark, [("shop_order", moment(1), moment(3))])}

    (order,) = freshness(silver, SOURCES, date(2026, 1, 5))

    assert order.is_late
    assert order.stale_row_count == 1


def test_an_empty_silver_tells_of_no_feed(spark: SparkSession) -> None:
    assert freshness({"silver.order": frame(spark, [])}, SOURCES, date(2026, 1, 5)) == []
