"""gold.reconciliation: what gold tells of money and events adds up to what silver tells."""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_NO_CURRENCY = "XXX"
"""ISO 4217's code for a transaction without a currency."""

_TYPES = {"count": "bigint", "amount": "decimal(28,2)"}
_SIDES = ("silver", "gold")


def reconciliation(
    order: DataFrame,
    order_line: DataFrame,
    payment: DataFrame,
    web_event: DataFrame,
    customer_order: DataFrame,
    customer_order_line: DataFrame,
    customer_payment: DataFrame,
    customer_web_session: DataFrame,
) -> DataFrame:
    """One row per fact, period and currency, with rows and sums on both sides.

    Lines and web events are added up over all days: a line has no day of its own in silver, and a
    session lies on the day it began. Key: fact, period, currency. Columns: those of
    gold.reconciliation.
    """
    ordered, paid = F.col("order_date"), F.to_date("paid_at")
    sums = [
        *_both("order", order, customer_order, "total_amount", ordered),
        *_both("order_line", order_line, customer_order_line, "line_amount"),
        *_both("payment", payment, customer_payment, "amount", paid),
        _sums("silver", "web_event", web_event, F.count("*")),
        _sums("gold", "web_event", customer_web_session, F.sum("event_count")),
    ]
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


def _both(
    fact: str, silver: DataFrame, gold: DataFrame, amount: str, day: Column | None = None
) -> list[DataFrame]:
    """Rows and sums of money of both sides, by currency and, if there is one, day."""
    return [
        _sums(side, fact, rows, F.count("*"), amount, day)
        for side, rows in zip(_SIDES, (silver, gold), strict=True)
    ]


def _sums(
    side: str,
    fact: str,
    rows: DataFrame,
    count: Column,
    amount: str | None = None,
    day: Column | None = None,
) -> DataFrame:
    period = F.lit("all") if day is None else day.cast("string")
    currency = F.lit(_NO_CURRENCY) if amount is None else F.col("currency")
    total = F.lit(None).cast(_TYPES["amount"]) if amount is None else F.sum(amount)
    return rows.groupBy(
        F.lit(fact).alias("fact"), period.alias("period"), currency.alias("currency")
    ).agg(count.alias(f"{side}_count"), total.alias(f"{side}_amount"))
