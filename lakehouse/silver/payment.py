"""silver.payment: what was paid and refunded."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.keys import keyed_hash


def payment(typed: DataFrame, order: DataFrame, secret: str) -> DataFrame:
    """One row per payment or refund. Key: record_key.

    `order_record_key` stays only where silver.order has the order; the person is the payment's own,
    else the order's. `secret` keys the hash of the account that paid.
    """
    orders = order.select(
        F.col("record_key").alias("_order"),
        F.col("person_record_key").alias("_person"),
        F.col("currency").alias("_currency"),
    )
    account = F.col("payment_account_key")
    joined = typed.join(orders, on=F.col("order_record_key") == F.col("_order"), how="left")
    return joined.withColumns(
        {
            "order_record_key": F.col("_order"),
            "person_record_key": F.coalesce("person_record_key", "_person"),
            "currency": F.coalesce("currency", "_currency"),
            "payment_account_key": keyed_hash(
                secret, F.lit("payment_account"), F.col("source_system"), account
            ),
        }
    )
