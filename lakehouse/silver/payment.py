"""silver.payment: what was paid and refunded."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def payment(typed: DataFrame, order: DataFrame) -> DataFrame:
    """One row per payment or refund. Key: record_key.

    `order_record_key` stays only where silver.order has the order; the person is the payment's own,
    else the order's.
    """
    orders = order.select(
        F.col("record_key").alias("_order"),
        F.col("person_record_key").alias("_person"),
        F.col("currency").alias("_currency"),
    )
    joined = typed.join(orders, on=F.col("order_record_key") == F.col("_order"), how="left")
    return joined.withColumns(
        {
            "order_record_key": F.col("_order"),
            "person_record_key": F.coalesce("person_record_key", "_person"),
            "currency": F.coalesce("currency", "_currency"),
        }
    )
