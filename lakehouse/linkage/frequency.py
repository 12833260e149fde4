"""How frequent values are: two people agree on a rare name by chance less often than on a common one."""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.keys import keyed_hash
from lakehouse.linkage.column_fill import ColumnFill
from lakehouse.linkage.evidence import evidence_by_column
from lakehouse.linkage.model import frequency_columns
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.tables.linkage import TERM_FREQUENCY
from lakehouse.tables.local_frame import local_frame

ANY_OTHER = "*"
"""Stands for every value of a column that has no row of its own."""
_OUTGROWN = 2


def term_frequency(evidence: DataFrame, settings: LinkageSettings, secret: str) -> DataFrame:
    """The share of the known values of a column that one value has.

    Args:
        evidence: linkage.record_evidence.
        settings: conf, whose comparisons say which columns count.
        secret: keys the hashes.

    Returns:
        column_name, value_hash (keyed), share, value_count: a row for each value that at least two
        records have, and one, with the hash `*` and the share of a single record, for all others. A
        value that comes later has that share too, so that what a pair weighs does not depend on when
        its records came.
    """
    columns = _columns(settings)
    values = evidence_by_column(evidence, columns)
    nothing = local_frame(evidence.sparkSession, (), TERM_FREQUENCY.ddl())
    counted = [_shares(values, column, secret) for column in columns]
    return reduce(DataFrame.unionByName, counted, nothing)


def still_held(
    frequencies: DataFrame, evidence: DataFrame, settings: LinkageSettings, secret: str
) -> DataFrame:
    """The rows of linkage.term_frequency whose value somebody has, and those for all other values.

    A value that nobody has any more weighs on no pair; its hash would outlive whoever had it.
    """
    columns = _columns(settings)
    values = evidence_by_column(evidence, columns)
    named = F.array(
        *(F.struct(F.lit(c).alias("column_name"), F.col(c).alias("v")) for c in columns)
    )
    held = (
        values.select(F.inline(named))
        .where(F.col("v").isNotNull())
        .select("column_name", keyed_hash(secret, F.col("v")).alias("value_hash"))
    )
    every = frequencies.where(F.col("value_hash") == ANY_OTHER)
    listed = frequencies.join(held, on=["column_name", "value_hash"], how="left_semi")
    return listed.select(*frequencies.columns).unionByName(every)


def is_outgrown(fill: ColumnFill, frequencies: DataFrame, settings: LinkageSettings) -> bool:
    """True if a column that counts has far more values now than when its frequencies were counted.

    A name that one of 200 people has is no sign of anything among a million. Columns that are filled
    too rarely to be compared are not looked at.
    """
    counted = frequencies.groupBy("column_name").agg(F.max("value_count").alias("value_count"))
    before = {row.column_name: row.value_count or 0 for row in counted.collect()}
    return any(
        fill.counts[column] > _OUTGROWN * before.get(column, 0)
        and fill.is_filled(column, settings.least_fill)
        for column in _columns(settings)
    )


def _columns(settings: LinkageSettings) -> list[str]:
    every = frozenset(c for rule in settings.comparisons for c in rule.columns)
    return frequency_columns(settings, every)


def _shares(values: DataFrame, column: str, secret: str) -> DataFrame:
    known = values.where(F.col(column).isNotNull())
    total = known.agg(F.count("*").cast("double").alias("total")).where("total > 0")
    repeated = known.groupBy(column).agg(F.count("*").alias("records")).where("records > 1")
    listed = repeated.select(keyed_hash(secret, F.col(column)).alias("value_hash"), "records")
    other = total.select(
        F.lit(ANY_OTHER).alias("value_hash"), F.lit(1).cast("bigint").alias("records")
    )
    return (
        listed.unionByName(other)
        .crossJoin(F.broadcast(total))
        .select(
            F.lit(column).alias("column_name"),
            "value_hash",
            (F.col("records") / F.col("total")).alias("share"),
            F.col("total").cast("bigint").alias("value_count"),
        )
    )


def with_frequencies(
    people: DataFrame, frequencies: DataFrame, columns: Sequence[str], secret: str
) -> DataFrame:
    """The frame with tf_<column> for each of the columns: the share of its value, null where it is null."""
    found = people
    for column in columns:
        shares = frequencies.where(F.col("column_name") == column)
        listed = shares.select(F.col("value_hash").alias("listed"), F.col("share"))
        other = shares.where(F.col("value_hash") == ANY_OTHER).agg(F.first("share").alias("least"))
        hashed = found.select("*", keyed_hash(secret, F.col(column)).alias("value_hash"))
        share = F.when(F.col(column).isNotNull(), F.coalesce("share", "least"))
        found = (
            hashed.join(listed, on=F.col("value_hash") == F.col("listed"), how="left")
            .crossJoin(F.broadcast(other))
            .select(*found.columns, share.alias(f"tf_{column}"))
        )
    return found
