"""Where a customer id that is no more resolves to: the id, or ids, in which its records live on."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.linkage.model import UNIQUE_ID

_MOST_STEPS = 4
"""Merges that are followed from one whose records were all deleted since to the next such one."""


def customer_alias(identity_map: DataFrame) -> DataFrame:
    """Every id that is no more and has a successor that lives.

    A customer goes where the records went that were its own at its end: one that had left before is
    another's, and leads nowhere. Of a record that was deleted later, it goes where the customer went
    who had it last.

    Args:
        identity_map: linkage.identity_map of this run. Nothing else is looked at, so that an id whose
            successor was away for a day resolves again when that comes back.

    Returns:
        customer_id (no record is its own now), current_customer_id (lives). One row per pair: a customer
        that was merged, and whose successor was split since, has several.
    """
    is_open = F.col("valid_to").isNull()
    living = identity_map.where(is_open).select("customer_id").distinct()
    heirs = _heirs(identity_map)
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


def _heirs(identity_map: DataFrame) -> DataFrame:
    """customer_id, heir: of each customer that is no more, who had the records of its end after it.

    Of a record that is gone, the one who had it last.
    """
    end = identity_map.groupBy("customer_id").agg(
        F.max("valid_to").alias("ended_at"),
        F.bool_or(F.col("valid_to").isNull()).alias("is_alive"),
    )
    gone = end.where("not is_alive").select("customer_id", "ended_at")
    last = identity_map.groupBy(UNIQUE_ID).agg(F.max_by("customer_id", "valid_from").alias("heir"))
    return (
        identity_map.join(gone, on="customer_id", how="inner")
        .where(F.col("valid_to") == F.col("ended_at"))
        .select(UNIQUE_ID, "customer_id")
        .join(last, on=UNIQUE_ID, how="inner")
        .where(F.col("heir") != F.col("customer_id"))
        .select("customer_id", "heir")
        .distinct()
    )
