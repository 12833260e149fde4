"""Rows of bronze whose retention has passed.

What is told of people and things stays as long as their source tells it, however long ago it first did:
only versions that a later one has taken the place of grow old. What happened grows old by itself.
"""

from datetime import datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.columns.dates import parsed_moment
from lakehouse.columns.keys import identity
from lakehouse.settings.sources import LoadKind, Source
from lakehouse.silver.current import (
    SEQUENCE,
    in_newest_snapshot,
    is_deleted,
    newest_versions,
)
from lakehouse.tables.silver import SILVER_TABLES

PLACE = ("source_file", "file_hash", "source_row_number")
"""The key of a row of bronze."""


def retention_days(source: Source) -> int:
    """For how long rows of the feed are kept: as long as any table of silver that they fill is.

    Silver is made from bronze alone, so that a shorter time would shorten silver's.
    """
    fed = {feed.table for feed in source.feeds}
    days = [spec.retention_days for spec in SILVER_TABLES if spec.entity in fed]
    return max(days, default=source.bronze_table.retention_days)


def tells_what_happened(source: Source) -> bool:
    """True of a feed of events or of what people did; false of people and things themselves."""
    if source.load_kind is LoadKind.EVENT:
        return True
    return bool(source.feeds) and all(feed.person is not None for feed in source.feeds)


def expired(bronze: DataFrame, source: Source, before: datetime) -> DataFrame:
    """The rows that are older than `before`, which is the day of the run less `retention_days`.

    Key and columns: source_file, file_hash, source_row_number. An event is as old as it says, or as
    its ingestion where it says nothing or a later moment. A version is as old as its ingestion, and
    stays while it is the current one, by the rules by which silver chooses it.
    """
    is_old = F.col("ingested_at") < F.lit(before)
    if tells_what_happened(source):
        return bronze.where(is_old | _happened_before(source, before)).select(*PLACE)
    kept = _current_versions(bronze, source, before).select(*PLACE)
    return bronze.where(is_old).select(*PLACE).join(kept, on=[*PLACE], how="left_anti")


def _current_versions(bronze: DataFrame, source: Source, before: datetime) -> DataFrame:
    """What silver is made of, and deletions that an older version, taken later, would otherwise undo."""
    rows = bronze.withColumn(SEQUENCE, _moment(source))
    if source.load_kind is LoadKind.SNAPSHOT:
        return in_newest_snapshot(rows)
    keys = [identity(F.col(key)) for key in source.key]
    last = F.max("ingested_at").over(Window.partitionBy(*keys))
    newest = newest_versions(rows.withColumn("_last_ingested_at", last), keys)
    return newest.where(~is_deleted(source) | (F.col("_last_ingested_at") >= F.lit(before)))


def _moment(source: Source) -> Column:
    return parsed_moment(F.trim(source.sequence), source.sequence_formats)


def _happened_before(source: Source, before: datetime) -> Column:
    return F.coalesce(_moment(source) < F.lit(before), F.lit(False))
