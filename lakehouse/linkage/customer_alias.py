"""Where a customer id that is no more resolves to: the id, or ids, in which its records live on."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.linkage.model import UNIQUE_ID

_MOST_STEPS = 4
"""Merges that are followed from one whose records were all deleted since to the next such one."""


def customer_alias(identity_map: DataFrame, returns_within_days: int) -> DataFrame:
    """Every id that is no more and has a successor that lives.

    A customer goes where the records went that were its own at its end: one that had left before is
    another's, and leads nowhere. Of a record that was deleted later, it goes where the customer went
    who had it last.

    Args:
        identity_map: linkage.identity_map of this run. Nothing else is looked at, so that an id whose
            successor was away for a day resolves again when that comes back.
        returns_within_days: a record that was away for longer may be another person's since, and leads
            nowhere.

    Returns:
        customer_id (no record is its own now), current_customer_id (lives). One row per pair: a customer
        that was merged, and whose successor was split since, has several.
    """
    is_open = F.col("valid_to").isNull()
    living = identity_map.where(is_open).select("customer_id").distinct()
    heirs = _heirs(identity_map, returns_within_days)
    found = heirs
    for _ in range(_MOST_STEPS):
        onward = heirs.select(F.col("customer_id").alias("heir"), F.col("heir").alias("next"))
        found = found.join(onward, on="heir", how="left").select(
            "customer_id", F.coalesce("next", "heir").alias("heir")
        )
    return (
        found.join(living.withColumnRenamed("customer_id", "heir"), on="heir", how="left_semi")
        .select("customer_id", F.col("heir").alias("current_customer_id"))
        .distinct()
    )


def _heirs(identity_map: DataFrame, returns_within_days: int) -> DataFrame:
    """customer_id, heir: of each customer that is no more, who had the records of its end after it.

    Of a record that is gone, the one who had it last; of one that was away for longer than
    `returns_within_days`, the one who had it last before.
    """
    end = identity_map.groupBy("customer_id").agg(
        F.max("valid_to").alias("ended_at"),
        F.bool_or(F.col("valid_to").isNull()).alias("is_alive"),
    )
    gone = end.where("not is_alive").select("customer_id", "ended_at")
    by_time = Window.partitionBy(UNIQUE_ID).orderBy("valid_from")
    longest = F.make_dt_interval(days=F.lit(returns_within_days))
    is_late = F.col("valid_from") > F.lag("valid_to").over(by_time) + longest
    # A life of a record ends where it is away for longer.
    lived = identity_map.select("*", is_late.alias("is_late")).select(
        "*", F.count_if("is_late").over(by_time).alias("life")
    )
    heir = F.max_by("customer_id", "valid_from").over(Window.partitionBy(UNIQUE_ID, "life"))
    return (
        lived.select("customer_id", "valid_to", heir.alias("heir"))
        .join(gone, on="customer_id", how="inner")
        .where((F.col("valid_to") == F.col("ended_at")) & (F.col("heir") != F.col("customer_id")))
        .select("customer_id", "heir")
        .distinct()
    )
