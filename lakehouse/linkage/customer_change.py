"""How the customers of two identity maps differ: what one run, or one that nobody has made yet, changes."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.linkage.identity_event import CREATED, JOINED, LEFT, MERGED, RETIRED, SPLIT

MOVED = "moved"
"""Records went from one customer that lives on to another that was there before."""


def customer_change(identity_map: DataFrame, last_map: DataFrame) -> DataFrame:
    """One row per customer now and customer proposed between whom records move.

    Args:
        identity_map: linkage.identity_map as it is proposed.
        last_map: the same as it is now; may be empty.

    Returns:
        customer_id (null for records that have none yet), proposed_customer_id (null for records that are
        gone), change, record_count. `change` is in the words of linkage.identity_event: created,
        joined, left, retired, merged, split, and moved. Retired is a customer of whom no record goes on;
        one that is merged is left by its records that are gone.
    """
    now, proposed = _open(last_map, "customer_id"), _open(identity_map, "proposed_customer_id")
    living = proposed.select(F.col("proposed_customer_id").alias("customer_id")).distinct()
    # Also one who was away: an id that comes back is not created.
    known = last_map.select(F.col("customer_id").alias("proposed_customer_id")).distinct()
    return (
        now.join(proposed, on="record_key", how="full_outer")
        .where(~F.col("customer_id").eqNullSafe(F.col("proposed_customer_id")))
        .groupBy("customer_id", "proposed_customer_id")
        .agg(F.count(F.lit(1)).alias("record_count"))
        .join(living.withColumn("lives_on", F.lit(True)), on="customer_id", how="left")
        .join(known.withColumn("was_there", F.lit(True)), on="proposed_customer_id", how="left")
        .select(
            "customer_id",
            "proposed_customer_id",
            _change().alias("change"),
            "record_count",
        )
    )


def _change() -> Column:
    """What happens between the two customers of a row."""
    lives_on, was_there = F.col("lives_on").isNotNull(), F.col("was_there").isNotNull()
    # Before the first run all are new: they are no customer's, and would lie in one partition.
    new = F.when(F.col("customer_id").isNull(), F.col("proposed_customer_id"))
    going_on = F.count("proposed_customer_id").over(Window.partitionBy("customer_id", new))
    return (
        F.when(F.col("customer_id").isNull(), F.when(was_there, JOINED).otherwise(CREATED))
        .when(
            F.col("proposed_customer_id").isNull(),
            F.when(lives_on | (going_on > 0), LEFT).otherwise(RETIRED),
        )
        .when(~lives_on, MERGED)
        .when(was_there, MOVED)
        .otherwise(SPLIT)
    )


def _open(identity_map: DataFrame, name: str) -> DataFrame:
    return identity_map.where(F.col("valid_to").isNull()).select(
        "record_key", F.col("customer_id").alias(name)
    )
