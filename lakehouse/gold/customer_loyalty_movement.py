"""gold.customer_loyalty_movement: points earned and spent, and former tiers."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.identity import with_customer
from lakehouse.tables.gold import CUSTOMER_LOYALTY_MOVEMENT


def customer_loyalty_movement(loyalty: DataFrame, identity_map: DataFrame) -> DataFrame:
    """One row per account and moment at which its tier or points were told to be others than before.

    Sources tell balances, not bookings: what was earned and spent between two of them is netted, and what
    stood in the first is no movement. A balance without points that can be read is passed over: the next
    with points is held against the last with points. Key: movement_key. Columns: those of
    gold.customer_loyalty_movement.
    """
    change = F.coalesce(F.col("now.points") - F.col("counted.points"), F.lit(0))
    moment = F.unix_micros("now.told_at").cast("string")
    is_tier_change = ~F.col("before.tier").eqNullSafe(F.col("now.tier"))
    return (
        with_customer(loyalty, identity_map)
        .select("*", F.posexplode("balances").alias("n", "now"))
        .where(F.col("n") > 0)
        .withColumn("before", F.get("balances", F.col("n") - 1))
        .withColumn("counted", F.when(F.col("now.points").isNotNull(), _last_with_points()))
        .where((change != 0) | is_tier_change)
        .withColumns(
            {
                "movement_key": F.concat_ws(":", "record_key", moment),
                "told_at": F.col("now.told_at"),
                "told_date": F.to_date("now.told_at"),
                "last_told_at": F.when(change != 0, F.col("counted.told_at")).otherwise(
                    F.col("before.told_at")
                ),
                "points_change": change,
                "points": F.col("now.points"),
                "former_tier": F.col("before.tier"),
                "tier": F.col("now.tier"),
                "is_tier_change": is_tier_change,
            }
        )
        .select(*CUSTOMER_LOYALTY_MOVEMENT.column_names)
    )


def _last_with_points() -> Column:
    """Of the balances before the n-th the last with points; null if none has any."""
    known = F.filter(F.slice("balances", F.lit(1), F.col("n")), lambda b: b["points"].isNotNull())
    is_known = F.col("before.points").isNotNull()
    # Nearly always it is the one before, and nothing need be looked for.
    return F.when(is_known, F.col("before")).otherwise(F.get(known, F.size(known) - 1))
