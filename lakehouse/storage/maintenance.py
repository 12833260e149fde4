"""Compaction and vacuum, both in respect of the releases that can still be read."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.storage.delta_tables import DeltaTables
from lakehouse.storage.releases import RELEASE, current_release


def live_since(tables: DeltaTables, keep_releases: int) -> datetime:
    """When the oldest release that must stay readable was made; now if there is none."""
    newest = current_release(tables)
    if newest is None:
        return datetime.now(UTC)
    oldest = max(1, newest.number - keep_releases + 1)
    row = (
        tables.read(RELEASE)
        .where(F.col("release_number") >= oldest)
        .agg(F.min(F.unix_seconds("released_at")).alias("seconds"))
        .collect()[0]
    )
    return datetime.fromtimestamp(row.seconds, UTC)


def vacuum(
    spark: SparkSession, tables: DeltaTables, names: Iterable[str], keep_releases: int
) -> float:
    """Removes files that no live release needs; returns the hours that were retained.

    A file that a release needs is either still in the table or was removed from it by a later run,
    so after that release was made: keeping what was removed since the oldest live release spares
    every version that a live release names.
    """
    age = datetime.now(UTC) - live_since(tables, keep_releases)
    hours = math.ceil(age.total_seconds() / 3600) + 1
    # Delta refuses less than a week unless told that the caller knows its readers; releases say so.
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    try:
        for name in names:
            if tables.exists(name):
                tables.vacuum(name, hours)
    finally:
        spark.conf.unset("spark.databricks.delta.retentionDurationCheck.enabled")
    return hours
