"""How fresh what silver holds is: the lag from each feed's newest event to the day of the run."""

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
