"""Where a customer id that is no more resolves to: the id, or ids, in which its records live on."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.linkage.model import UNIQUE_ID


def customer_alias(identity_map: DataFrame, previous: DataFrame) -> DataFrame:
    """Every id that is no more and has a successor.

    Args:
        identity_map: linkage.identity_map of this run.
        previous: linkage.customer_alias of the last run; may be empty. It helps where all records of
            a merged customer were deleted later: the customer that they were merged into lives on.

    Returns:
        customer_id (no record is its own now), current_customer_id (lives). One row per pair: a customer
        that was merged, and whose successor was split since, has several.
    """
    is_open = F.col("valid_to").isNull()
    lives = identity_map.where(is_open).select(UNIQUE_ID, "customer_id")
    living = lives.select(F.col("customer_id").alias("current_customer_id")).distinct()
    ended = identity_map.groupBy("customer_id").agg(F.bool_or(is_open).alias("is_alive"))
    gone = ended.where("not is_alive").select("customer_id")
    by_record = (
        identity_map.join(gone, on="customer_id", how="left_semi")
        .select(UNIQUE_ID, "customer_id")
        .join(
            lives.withColumnRenamed("customer_id", "current_customer_id"),
            on=UNIQUE_ID,
            how="inner",
        )
        .select("customer_id", "current_customer_id")
        .distinct()
    )
    # No record of theirs is left: they go where the customer went that they were merged into.
    merged = previous.join(gone, on="customer_id", how="left_semi")
    without = merged.join(by_record, on="customer_id", how="left_anti")
    still = without.join(living, on="current_customer_id", how="left_semi")
    moved = (
        without.withColumnRenamed("current_customer_id", "via")
        .join(by_record.withColumnRenamed("customer_id", "via"), on="via", how="inner")
        .select("customer_id", "current_customer_id")
    )
    return by_record.unionByName(still.select(*by_record.columns)).unionByName(moved).distinct()
