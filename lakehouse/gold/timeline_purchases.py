"""Events of a customer's purchases: ordered, paid, brought back."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_order import purchases
from lakehouse.gold.customer_payment import refunds
from lakehouse.gold.timeline_event import in_words, named, timeline_events


def purchase_events(
    customer_order: DataFrame, customer_payment: DataFrame, customer_return: DataFrame
) -> list[DataFrame]:
    """Frames of `timeline_events`: each purchase once, whoever tells of it again."""
    return [
        _orders(purchases(customer_order)),
        _payments(customer_payment.where(~F.col("is_told_again"))),
        _returns(customer_return, customer_payment, customer_order),
    ]


def _orders(customer_order: DataFrame) -> DataFrame:
    where = F.when(F.col("channel") == "store", F.concat_ws(" ", F.lit("in store"), "store_id"))
    title = F.concat_ws(
        ", ",
        F.concat_ws(" ", F.lit("Ordered"), where.otherwise(F.lit("in the web shop"))),
        "status",
    )
    return timeline_events(
        customer_order,
        F.lit("order"),
        "record_key",
        "ordered_at",
        title,
        **named("channel", "currency", "reporting_amount"),
        amount=F.col("total_amount"),
    )


def _payments(customer_payment: DataFrame) -> DataFrame:
    status = F.coalesce("status", F.lit("unknown"))
    kind = (
        F.when(status == "failed", "payment_failed")
        .when((status == "refunded") | (F.col("amount") < 0), "refund")
        .otherwise("payment")
    )
    words = {"refund": "Refunded", "payment_failed": "Payment failed", "payment": "Paid"}
    title = F.concat_ws(" by ", in_words(kind, words), "method")
    return timeline_events(
        customer_payment,
        kind,
        "record_key",
        "paid_at",
        title,
        **named("amount", "currency", "reporting_amount"),
    )


def _returns(
    customer_return: DataFrame, customer_payment: DataFrame, customer_order: DataFrame
) -> DataFrame:
    """What came back by a receipt and without a refund to the same customer, which would tell of it."""
    again = customer_order.where(F.col("same_purchase_key").isNotNull()).select(
        F.col("record_key").alias("order_record_key"), "same_purchase_key"
    )
    # Of any currency, unlike the refunds that customer_return counts.
    refunded = (
        refunds(customer_payment)
        .join(again, on="order_record_key", how="left")
        .select(
            F.coalesce("same_purchase_key", "order_record_key").alias("record_key"), "customer_id"
        )
    )
    back = customer_return.where(F.col("returned_at").isNotNull()).join(
        refunded, on=["record_key", "customer_id"], how="left_anti"
    )
    title = F.when(F.col("is_whole_order"), "Returned the whole order").otherwise(
        "Returned part of an order"
    )
    return timeline_events(
        back,
        F.lit("returned"),
        "record_key",
        "returned_at",
        title,
        currency=F.col("currency"),
        # A receipt tells of it, wherever it was bought.
        source_system=F.col("return_source_system"),
        channel=F.lit("store"),
        amount=F.col("returned_amount"),
        reporting_amount=F.col("returned_reporting_amount"),
    )
