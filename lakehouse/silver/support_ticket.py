"""silver.support_ticket: tickets of the support desk, when each was closed first and when open again."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.tickets import is_open


def support_ticket(typed: DataFrame, versions: DataFrame) -> DataFrame:
    """One row per ticket, with `first_closed_at`, the earliest closing that any version of it tells, and
    `open_again_at`, the moment of the first version that was open after one that was closed.

    Key: record_key.

    Args:
        typed: tickets as they are told today.
        versions: tickets as every version told them.
    """
    is_told_open = is_open(F.col("status"), F.col("closed_at"))
    told_closed_at = F.col("told_closed_at")
    history = (
        versions.groupBy("record_key")
        .agg(
            F.min("closed_at").alias("first_closed_at"),
            F.min(F.when(~is_told_open, F.col("sequence_at"))).alias("told_closed_at"),
            F.collect_list(F.when(is_told_open, F.col("sequence_at"))).alias("told_open_at"),
        )
        .select(
            "record_key",
            "first_closed_at",
            F.array_min(F.filter("told_open_at", lambda at: at > told_closed_at)).alias(
                "open_again_at"
            ),
        )
    )
    return typed.drop("first_closed_at", "open_again_at").join(history, on="record_key", how="left")
