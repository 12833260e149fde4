"""A version of a table on this machine, read as the files that it consists of.

Spark's reader of Delta tables computes a version's state by a job, and asks for its files by one more in
each query: half of what the driver of a small run does. Here delta-rs reads the log, in milliseconds.
The rows are the same by Delta's protocol: of reader version 1 a table has neither deletion vectors nor
mapped columns, so that its rows are those of its files
(https://github.com/delta-io/delta/blob/master/PROTOCOL.md#reader-version-requirements).
"""

import json
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

_MOST_FILES = 64
_OF_A_GLOB = frozenset("*?[]{}\\")


def rows_of_files(spark: SparkSession, folder: Path, version: int) -> DataFrame | None:
    """The rows of a version; None where Delta's own reader has to tell them, or does better.

    It does better with many files, which it skips by their statistics.
    """
    if _OF_A_GLOB & {*str(folder)}:
        return None
    table = DeltaTable(str(folder), version=version)
    # Of this machine, whatever file system Spark takes for its own.
    files = [f"file:{unquote(uri)}" for uri in table.file_uris()]
    is_its_files = table.protocol().min_reader_version == 1
    if table.metadata().partition_columns or not (is_its_files and 0 < len(files) <= _MOST_FILES):
        return None
    return spark.read.schema(schema_of(table)).parquet(*files)


def schema_of(table: DeltaTable) -> StructType:
    """The table's schema as Spark has it, with the comments of its columns as their metadata."""
    return StructType.fromJson(json.loads(table.schema().to_json()))
