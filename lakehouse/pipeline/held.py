"""What is held today: the rows of ops.quarantine, a log, that nothing has mended since."""

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.pipeline.lake import Lake
from lakehouse.storage.releases import runs_behind
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import LANDING_FILE, QUALITY_RESULT, QUARANTINE

PLACE = ["source_file", "file_hash", "source_row_number"]
"""What identifies a landed record. A file that was overwritten has another hash."""


def held_records(lake: Lake, versions: Mapping[str, int]) -> DataFrame:
    """Rows of ops.quarantine that never came to bronze, with what the ledger says of their file.

    That is `file_hash`, `modified_at` and `record_count`. `versions` are those of a release. A record
    that a replay has taken in stands in bronze now and is left out.
    """
    held = _held(lake, versions).where(F.col("table_name").startswith("bronze."))
    # The ledger knows which bytes a run found under the file's name, and from when.
    ledger = lake.tables.read(LANDING_FILE.name, versions.get(LANDING_FILE.name, 0))
    placed = held.join(
        ledger.select("run_id", "source_file", "file_hash", "modified_at", "record_count"),
        on=["run_id", "source_file"],
        how="left",
    )
    standing = [
        lake.tables.read(table, version).select(F.lit(table).alias("table_name"), *PLACE)
        for table, version in versions.items()
        if table.startswith("bronze.")
    ]
    if not standing:
        return placed
    known = reduce(DataFrame.unionByName, standing)
    return placed.join(known, on=["table_name", *PLACE], how="left_anti")


def held_by_latest_runs(lake: Lake, versions: Mapping[str, int]) -> DataFrame:
    """Rows of ops.quarantine that were held after bronze by the run that made their table as it is now."""
    runs = [(run_id, age) for age, run_id in enumerate(runs_behind(lake.tables))]
    latest = (
        lake.tables.read(QUALITY_RESULT.name)
        .join(
            F.broadcast(local_frame(lake.spark, runs, "run_id string, age int")),
            on="run_id",
            how="inner",
        )
        .groupBy("table_name")
        .agg(F.min_by("run_id", "age").alias("run_id"))
    )
    return (
        _held(lake, versions)
        .where(~F.col("table_name").startswith("bronze."))
        .join(F.broadcast(latest), on=["table_name", "run_id"], how="left_semi")
    )


def _held(lake: Lake, versions: Mapping[str, int]) -> DataFrame:
    return lake.tables.read(QUARANTINE.name, versions.get(QUARANTINE.name, 0))
