"""Which landing files a run takes, and what is known of each before a row of it is read.

The count of records is made by Spark's own functions over the bytes (Parquet: by the footer), so that
the books of the run do not rest on the parser that they check.
"""

import fnmatch
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lakehouse.bronze.records import (
    Layout,
    missing_columns,
    parquet_record_count,
    repeated_columns,
)
from lakehouse.errors import words_withheld
from lakehouse.settings.sources import FileFormat, Source
from lakehouse.tables.local_frame import local_frame

INGESTED, DUPLICATE, REJECTED = "ingested", "duplicate", "rejected"
MISSING_REQUIRED_COLUMN = "missing_required_column"
REPEATED_COLUMN = "repeated_column"
UNREADABLE_FILE = "unreadable_file"
SAME_CONTENT = "same_content"

_INSPECTED = (
    "feed string, source_file string, file_hash string, byte_count bigint, modified_at timestamp, "
    "record_count bigint, is_readable boolean, missing_columns array<string>, "
    "repeated_columns array<string>"
)
_DATED_FOLDER = r"(?:^|/)(\d{4}-\d{2}-\d{2})(?:/|$)"


def layout(source: Source) -> Layout:
    """What cutting the feed's files needs of its source."""
    return Layout(
        format=source.format.value,
        delimiter=source.options.delimiter,
        quote=source.options.quote,
        header=source.options.header,
        encoding=source.encoding,
        columns=tuple(c.name for c in source.columns),
        required=tuple(c.name for c in source.columns if c.required),
        key=source.key,
    )


def listed_files(
    spark: SparkSession, landing: str, sources: Sequence[Source], as_of: date
) -> DataFrame:
    """Files below `landing`: path, source_file, length, modificationTime, and the feed whose pattern
    matches the file, null where none does.

    A file in a dated folder (`2026-01-05/…`) is left for later when its day is after `as_of`. Files
    and folders whose name begins with a dot or an underscore are hidden, as Spark has it.
    """
    files = (
        spark.read.format("binaryFile")
        .option("recursiveFileLookup", "true")
        .load(landing)
        .select("path", "length", "modificationTime")
    )
    root = _without_scheme(landing.rstrip("/"))
    relative = F.regexp_replace(F.col("path"), r"^[a-zA-Z0-9+.-]+:/+", "/").substr(
        F.lit(len(root) + 2), F.lit(4096)
    )
    day = F.regexp_extract("source_file", _DATED_FOLDER, 1).try_cast("date")
    return (
        files.withColumn("source_file", relative)
        .withColumn("feed", _feed_of(F.col("source_file"), sources))
        .where(day.isNull() | (day <= F.lit(as_of)))
        .select("path", "source_file", "feed", "length", "modificationTime")
    )


def empty_files(landing: Path, as_of: date) -> list[str]:
    """Files below a local folder that have not one byte, sorted: no source of Spark's lists these.

    Hidden files, and those of a day after `as_of`, are left out as in `listed_files`.
    """
    found = []
    for folder, folders, names in os.walk(landing):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        for name in names:
            # A file may be renamed meanwhile.
            with suppress(FileNotFoundError):
                if not name.startswith((".", "_")) and not (Path(folder) / name).stat().st_size:
                    found.append((Path(folder) / name).relative_to(landing).as_posix())
    return sorted(file for file in found if (_folder_day(file) or as_of) <= as_of)


def delivery_day(source_file: str, modified_at: datetime) -> date:
    """The day of the file's dated folder; of a file without one, that of its last change, in UTC."""
    return _folder_day(source_file) or modified_at.astimezone(UTC).date()


def _folder_day(source_file: str) -> date | None:
    folder = re.search(_DATED_FOLDER, source_file)
    try:
        return date.fromisoformat(folder[1] if folder else "")
    except ValueError:
        return None


def new_files(listed: DataFrame, ledger: DataFrame) -> DataFrame:
    """Listed files that the ledger does not hold under the same path, size and time."""
    known = ledger.select(
        "source_file",
        F.col("byte_count").alias("length"),
        F.col("modified_at").alias("modificationTime"),
    ).dropDuplicates()
    return listed.join(known, on=["source_file", "length", "modificationTime"], how="left_anti")


def inspected_files(
    spark: SparkSession, paths: Mapping[str, tuple[str, str]], sources: Sequence[Source]
) -> DataFrame:
    """One row per file of `paths` (path → source_file, feed): hash, sizes, counts and faults."""
    layouts = {source.name: layout(source) for source in sources}
    named = local_frame(
        spark,
        [(path, source_file, feed) for path, (source_file, feed) in paths.items()],
        "path string, source_file string, feed string",
    )
    content = (
        spark.read.format("binaryFile")
        .load([escaped_path(path) for path in paths])
        .join(F.broadcast(named), on="path", how="inner")
        .select(
            "feed",
            "source_file",
            F.sha2("content", 256).alias("file_hash"),
            F.col("length").alias("byte_count"),
            F.col("modificationTime").alias("modified_at"),
            _record_count(sources).alias("record_count"),
            "content",
        )
    )

    def inspect(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        with words_withheld():
            for batch in batches:
                yield _with_faults(batch, layouts)

    return content.mapInArrow(inspect, _INSPECTED)


def landing_file(inspected: DataFrame, ledger: DataFrame, run_id: str) -> DataFrame:
    """The ledger rows of this run: each file ingested, duplicate or rejected.

    A file is a duplicate when the ledger, or a file earlier in this run by path, has ingested the
    same bytes for the same feed.
    """
    before = ledger.where(F.col("status") == INGESTED).select("feed", "file_hash").distinct()
    earlier = before.withColumn("was_ingested", F.lit(True))
    same_bytes = Window.partitionBy("feed", "file_hash").orderBy("source_file")
    reason = (
        F.when(~F.col("is_readable"), UNREADABLE_FILE)
        .when(F.size("missing_columns") > 0, MISSING_REQUIRED_COLUMN)
        .when(F.size("repeated_columns") > 0, REPEATED_COLUMN)
        .when(F.col("was_ingested") | (F.col("copy") > 1), SAME_CONTENT)
    )
    return (
        inspected.join(earlier, on=["feed", "file_hash"], how="left")
        .withColumn("was_ingested", F.coalesce("was_ingested", F.lit(False)))
        .withColumn("copy", F.row_number().over(same_bytes))
        .withColumn("reason", reason)
        .select(
            F.lit(run_id).alias("run_id"),
            "feed",
            "source_file",
            "file_hash",
            "byte_count",
            "modified_at",
            F.when(F.col("is_readable"), F.col("record_count")).otherwise(1).alias("record_count"),
            F.when(F.col("reason").isNull(), INGESTED)
            .when(F.col("reason") == SAME_CONTENT, DUPLICATE)
            .otherwise(REJECTED)
            .alias("status"),
            "reason",
            "missing_columns",
            F.lit(None).cast("string").alias("original_hash"),
            "repeated_columns",
        )
    )


def _with_faults(batch: pa.RecordBatch, layouts: Mapping[str, Layout]) -> pa.RecordBatch:
    counts, missing, repeated = [], [], []
    for feed, count, content in zip(
        batch.column("feed").to_pylist(),
        batch.column("record_count").to_pylist(),
        batch.column("content"),
        strict=True,
    ):
        found = _found(content.as_buffer().to_pybytes(), count, layouts[feed])
        counts.append(found[0])
        missing.append(found[1])
        repeated.append(found[2])
    kept = [
        batch.column(n) for n in ("feed", "source_file", "file_hash", "byte_count", "modified_at")
    ]
    columns = [
        *kept,
        pa.array(counts, pa.int64()),
        pa.array([count is not None for count in counts], pa.bool_()),
        pa.array(missing, pa.list_(pa.string())),
        pa.array(repeated, pa.list_(pa.string())),
    ]
    faults = ("is_readable", "missing_columns", "repeated_columns")
    names = [*batch.schema.names[:5], "record_count", *faults]
    return pa.RecordBatch.from_arrays(columns, names=names)


def _found(
    content: bytes, count: int | None, how: Layout
) -> tuple[int | None, list[str], list[str]]:
    """The file's number of records, None if it cannot be read; columns that it lacks, and has twice.

    `count` is what Spark's own functions say, which cannot count the rows of a Parquet file.
    """
    try:
        faults = missing_columns(content, how), repeated_columns(content, how)
        return parquet_record_count(content) if how.format == "parquet" else count, *faults
    except (MemoryError, OSError):
        # A passing fault of the machine ends this run, where a sound file would be rejected for good.
        raise
    except Exception:  # noqa: BLE001
        # UnreadableFileError, or what nobody has foreseen: one bad file is rejected, where an error
        # in a task would end the run of all feeds, and every later run again.
        return None, [], []


def _record_count(sources: Sequence[Source]) -> Column:
    """Records by Spark's own functions; null for Parquet and for a JSON array that is none."""
    # ISO 8859-1 gives one character per byte, whatever the bytes are. Of these only \n ends a line
    # (flag d): Java would else end one at 0x85 too, which is half of many UTF-8 letters.
    text = F.regexp_replace(F.decode(F.col("content"), "ISO-8859-1"), r"^\u00EF\u00BB\u00BF", "")
    lines = F.regexp_count(text, F.lit(r"(?md)^.*\S.*$"))
    count = F.lit(None).cast("int")
    for source in sources:
        if source.format is FileFormat.JSON_ARRAY:
            records = F.json_array_length(text)
        elif source.format is FileFormat.PARQUET:
            continue
        elif source.format is FileFormat.CSV and source.options.header:
            records = F.greatest(lines - 1, F.lit(0))
        else:
            records = lines
        count = F.when(F.col("feed") == source.name, records).otherwise(count)
    return count.cast("bigint")


def _feed_of(source_file: Column, sources: Sequence[Source]) -> Column:
    feed = F.lit(None).cast("string")
    for source in sources:
        pattern = fnmatch.translate(source.file_pattern).replace(r"\Z", "$")
        feed = F.when(source_file.rlike(pattern), F.lit(source.name)).otherwise(feed)
    return feed


def _without_scheme(path: str) -> str:
    return re.sub(r"^[a-zA-Z0-9+.-]+:/+", "/", path)


def escaped_path(path: str) -> str:
    """The path with its glob characters escaped, since Spark reads every path as a glob."""
    return re.sub(r"([\\\[\]{}*?,])", r"\\\1", path)
