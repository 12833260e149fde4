"""How fresh what silver holds is, by feed, and how many facts of customers no longer count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.settings.sources import Source

_LAST = datetime(9999, 12, 31, tzinfo=UTC)
"""The last day that Python knows: a clock may be wrong by more."""


@dataclass(frozen=True)
class Freshness:
    """One feed: its newest event, hours from it to the end of the run's day, the limit, stale rows."""

    source_feed: str
    newest_at: datetime
    lag_hours: float
    limit_hours: int | None
    row_count: int
    stale_row_count: int

    @property
    def is_late(self) -> bool:
        """True if the newest event is older than the feed's limit allows."""
        return self.limit_hours is not None and self.lag_hours > self.limit_hours


def freshness(
    silver: Mapping[str, DataFrame], sources: Sequence[Source], as_of: date
) -> list[Freshness]:
    """One entry per feed that has a row in these tables of silver, in order of its name.

    A feed whose clock runs ahead of the day has no lag.
    """
    end = datetime.combine(as_of, time(), tzinfo=UTC) + timedelta(days=1)
    limits = {source.name: source.freshness_limit_hours for source in sources}
    rows = reduce(
        DataFrame.unionByName,
        (frame.select("source_feed", "sequence_at", "fresh_until_at") for frame in silver.values()),
    )
    found = (
        rows.groupBy("source_feed")
        .agg(
            F.unix_micros(F.least(F.max("sequence_at"), F.lit(_LAST))).alias("newest"),
            F.count("*").alias("row_count"),
            F.count_if(F.col("fresh_until_at") <= F.lit(end)).alias("stale_row_count"),
        )
        .collect()
    )
    told = []
    for row in sorted(found, key=lambda row: row.source_feed):
        newest = datetime.fromtimestamp(row.newest / 1e6, tz=UTC)
        lag = max(0.0, (end - newest) / timedelta(hours=1))
        limit = limits.get(row.source_feed)
        told.append(
            Freshness(
                row.source_feed, newest, round(lag, 2), limit, row.row_count, row.stale_row_count
            )
        )
    return told


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
