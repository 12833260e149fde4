"""Rows of bronze whose retention has passed.

What is told of people and things stays as long as their source tells it, however long ago it first did:
only versions that a later one has taken the place of grow old. What happened grows old by itself.
"""

from datetime import datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.columns.dates import parsed_moment
from lakehouse.columns.keys import identity
from lakehouse.settings.sources import LoadKind, SilverFeed, Source
from lakehouse.silver.current import (
    SEQUENCE,
    in_newest_snapshot,
    is_deleted,
    newest_versions,
)
from lakehouse.silver.intake import meets_condition
from lakehouse.silver.paths import opened

PLACE = ("source_file", "file_hash", "source_row_number")
"""The key of a row of bronze."""


_BEFORE = "_before"
_DAYS = "_days"
"""Columns: the moment before which a row is too old, and the days that its tables need."""


def expired(bronze: DataFrame, source: Source, before: datetime) -> DataFrame:
    """The rows that are older than `before`, which is the day of the run less the days of the bronze table.

    Key and columns: source_file, file_hash, source_row_number. An event is as old as it says, or as
    its ingestion where it says nothing or a later moment. A version is as old as its ingestion, and
    stays while it is the current one, by the rules by which silver chooses it. A record no version of
    which meets the condition of a table that is kept for longer goes sooner, with the tables that it fills;
    one that fills none stays as long as any.
    """
    rows = _with_before(bronze, source, before)
    is_old = F.col("ingested_at") < F.col(_BEFORE)
    if source.tells_what_happened:
        return rows.where(is_old | _happened_before(source)).select(*PLACE)
    kept = _current_versions(rows, source).select(*PLACE)
    return rows.where(is_old).select(*PLACE).join(kept, on=[*PLACE], how="left_anti")


def _with_before(bronze: DataFrame, source: Source, before: datetime) -> DataFrame:
    """With `_before`, by the longest days that any version of the row's record needs.

    By record: a newer version that went before an older one would let that one hold again.
    """
    longest = source.bronze_table.retention_days
    always = [feed.retention_days for feed in source.feeds if not _is_conditional(feed)]
    if not source.feeds or longest in always:
        return bronze.withColumn(_BEFORE, F.lit(before))
    rows = bronze.withColumn(_DAYS, F.lit(max(always, default=longest)))
    for feed in filter(_is_conditional, source.feeds):
        days = F.when(meets_condition(feed), F.lit(feed.retention_days))
        rows = opened(rows, source, feed).withColumn(_DAYS, F.greatest(_DAYS, days))
    record = Window.partitionBy(*(identity(F.col(key)) for key in source.key))
    sooner = F.lit(longest) - F.max(_DAYS).over(record)
    return rows.withColumn(_BEFORE, F.lit(before) + F.make_dt_interval(sooner)).drop(_DAYS)


def _is_conditional(feed: SilverFeed) -> bool:
    """True where the row itself says that it fills no row of the table."""
    return feed.where is not None and feed.each is None and feed.record_id is None


def _current_versions(rows: DataFrame, source: Source) -> DataFrame:
    """What silver is made of, and deletions that an older version, taken later, would otherwise undo."""
    rows = rows.withColumn(SEQUENCE, _moment(source))
    if source.load_kind is LoadKind.SNAPSHOT:
        return in_newest_snapshot(rows)
    keys = [identity(F.col(key)) for key in source.key]
    last = F.max("ingested_at").over(Window.partitionBy(*keys))
    newest = newest_versions(rows.withColumn("_last_ingested_at", last), keys)
    return newest.where(~is_deleted(source) | (F.col("_last_ingested_at") >= F.col(_BEFORE)))


def _moment(source: Source) -> Column:
    return parsed_moment(F.trim(source.sequence), source.sequence_formats)


def _happened_before(source: Source) -> Column:
    return F.coalesce(_moment(source) < F.col(_BEFORE), F.lit(False))
