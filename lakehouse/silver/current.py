"""The current row per key of a feed: the same whatever order its files were ingested in."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.columns.dates import parsed_moment
from lakehouse.columns.keys import identity
from lakehouse.settings.sources import LoadKind, Source

SEQUENCE = "sequence_at"

_DATED_FOLDER = r"(^|/)\d{4}-\d{2}-\d{2}/"


def current(bronze: DataFrame, source: Source) -> DataFrame:
    """The newest version of every living key, with `sequence_at`, its moment by the source.

    The newest sequence wins. Of equal ones the greater content hash does, which says nothing of
    which is right but is the same in every order of the files: a source that corrects a row must give
    it a later sequence. A key is gone when its newest version carries the delete flag.

    In a snapshot feed a file's moment is the sequence that most of its rows carry, and the
    `sequence_at` of them all. A key lives only if a file of the newest moment has it, so that a late
    older snapshot neither revives nor deletes anything, and a snapshot may come in parts. Files of
    that moment whose paths differ by no more than their dated folder are deliveries of one file, of
    which the last counts, as a whole.

    The newest version counts even if it is bad: the gate then quarantines it, and no older one
    stands in for it, as nobody could say which of its values still hold.
    """
    moment = parsed_moment(F.trim(source.sequence), source.sequence_formats)
    rows = bronze.withColumn(SEQUENCE, moment)
    if source.load_kind is LoadKind.SNAPSHOT:
        rows = in_newest_snapshot(rows)
    newest = newest_versions(rows, [identity(F.col(key)) for key in source.key])
    return newest.where(~is_deleted(source))


def every_version(bronze: DataFrame, source: Source) -> DataFrame:
    """Each key as every moment told it, by the same rules as `current`: one row per key and moment.

    A version without a moment that can be read is none, and neither is one by which the key is gone.
    """
    keys = [identity(F.col(key)) for key in source.key]
    told = newest_versions(at_every_moment(bronze, source), [*keys, F.col(SEQUENCE)])
    return told.where(~is_deleted(source))


def at_every_moment(bronze: DataFrame, source: Source) -> DataFrame:
    """The rows that have a moment, with `sequence_at`; of a snapshot feed those of last deliveries."""
    moment = parsed_moment(F.trim(source.sequence), source.sequence_formats)
    rows = bronze.withColumn(SEQUENCE, moment)
    if source.load_kind is LoadKind.SNAPSHOT:
        rows = _of_last_deliveries(rows, _moments(rows))
    return rows.where(F.col(SEQUENCE).isNotNull())


def newest_versions(rows: DataFrame, keys: Sequence[Column]) -> DataFrame:
    """The newest of the rows of each key, by `sequence_at` and then by content."""
    # The same content twice leaves only where it stood: the last orders make that steady too.
    versions = Window.partitionBy(*keys).orderBy(
        F.col(SEQUENCE).desc_nulls_last(),
        F.col("content_hash").desc(),
        F.col("source_file"),
        F.col("source_row_number"),
    )
    ranked = rows.withColumn("_rank", F.row_number().over(versions))
    return ranked.where(F.col("_rank") == 1).drop("_rank")


def in_newest_snapshot(rows: DataFrame) -> DataFrame:
    """The rows of the files of the newest moment, which is the moment of them all.

    What they lack is gone, what is older is past. A row's own text does not count: a typo in it
    would make the row the most recent of all sources, or leave it without a moment.
    """
    moments = _moments(rows)
    newest = moments.agg(F.max(SEQUENCE).alias(SEQUENCE))
    living = moments.join(F.broadcast(newest), on=SEQUENCE, how="left_semi")
    return _of_last_deliveries(rows, living)


def _moments(rows: DataFrame) -> DataFrame:
    """One row per file: its moment, and when it was taken first."""
    return rows.groupBy("source_file", "file_hash").agg(
        F.mode(SEQUENCE, True).alias(SEQUENCE), F.min("ingested_at").alias("_ingested_at")
    )


def _of_last_deliveries(rows: DataFrame, moments: DataFrame) -> DataFrame:
    """The rows of these files, of several deliveries of one file at one moment those of the last."""
    # The later folder is the later delivery, whenever a run took it. At one path other bytes take the
    # place of the former, so that they cannot have been ingested in another order than they came.
    delivery = F.struct("source_file", "_ingested_at", "file_hash", SEQUENCE)
    file = F.regexp_replace("source_file", _DATED_FOLDER, "$1")
    last = moments.groupBy(file, SEQUENCE).agg(F.max(delivery).alias("last"))
    return rows.drop(SEQUENCE).join(
        F.broadcast(last.select("last.source_file", "last.file_hash", f"last.{SEQUENCE}")),
        on=["source_file", "file_hash"],
        how="inner",
    )


def is_deleted(source: Source) -> Column:
    """True of a version by which the source says that the key is gone."""
    flag = source.delete_flag
    if flag is None:
        return F.lit(False)
    return F.coalesce(F.trim(flag.column).isin(*flag.values), F.lit(False))
