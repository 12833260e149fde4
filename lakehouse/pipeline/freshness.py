"""How fresh what silver holds is, by feed, and how many facts of customers no longer count.

A feed has two clocks. Its source's word of when it told of a row (`sequence_at`; of web events, messages and
tills when these were received or exported) says whether deliveries come, and is what the limit is about. When
that happened of which it tells says how old the newest event in gold is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.settings.sources import Source
from lakehouse.silver.row_links import describes_people
from lakehouse.tables.silver import CONSENT_EVENT

_LAST = datetime(9999, 12, 31, tzinfo=UTC)
"""The last day that Python knows: a clock may be wrong by more."""

_HAPPENED_AT = {
    "silver.order": "ordered_at",
    "silver.payment": "paid_at",
    "silver.web_event": "event_at",
    "silver.recommendation": "event_at",
    "silver.campaign_event": "event_at",
    "silver.support_ticket": "opened_at",
    "silver.support_message": "sent_at",
    "silver.social_mention": "mentioned_at",
    "silver.consent_event": "happened_at",
    "silver.survey_response": "responded_at",
}
"""By table whose rows are events, the column that says when these happened."""


@dataclass(frozen=True)
class Freshness:
    """One feed: when its source told of it last and what happened last, hours from either to the end of the
    run's day, the limit, stale rows. None of the event where no row of the feed is one.
    """

    source_feed: str
    newest_at: datetime
    lag_hours: float
    limit_hours: int | None
    row_count: int
    stale_row_count: int
    newest_event_at: datetime | None = None
    event_lag_hours: float | None = None

    @property
    def is_late(self) -> bool:
        """True if what its source told last is older than the feed's limit allows."""
        return self.limit_hours is not None and self.lag_hours > self.limit_hours


def freshness(
    silver: Mapping[str, DataFrame], sources: Sequence[Source], as_of: date
) -> list[Freshness]:
    """One entry per feed that has a row in these tables of silver, in order of its name.

    A feed whose clock runs ahead of the day has no lag. An event after the day has a wrong clock, and is not
    the newest.
    """
    end = datetime.combine(as_of, time(), tzinfo=UTC) + timedelta(days=1)
    limits = {source.name: source.freshness_limit_hours for source in sources}
    people = [source.name for source in sources if describes_people(source)]
    rows = reduce(
        DataFrame.unionByName,
        (
            frame.select(
                "source_feed", "sequence_at", "fresh_until_at", _happened_at(table, people)
            )
            for table, frame in silver.items()
        ),
    )
    happened_by_then = F.when(F.col("happened_at") < F.lit(end), F.col("happened_at"))
    found = (
        rows.groupBy("source_feed")
        .agg(
            F.unix_micros(F.least(F.max("sequence_at"), F.lit(_LAST))).alias("newest"),
            F.unix_micros(F.max(happened_by_then)).alias("newest_event"),
            F.count("*").alias("row_count"),
            F.count_if(F.col("fresh_until_at") <= F.lit(end)).alias("stale_row_count"),
        )
        .collect()
    )
    return [
        _told(row, limits.get(row.source_feed), end)
        for row in sorted(found, key=lambda row: row.source_feed)
    ]


def _told(row: Row, limit_hours: int | None, end: datetime) -> Freshness:
    newest = _moment(row.newest)
    event = None if row.newest_event is None else _moment(row.newest_event)
    return Freshness(
        source_feed=row.source_feed,
        newest_at=newest,
        lag_hours=_hours(newest, end),
        limit_hours=limit_hours,
        row_count=row.row_count,
        stale_row_count=row.stale_row_count,
        newest_event_at=event,
        event_lag_hours=None if event is None else _hours(event, end),
    )


def _happened_at(table: str, people: Sequence[str]) -> Column:
    """When a row of the table happened; null where it is no event. `people` are feeds that describe some."""
    name = _HAPPENED_AT.get(table)
    moment = F.lit(None).cast("timestamp") if name is None else F.col(name)
    if table == CONSENT_EVENT.name:
        # What a list of people says of their consent is as old as their entry.
        moment = F.when(~F.col("source_feed").isin(*people), moment)
    return moment.alias("happened_at")


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, tz=UTC)


def _hours(since: datetime, end: datetime) -> float:
    return round(max(0.0, (end - since) / timedelta(hours=1)), 2)


def fact_freshness(customer_360: DataFrame, run_id: str, as_of: date) -> DataFrame:
    """The rows of ops.fact_freshness: how many facts counted by each cut-off, and how many no longer did."""
    told = customer_360.select(F.explode("fact_freshness").alias("told"))
    return (
        told.groupBy("told.domain", "told.fact")
        .agg(
            F.sum("told.fresh_count").alias("fresh_count"),
            F.sum("told.stale_count").alias("stale_count"),
        )
        .select(
            F.lit(run_id).alias("run_id"),
            F.lit(as_of).alias("as_of_date"),
            "domain",
            "fact",
            "fresh_count",
            "stale_count",
        )
    )
