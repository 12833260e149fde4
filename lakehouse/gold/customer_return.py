"""gold.customer_return: what came back of each purchase, and what was refunded."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_order import purchases
from lakehouse.gold.customer_payment import refunds
from lakehouse.gold.money import reporting_amount
from lakehouse.settings.facts import MoneySettings

_AMOUNT = "decimal(18,2)"
_OF_ORDER = ("order_record_key", "currency")


def customer_return(
    customer_order: DataFrame,
    customer_order_line: DataFrame,
    customer_payment: DataFrame,
    money: MoneySettings,
) -> DataFrame:
    """One row per purchase of which something came back or was refunded, each purchase once.

    An order that is returned as a whole comes back at its total; else what its lines of negative quantity
    say came back, by that telling of the purchase by which most did. Lines and refunds in another currency
    than the order's are not among its amounts. Key: record_key. Columns: those of gold.customer_return.
    """
    by_rate = ("currency", "order_date", money)
    days = F.datediff(F.to_date("refunded_at"), F.col("order_date"))
    returned = _returned(customer_order, customer_order_line, customer_payment)
    return returned.select(
        F.col("order_record_key").alias("record_key"),
        "customer_id",
        "person_record_key",
        "source_system",
        "order_id",
        "channel",
        "store_id",
        "order_date",
        "currency",
        F.col("total_amount").alias("order_amount"),
        "is_whole_order",
        "returned_piece_count",
        "returned_amount",
        reporting_amount("returned_amount", *by_rate).alias("returned_reporting_amount"),
        F.coalesce("refund_count", F.lit(0)).alias("refund_count"),
        "refunded_amount",
        reporting_amount("refunded_amount", *by_rate).alias("refunded_reporting_amount"),
        "refunded_at",
        F.when(days >= 0, days).alias("days_to_refund"),
        "returned_at",
        "return_source_system",
    )


def _returned(
    customer_order: DataFrame, customer_order_line: DataFrame, customer_payment: DataFrame
) -> DataFrame:
    """The purchases of which something came back or was refunded, with how much of each."""
    is_whole = F.col("status").eqNullSafe("returned")
    amount = F.when(is_whole, F.col("total_amount")).otherwise(F.col("returned_amount"))
    pieces = F.when(is_whole, F.col("sold_piece_count")).otherwise(F.col("returned_piece_count"))
    return (
        purchases(customer_order)
        .withColumnRenamed("record_key", "order_record_key")
        .join(_pieces(customer_order_line, customer_order), on=list(_OF_ORDER), how="left")
        .join(_refunds(customer_payment, customer_order), on=list(_OF_ORDER), how="left")
        .where(is_whole | (F.col("returned_piece_count") > 0) | (F.col("refund_count") > 0))
        .withColumns(
            {
                "is_whole_order": is_whole,
                "returned_amount": F.coalesce(amount, F.lit(0)).cast(_AMOUNT),
                "returned_piece_count": F.coalesce(pieces, F.lit(0)),
                "refunded_amount": F.coalesce("refunded_amount", F.lit(0)).cast(_AMOUNT),
            }
        )
    )


def _of_purchases(rows: DataFrame, customer_order: DataFrame) -> DataFrame:
    """The rows in their order's currency, those of a second telling with the order_record_key of the first.

    `receipt` is the moment and system of the telling that a row is of; null where that is no receipt.
    """
    tellings = customer_order.withColumnRenamed("record_key", "order_record_key").select(
        *_OF_ORDER,
        F.coalesce("same_purchase_key", "order_record_key").alias("purchase_key"),
        F.when(F.col("channel") == "store", F.struct("ordered_at", "source_system")).alias(
            "receipt"
        ),
    )
    return (
        rows.join(tellings, on=list(_OF_ORDER), how="inner")
        .withColumn("order_record_key", F.col("purchase_key"))
        .drop("purchase_key")
    )


def _pieces(customer_order_line: DataFrame, customer_order: DataFrame) -> DataFrame:
    """One row per purchase and currency: pieces sold, pieces that came back, what these were worth, and
    the moment and system of the receipt that tells of them, if one does.
    """
    quantity, is_back = F.col("quantity"), F.col("quantity") < 0
    told = customer_order_line.groupBy(*_OF_ORDER).agg(
        F.sum(F.when(~is_back, quantity)).alias("sold"),
        F.sum(F.when(is_back, -quantity)).alias("returned"),
        F.sum(F.when(is_back, F.abs("line_amount"))).alias("worth"),
    )
    most = F.max(F.when(F.col("returned") > 0, F.struct("returned", "worth", "receipt")))
    return (
        _of_purchases(told, customer_order)
        .groupBy(*_OF_ORDER)
        .agg(F.max("sold").alias("sold_piece_count"), most.alias("most"))
        .select(
            *_OF_ORDER,
            "sold_piece_count",
            F.col("most.returned").alias("returned_piece_count"),
            F.col("most.worth").alias("returned_amount"),
            F.col("most.receipt.ordered_at").alias("returned_at"),
            F.col("most.receipt.source_system").alias("return_source_system"),
        )
    )


def _refunds(customer_payment: DataFrame, customer_order: DataFrame) -> DataFrame:
    """One row per purchase and currency: refunds that did not fail, their sum and first moment."""
    return (
        _of_purchases(refunds(customer_payment), customer_order)
        .groupBy(*_OF_ORDER)
        .agg(
            F.count("*").alias("refund_count"),
            F.sum(F.abs("amount")).alias("refunded_amount"),
            F.min("paid_at").alias("refunded_at"),
        )
    )
