"""silver.loyalty: loyalty accounts, and what their source told of them before."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def loyalty(typed: DataFrame, versions: DataFrame) -> DataFrame:
    """One row per account, with `balances`: tier and points as they were told, where they changed.

    Key: record_key.

    Args:
        typed: accounts as they are told today.
        versions: accounts as every snapshot or version told them. One that has neither tier nor
            points tells nothing.
    """
    balance = F.struct(F.col("sequence_at").alias("told_at"), "tier", "points")
    is_told = F.col("tier").isNotNull() | F.col("points").isNotNull()
    former = (
        versions.where(is_told)
        .groupBy("record_key")
        .agg(F.array_sort(F.collect_list(balance)).alias("told"))
    )
    changes = F.filter(
        "told",
        lambda b, n: (
            (n == 0)
            | ~F.get("told", n - 1)["tier"].eqNullSafe(b["tier"])
            | ~F.get("told", n - 1)["points"].eqNullSafe(b["points"])
        ),
    )
    return typed.drop("balances").join(
        former.select("record_key", changes.alias("balances")), on="record_key", how="left"
    )
