"""How old what silver holds is, by feed."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipeline.freshness import fact_freshness, freshness
from lakehouse.settings.load import load_settings
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import FACT_FRESHNESS

SOURCES = load_settings("test").sources
LIMIT = next(s for s in SOURCES if s.name == "shop_order").freshness_limit_hours
Row = tuple[str, datetime, datetime | None]


def moment(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def frame(spark: SparkSession, rows: Sequence[Row], **events: Sequence[datetime]) -> DataFrame:
    """Rows of a silver table, of which `events` names a column more and its values."""
    told = [(*row, *more) for row, *more in zip(rows, *events.values(), strict=True)]
    columns = [f"{name} timestamp" for name in ("sequence_at", "fresh_until_at", *events)]
    return local_frame(spark, told, ", ".join(["source_feed string", *columns]))


def test_lag_is_told_from_the_newest_row_of_a_feed_in_any_table(spark: SparkSession) -> None:
    orders = [("shop_order", moment(1), moment(3)), ("shop_order", moment(4, 12), moment(6, 12))]
    lines = [("shop_order", moment(4, 18), moment(6, 18)), ("web_event", moment(9), None)]
    silver = {
        "silver.order": frame(spark, orders, ordered_at=[moment(1), moment(3)]),
        "silver.order_line": frame(spark, lines),
    }

    order, event = freshness(silver, SOURCES, date(2026, 1, 5))

    assert (order.source_feed, order.newest_at) == ("shop_order", moment(4, 18))
    assert order.lag_hours == 30.0
    assert (order.row_count, order.stale_row_count) == (3, 1)
    assert (order.limit_hours, order.is_late) == (LIMIT, False)
    # A clock that runs ahead of the day.
    assert (event.lag_hours, event.is_late, event.stale_row_count) == (0.0, False, 0)
    # Lines are no events of their own.
    assert (order.newest_event_at, event.newest_event_at) == (moment(3), None)


def test_what_is_received_today_tells_of_events_as_old_as_they_are(spark: SparkSession) -> None:
    # Received every day, from a queue that stands still: the last page was viewed on the second.
    views = [("web_event", moment(5, hour), None) for hour in (1, 2, 3)]
    viewed = [moment(1), moment(2, 12), moment(30)]
    silver = {"silver.web_event": frame(spark, views, event_at=viewed)}

    (web,) = freshness(silver, SOURCES, date(2026, 1, 5))

    assert (web.newest_at, web.lag_hours, web.is_late) == (moment(5, 3), 21.0, False)
    assert (web.newest_event_at, web.event_lag_hours) == (moment(2, 12), 84.0)


def test_a_list_of_people_that_states_consent_tells_of_no_event(spark: SparkSession) -> None:
    # The shop's account states what was ticked on the first; a ticket is an event, whoever asked.
    consents = [("shop_account", moment(5), None), ("consent_event", moment(5), None)]
    silver = {
        "silver.consent_event": frame(spark, consents, happened_at=[moment(1), moment(2)]),
        "silver.support_ticket": frame(
            spark, [("support_ticket", moment(5), None)], opened_at=[moment(3)]
        ),
    }

    found = freshness(silver, SOURCES, date(2026, 1, 5))

    assert {feed.source_feed: feed.newest_event_at for feed in found} == {
        "consent_event": moment(2),
        "shop_account": None,
        "support_ticket": moment(3),
    }


def test_a_feed_that_did_not_come_for_longer_than_its_limit_is_late(spark: SparkSession) -> None:
    orders = [("shop_order", moment(1), moment(3))]
    silver = {"silver.order": frame(spark, orders, ordered_at=[moment(1)])}

    (order,) = freshness(silver, SOURCES, date(2026, 1, 5))

    assert order.is_late
    assert order.stale_row_count == 1


def test_an_empty_silver_tells_of_no_feed(spark: SparkSession) -> None:
    nothing = frame(spark, [], ordered_at=[])

    assert freshness({"silver.order": nothing}, SOURCES, date(2026, 1, 5)) == []


def test_facts_that_count_and_those_that_no_longer_do_are_added_up_over_customers(
    spark: SparkSession,
) -> None:
    customers = local_frame(
        spark,
        [
            ("A", [("marketing", "cart", 2, 1), ("service", "ticket", 1, 0)]),
            ("B", [("marketing", "cart", 0, 3)]),
            ("C", []),
        ],
        "customer_id string, "
        "fact_freshness array<struct<domain:string,fact:string,fresh_count:bigint,stale_count:bigint>>",
    )

    told = fact_freshness(customers, "day-1", date(2026, 1, 5))

    assert dict(told.dtypes) == {c.name: c.type for c in FACT_FRESHNESS.columns}
    assert sorted(tuple(row)[2:] for row in told.collect()) == [
        ("marketing", "cart", 2, 4),
        ("service", "ticket", 1, 0),
    ]
