"""What came back and was refunded as silver tells it, for gold.reconciliation.

Gold's word is taken for one thing only: which orders are one purchase (same_purchase_key). What came back
of it is made from silver anew, without gold.customer_return and the facts that it is made from.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_payment import has_failed, is_refund

_AMOUNT = "decimal(28,2)"
_OF_ORDER = ("order_record_key", "currency")
_OF_PURCHASE = ("purchase_key", "order_date", "currency")


def returned_purchases(
    order: DataFrame, order_line: DataFrame, customer_order: DataFrame
) -> DataFrame:
    """One row per purchase of which something came back: order_date, currency, returned_amount."""
    pieces = F.sum(-F.col("quantity")).alias("pieces")
    back = (
        order_line.where(F.col("quantity") < 0)
        .groupBy(*_OF_ORDER)
        .agg(pieces, F.sum(F.abs("line_amount")).alias("worth"))
    )
    is_whole = F.col("status").eqNullSafe("returned")
    amount = F.when(F.col("is_whole"), F.col("total_amount")).otherwise(F.col("most.worth"))
    return (
        _tellings(order, customer_order)
        .join(back, on=list(_OF_ORDER), how="left")
        .where(is_whole | F.col("pieces").isNotNull())
        .groupBy(*_OF_PURCHASE)
        .agg(
            F.bool_or(is_whole).alias("is_whole"),
            # The tellings of a purchase agree in it.
            F.max("total_amount").alias("total_amount"),
            F.max(F.struct("pieces", "worth")).alias("most"),
        )
        .select("order_date", "currency", amount.alias("returned_amount"))
    )


def refunded_purchases(
    order: DataFrame, payment: DataFrame, customer_order: DataFrame
) -> DataFrame:
    """Refunds of known orders, in their order's currency, that did not fail: one row per purchase and amount.

    Columns: order_date, currency, refund_count, refunded_amount (of all of them, above zero). Of several
    tellings of a purchase the one with most refunds of an amount tells how many there were.
    """
    return (
        payment.where(is_refund() & ~has_failed())
        .join(_tellings(order, customer_order), on=list(_OF_ORDER), how="inner")
        .groupBy(*_OF_PURCHASE, "amount", "order_record_key")
        .agg(F.count("*").alias("refund_count"))
        .groupBy(*_OF_PURCHASE, "amount")
        .agg(F.max("refund_count").alias("refund_count"))
        .select(
            "order_date",
            "currency",
            "refund_count",
            (F.col("refund_count") * F.abs("amount")).cast(_AMOUNT).alias("refunded_amount"),
        )
    )


def _tellings(order: DataFrame, customer_order: DataFrame) -> DataFrame:
    """One row per order of silver: order_record_key, purchase_key, the date of the purchase's first telling,
    currency, total_amount, status.
    """
    first = order.select(
        F.col("record_key").alias("same_purchase_key"), F.col("order_date").alias("first_date")
    )
    later = (
        customer_order.where(F.col("same_purchase_key").isNotNull())
        .select("record_key", "same_purchase_key")
        .join(first, on="same_purchase_key", how="inner")
    )
    return order.join(later, on="record_key", how="left").select(
        F.col("record_key").alias("order_record_key"),
        F.coalesce("same_purchase_key", "record_key").alias("purchase_key"),
        F.coalesce("first_date", "order_date").alias("order_date"),
        "currency",
        "total_amount",
        "status",
    )
