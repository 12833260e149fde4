"""Compaction and vacuum, both in respect of the releases that can still be read."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.storage.delta_tables import DeltaTables
from lakehouse.storage.releases import kept_rows
from lakehouse.tables.ops import RELEASE
from lakehouse.tables.spec import Layer


def live_since(tables: DeltaTables, keep_releases: int) -> dict[str, datetime]:
    """By table, since when versions of it must stay readable.

    That is when the oldest version that a kept release names was first released: a revert names
    versions far older than itself.
    """
    first = (
        tables.read(RELEASE.name)
        .groupBy("table_name", "table_version")
        .agg(F.unix_seconds(F.min("released_at")).alias("at"))
    )
    needed = kept_rows(tables, keep_releases).select("table_name", "table_version").distinct()
    since = (
        first.join(needed, on=["table_name", "table_version"], how="left_semi")
        .groupBy("table_name")
        .agg(F.min("at").alias("at"))
        .collect()
    )
    return {row.table_name: datetime.fromtimestamp(row["at"], UTC) for row in since}


def vacuum(
    spark: SparkSession, tables: DeltaTables, names: Iterable[str], keep_releases: int
) -> int:
    """Removes files that no live release needs; returns the number of tables looked at.

    A file that a release needs is either still in the table or was removed from it by a later run,
    so after that version was first released: what was removed since then is kept. Tables that no
    release names keep everything.
    """
    since = live_since(tables, keep_releases)
    released = [name for name in names if name in since]
    with _any_retention(spark):
        for name in released:
            age = datetime.now(UTC) - since[name]
            tables.vacuum(name, math.ceil(age.total_seconds() / 3600) + 1)
    return len(released)


def vacuum_before(
    spark: SparkSession, tables: DeltaTables, names: Iterable[str], moment: datetime
) -> None:
    """Removes the files of these tables that left them before the moment, or less than an hour after it."""
    with _any_retention(spark):
        for name in names:
            age = datetime.now(UTC) - moment
            # Delta rounds to whole hours: rounded up, files from before the moment would stay.
            tables.vacuum(name, math.floor(age.total_seconds() / 3600))


def drop_lost(
    tables: DeltaTables, names: Iterable[str], keep_releases: int
) -> tuple[int, list[str]]:
    """Deletes the data products that neither `names` has nor a live release.

    Returns how many went, and the names of those that this machine cannot delete.
    """
    tables.finish_drops()
    live = kept_rows(tables, keep_releases).select("table_name").distinct()
    ever = tables.read(RELEASE.name).where(F.col("table_name").startswith(f"{Layer.SERVE}."))
    rows = (
        ever.select("table_name").distinct().join(live, on="table_name", how="left_anti").collect()
    )
    lost = sorted({row.table_name for row in rows} - {*names})
    there = [name for name in lost if tables.exists(name)]
    left = [name for name in there if not tables.drop(name)]
    return len(there) - len(left), left


@contextmanager
def _any_retention(spark: SparkSession) -> Iterator[None]:
    # Delta refuses less than a week unless told that the caller knows its readers; releases say so.
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    try:
        yield
    finally:
        spark.conf.unset("spark.databricks.delta.retentionDurationCheck.enabled")
