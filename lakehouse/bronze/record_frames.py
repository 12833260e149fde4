"""The records of a feed's files as frames: the sound ones for bronze, the malformed for quarantine."""

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze.landing import escaped_path, layout
from lakehouse.bronze.records import Layout, Record, records
from lakehouse.columns.keys import hidden
from lakehouse.errors import words_withheld
from lakehouse.settings.sources import Source
from lakehouse.tables.local_frame import local_frame

_ROWS_PER_BATCH = 20_000
_PLACE = (
    ("source_file", pa.string()),
    ("file_hash", pa.string()),
    ("source_row_number", pa.int64()),
    ("reason", pa.string()),
    ("payload", pa.binary()),
    ("unknown_columns", pa.map_(pa.string(), pa.string())),
)


def parsed(spark: SparkSession, source: Source, paths: Mapping[str, str]) -> DataFrame:
    """Every record of the files `paths` (path → source_file), sound or not.

    Columns: source_file, file_hash, source_row_number, reason, payload (null for a sound record),
    unknown_columns, then the source's columns as text.
    """
    named = local_frame(spark, paths.items(), "path string, source_file string")
    content = (
        spark.read.format("binaryFile")
        .load([escaped_path(path) for path in paths])
        .join(F.broadcast(named), on="path", how="inner")
        .select("source_file", F.sha2("content", 256).alias("file_hash"), "content")
    )
    how = layout(source)

    def cut(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        with words_withheld():
            for batch in batches:
                yield from _cut_files(batch, how)

    columns = ", ".join(f"`{name}` string" for name in how.columns)
    return content.mapInArrow(
        cut,
        "source_file string, file_hash string, source_row_number bigint, reason string, "
        f"payload binary, unknown_columns map<string,string>, {columns}",
    )


def good_records(frame: DataFrame, source: Source, run_id: str, secret: str) -> DataFrame:
    """The rows of the feed's bronze table, but for `ingested_at`, which the runner stamps."""
    names = [c.name for c in source.columns]
    return frame.where(F.col("reason").isNull()).select(
        *names,
        F.lit(source.name).alias("source"),
        "source_file",
        "source_row_number",
        _content_hash(names, secret).alias("content_hash"),
        "unknown_columns",
        "file_hash",
        F.lit(run_id).alias("run_id"),
    )


def malformed_records(frame: DataFrame, source: Source, run_id: str) -> DataFrame:
    """The rows of ops.quarantine, but for `quarantined_at`, which the runner stamps."""
    return frame.where(F.col("reason").isNotNull()).select(
        F.lit(run_id).alias("run_id"),
        F.lit(source.bronze_table.name).alias("table_name"),
        F.lit(None).cast("string").alias("record_key"),
        F.lit(source.name).alias("source_feed"),
        "source_file",
        "source_row_number",
        F.array("reason").alias("reasons"),
        "payload",
    )


def _content_hash(names: list[str], secret: str) -> Column:
    # chr(30) stands for what is missing or empty: concat_ws leaves out a null, and later cells would move up.
    cells = [F.coalesce(F.col(name), F.lit("\x1e")) for name in names]
    return F.sha2(F.concat_ws("\x1f", hidden(secret), *cells), 256)


def _cut_files(batch: pa.RecordBatch, how: Layout) -> Iterator[pa.RecordBatch]:
    for source_file, file_hash, content in zip(
        batch.column("source_file").to_pylist(),
        batch.column("file_hash").to_pylist(),
        batch.column("content"),
        strict=True,
    ):
        held: list[Record] = []
        for record in records(content.as_buffer().to_pybytes(), how):
            held.append(record)
            if len(held) == _ROWS_PER_BATCH:
                yield _record_batch(source_file, file_hash, held, how)
                held = []
        if held:
            yield _record_batch(source_file, file_hash, held, how)


def _record_batch(
    source_file: str, file_hash: str, held: list[Record], how: Layout
) -> pa.RecordBatch:
    declared = frozenset(how.columns)
    sound = [record.values or {} for record in held]
    place = [
        [source_file] * len(held),
        [file_hash] * len(held),
        [record.number for record in held],
        [record.reason for record in held],
        [record.payload if record.reason else None for record in held],
        [[(k, v) for k, v in values.items() if k not in declared] or None for values in sound],
    ]
    arrays = [pa.array(cells, kind) for cells, (_, kind) in zip(place, _PLACE, strict=True)]
    arrays += [
        pa.array([values.get(name) for values in sound], pa.string()) for name in how.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, names=[*(n for n, _ in _PLACE), *how.columns])
