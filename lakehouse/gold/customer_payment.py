"""gold.customer_payment: every payment and refund, with its customer where there is one."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.identity import with_customer
from lakehouse.gold.money import reporting_amount
from lakehouse.settings.facts import MoneySettings


def customer_payment(
    payment: DataFrame, customer_order: DataFrame, identity_map: DataFrame, money: MoneySettings
) -> DataFrame:
    """One row per payment of silver; the customer is the payer, or who ordered if the payer is unknown.

    Key: record_key. Columns: those of gold.customer_payment.
    """
    orders = customer_order.select(
        F.col("record_key").alias("order_record_key"),
        F.col("person_record_key").alias("ordering_record_key"),
        F.col("same_purchase_key").isNotNull().alias("is_told_again"),
    )
    payments = payment.join(orders, on="order_record_key", how="left").withColumns(
        {
            "person_record_key": F.coalesce("person_record_key", "ordering_record_key"),
            "payment_date": F.to_date("paid_at"),
            "is_told_again": F.coalesce("is_told_again", F.lit(False)),
        }
    )
    return with_customer(payments, identity_map).select(
        "record_key",
        "customer_id",
        "person_record_key",
        "source_system",
        "payment_id",
        "order_record_key",
        "paid_at",
        "payment_date",
        "method",
        "status",
        "currency",
        "amount",
        reporting_amount("amount", "currency", "payment_date", money).alias("reporting_amount"),
        "is_told_again",
    )
