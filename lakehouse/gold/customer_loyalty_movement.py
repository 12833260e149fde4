"""gold.customer_loyalty_movement: points earned and spent, and former tiers."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.identity import with_customer
from lakehouse.tables.gold import CUSTOMER_LOYALTY_MOVEMENT


def customer_loyalty_movement(loyalty: DataFrame, identity_map: DataFrame) -> DataFrame:
    """One row per account and moment at which its tier or points were told to be others than before.

    Sources tell balances, not bookings: what was earned and spent between two of them is netted, and what
    stood in the first is no movement. Key: movement_key. Columns: those of gold.customer_loyalty_movement.
    """
    change = F.col("now.points") - F.col("before.points")
    moment = F.unix_micros("now.told_at").cast("string")
    tiers = (F.col("before.tier"), F.col("now.tier"))
    return (
        with_customer(loyalty, identity_map)
        .select("*", F.posexplode("balances").alias("n", "now"))
        .where(F.col("n") > 0)
        .withColumn("before", F.get("balances", F.col("n") - 1))
        .withColumns(
            {
                "movement_key": F.concat_ws(":", "record_key", moment),
                "told_at": F.col("now.told_at"),
                "told_date": F.to_date("now.told_at"),
                "last_told_at": F.col("before.told_at"),
                "points_change": F.coalesce(change, F.lit(0)),
                "points": F.col("now.points"),
                "former_tier": tiers[0],
                "tier": tiers[1],
                "is_tier_change": ~tiers[0].eqNullSafe(tiers[1]),
            }
        )
        .select(*CUSTOMER_LOYALTY_MOVEMENT.column_names)
    )
