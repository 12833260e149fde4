"""gold.customer_loyalty: loyalty accounts, their tier and balance, and whose they are."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.identity import with_customer


def customer_loyalty(loyalty: DataFrame, identity_map: DataFrame) -> DataFrame:
    """One row per account of silver. Key: record_key. Columns: those of gold.customer_loyalty."""
    return with_customer(loyalty, identity_map).select(
        "record_key",
        "customer_id",
        "person_record_key",
        "source_system",
        "loyalty_number",
        "tier",
        "points",
        "joined_date",
        F.col("sequence_at").alias("told_at"),
        _tier_from().alias("tier_from_at"),
    )


def _tier_from() -> Column:
    """When the tier of the last balance was first told without another one since."""
    balances = F.col("balances")
    changes = F.filter(
        balances, lambda b, n: (n == 0) | ~F.get(balances, n - 1)["tier"].eqNullSafe(b["tier"])
    )
    return F.get(changes, F.size(changes) - 1)["told_at"]
