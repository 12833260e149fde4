"""A version of a table on this machine, read and written as the files that it consists of.

Spark's reader of Delta tables computes a version's state by a job, and asks for its files by one more in
each query: half of what the driver of a small run does. Here delta-rs reads the log, in milliseconds.
The rows are the same by Delta's protocol: of reader version 1 a table has neither deletion vectors nor
mapped columns, so that its rows are those of its files
(https://github.com/delta-io/delta/blob/master/PROTOCOL.md#reader-version-requirements).

Its writer computes that state too, before and after, and takes a second of the processor for a thousand
rows. Here Spark writes the files and delta-rs commits them. A table of writer version 2 has no feature that
asks more of a writer than to append and to replace: nothing is generated, checked or clustered.
"""

import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import time
from urllib.parse import unquote

import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.transaction import AddAction
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

_MOST_FILES = 64
_OF_A_GLOB = frozenset("*?[]{}\\")
_STAGED = "_staged-"


@dataclass(frozen=True)
class FileCommit:
    """What a commit says beside its files: the transaction that it is of, and words of the writer's own."""

    app: str
    number: int
    metadata: str


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


def write_files(frame: DataFrame, folder: Path, commit: FileCommit, *, replaces: bool) -> bool:
    """Adds the frame's rows to the table, or puts them in the place of all rows, by one commit.

    Whoever calls it has seen that the transaction is a new one, and keeps others from the table.

    Returns:
        False, with nothing done, where Delta's own writer has to do it: the table has features of later
        versions or partitions, or the frame other types than its columns.
    """
    table = DeltaTable(str(folder))
    is_plain = table.protocol().min_writer_version <= 2 and not table.metadata().partition_columns
    if not is_plain or not _types(frame.schema).items() <= _types(schema_of(table)).items():
        return False
    # Of its own: where a scheduler stands for locks, threads of one run may write the same log.
    staged = folder / f"{_STAGED}{uuid.uuid4().hex}"
    try:
        frame.write.parquet(f"file:{staged}")
        table.create_write_transaction(
            list(_moved(staged, folder)),
            mode="overwrite" if replaces else "append",
            schema=table.schema(),
            commit_properties=CommitProperties(
                custom_metadata={"userMetadata": commit.metadata},
                app_transactions=[Transaction(commit.app, commit.number, _now())],
            ),
        )
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return True


def remove_staged(folder: Path) -> None:
    """Deletes what writes that were killed have left beside the table's files; Delta's vacuum spares it."""
    for staged in folder.glob(f"{_STAGED}*"):
        shutil.rmtree(staged, ignore_errors=True)


def _moved(staged: Path, folder: Path) -> Iterator[AddAction]:
    """The files that were written, each in the table's folder; such as have no row stay behind.

    Their statistics are the number of rows alone: least and greatest values serve to skip files, and
    what reads a version by its files skips by what these say of themselves.
    """
    for file in sorted(staged.glob("part-*")):
        rows = pq.read_metadata(file).num_rows
        if rows:
            size, told = file.stat().st_size, json.dumps({"numRecords": rows})
            file.rename(folder / file.name)
            yield AddAction(file.name, size, {}, _now(), data_change=True, stats=told)


def _types(schema: StructType) -> dict[str, str]:
    return {field.name: field.dataType.simpleString() for field in schema}


def _now() -> int:
    """Milliseconds, as Delta's log counts."""
    return int(time() * 1000)
