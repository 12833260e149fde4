"""gold.customer_payment: every payment and refund, with its customer where there is one."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold.identity import with_customer
from lakehouse.gold.money import reporting_amount
from lakehouse.settings.facts import MoneySettings


def customer_payment(
    payment: DataFrame, customer_order: DataFrame, identity_map: DataFrame, money: MoneySettings
) -> DataFrame:
    """One row per payment of silver; the customer is the payer, or who ordered if the payer is unknown.

    Key: record_key. Columns: those of gold.customer_payment. Of the tellings of one purchase each may have
    its payments: the n-th of one amount by one telling is the n-th by another, and told again by the later.
    """
    payments = _with_customer(payment, customer_order, identity_map).withColumns(
        {
            "payment_date": F.to_date("paid_at"),
            # Payments of no known order must not meet in one task.
            "purchase": F.coalesce("same_purchase_key", "order_record_key", "record_key"),
        }
    )
    return _told_again(payments).select(
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


def is_refund() -> Column:
    """True for money that went back."""
    return F.coalesce(F.col("status").eqNullSafe("refunded") | (F.col("amount") < 0), F.lit(False))


def has_failed() -> Column:
    """True for a payment or refund that did not go through."""
    return F.col("status").eqNullSafe("failed")


def refunds(customer_payment: DataFrame) -> DataFrame:
    """The refunds that did not fail, each once."""
    return customer_payment.where(is_refund() & ~has_failed() & ~F.col("is_told_again"))


def _with_customer(
    payment: DataFrame, customer_order: DataFrame, identity_map: DataFrame
) -> DataFrame:
    """The payments with customer_id, the person_record_key that it is found by, and same_purchase_key.

    Unknown is also a payer whom the source names and who is no customer: then it is who ordered.
    """
    orders = customer_order.select(
        F.col("record_key").alias("order_record_key"),
        F.col("person_record_key").alias("ordering_record_key"),
        F.col("customer_id").alias("ordering_customer_id"),
        "same_purchase_key",
    )
    payer = F.col("person_record_key")
    is_payers = F.col("customer_id").isNotNull() | F.col("ordering_customer_id").isNull()
    return (
        with_customer(payment, identity_map)
        .join(orders, on="order_record_key", how="left")
        .withColumns(
            {
                "customer_id": F.coalesce("customer_id", "ordering_customer_id"),
                "person_record_key": F.coalesce(F.when(is_payers, payer), "ordering_record_key"),
            }
        )
    )


def _told_again(payments: DataFrame) -> DataFrame:
    """The payments with `is_told_again`."""
    alike = ("purchase", "currency", "amount", is_refund(), has_failed())
    of_telling = Window.partitionBy(*alike, "order_record_key").orderBy("paid_at", "record_key")
    is_later = F.col("same_purchase_key").isNotNull()
    of_purchase = Window.partitionBy(*alike, "n").orderBy(is_later, "order_record_key")
    return (
        # One shuffle serves both windows.
        payments.repartition("purchase")
        .withColumn("n", F.row_number().over(of_telling))
        .withColumn("is_told_again", F.row_number().over(of_purchase) > 1)
    )
