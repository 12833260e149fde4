"""silver.support_ticket: tickets of the support desk, and when each was closed first."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def support_ticket(typed: DataFrame, versions: DataFrame) -> DataFrame:
    """One row per ticket, with `first_closed_at`, the earliest closing that any version of it tells.

    Key: record_key.

    Args:
        typed: tickets as they are told today.
        versions: tickets as every version told them.
    """
    first = versions.groupBy("record_key").agg(F.min("closed_at").alias("first_closed_at"))
    return typed.drop("first_closed_at").join(first, on="record_key", how="left")
