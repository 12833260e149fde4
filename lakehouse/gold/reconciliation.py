"""gold.reconciliation: what gold tells of money and events adds up to what silver tells."""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.silver_return import refunded_purchases, returned_purchases

_NO_CURRENCY = "XXX"
"""ISO 4217's code for a transaction without a currency."""

_ALL_DAYS, _NO_DAY = "all", "none"

_TYPES = {"count": "bigint", "amount": "decimal(28,2)"}
_SIDES = ("silver", "gold")


def reconciliation(  # noqa: PLR0913 (one for each table that it reads)
    *,
    order: DataFrame,
    order_line: DataFrame,
    payment: DataFrame,
    media_spend: DataFrame,
    web_event: DataFrame,
    customer_order: DataFrame,
    customer_order_line: DataFrame,
    customer_payment: DataFrame,
    customer_return: DataFrame,
    campaign: DataFrame,
    customer_web_session: DataFrame,
) -> DataFrame:
    """One row per fact, period and currency, with rows and sums on both sides.

    Money is added up by day, under `none` where a fact has no day: a line has its order's, what came back
    and was refunded its purchase's. Web events are added up over all days, as a session lies on the day it
    began. Key: fact, period, currency. Columns: those of gold.reconciliation.
    """
    returned = returned_purchases(order, order_line, customer_order)
    refunded = refunded_purchases(order, payment, customer_order)
    came_back = customer_return.where("is_whole_order or returned_piece_count > 0")
    was_refunded = customer_return.where("refund_count > 0")
    refunds = F.sum("refund_count")
    paid = payment.withColumn("payment_date", F.to_date("paid_at"))
    spent = campaign.select(F.inline("daily_spend"))
    return _compared(
        *_both("order", order, customer_order, "total_amount"),
        *_both("order_line", _dated(order_line, order), customer_order_line, "line_amount"),
        *_both("payment", paid, customer_payment, "amount", "payment_date"),
        *_both("return", returned, came_back, "returned_amount"),
        *_both("refund", refunded, was_refunded, "refunded_amount", count=refunds),
        *_both("media_spend", media_spend, spent, "spend_amount", "spend_date"),
        _sums("silver", "web_event", web_event, F.count("*")),
        _sums("gold", "web_event", customer_web_session, F.sum("event_count")),
    )


def _compared(*sums: DataFrame) -> DataFrame:
    """The sums of both sides side by side; a side that tells nothing has 0."""
    told = reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), sums)
    totals = {
        f"{side}_{what}": F.coalesce(F.sum(f"{side}_{what}"), F.lit(0)).cast(data_type)
        for side in _SIDES
        for what, data_type in _TYPES.items()
    }
    equal = [F.col(f"silver_{what}") == F.col(f"gold_{what}") for what in _TYPES]
    return (
        told.groupBy("fact", "period", "currency")
        .agg(*(total.alias(name) for name, total in totals.items()))
        .select("fact", "period", "currency", *totals, (equal[0] & equal[1]).alias("is_equal"))
    )


def _dated(order_line: DataFrame, order: DataFrame) -> DataFrame:
    """The lines with the day of their order in silver; null if it is missing."""
    days = order.select(F.col("record_key").alias("order_record_key"), "order_date")
    return order_line.join(days, on="order_record_key", how="left")


def _both(
    fact: str,
    silver: DataFrame,
    gold: DataFrame,
    amount: str,
    day: str = "order_date",
    count: Column | None = None,
) -> list[DataFrame]:
    """Rows, or what `count` counts, and sums of money of both sides, by currency and day."""
    rows = F.count("*") if count is None else count
    period = F.coalesce(F.col(day).cast("string"), F.lit(_NO_DAY))
    return [
        _sums(side, fact, told, rows, F.sum(amount), period, F.col("currency"))
        for side, told in zip(_SIDES, (silver, gold), strict=True)
    ]


def _sums(
    side: str,
    fact: str,
    rows: DataFrame,
    count: Column,
    amount: Column | None = None,
    period: Column | None = None,
    currency: Column | None = None,
) -> DataFrame:
    keys = {
        "fact": F.lit(fact),
        "period": F.lit(_ALL_DAYS) if period is None else period,
        "currency": F.lit(_NO_CURRENCY) if currency is None else currency,
    }
    total = F.lit(None).cast(_TYPES["amount"]) if amount is None else amount
    return rows.groupBy(*(value.alias(name) for name, value in keys.items())).agg(
        count.alias(f"{side}_count"), total.alias(f"{side}_amount")
    )
