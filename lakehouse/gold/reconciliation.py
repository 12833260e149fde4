"""gold.reconciliation: what gold tells of money and events adds up to what silver tells."""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_ROWS, _SUM = "bigint", "decimal(28,2)"


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
    """One row per fact, day and currency, with rows and sums on both sides.

    Lines and web events are added up over all days: a line has no day of its own in silver, and a
    session lies on the day it began. Key: fact, fact_date, currency. Columns: those of
    gold.reconciliation.
    """
    ordered, paid, whole = F.col("order_date"), F.to_date("paid_at"), F.lit(None).cast("date")
    sums = [
        _sums("silver", "order", order, ordered, "total_amount"),
        _sums("gold", "order", customer_order, ordered, "total_amount"),
        _sums("silver", "order_line", order_line, whole, "line_amount"),
        _sums("gold", "order_line", customer_order_line, whole, "line_amount"),
        _sums("silver", "payment", payment, paid, "amount"),
        _sums("gold", "payment", customer_payment, paid, "amount"),
        _sums("silver", "web_event", web_event, whole, None),
        _sums("gold", "web_event", customer_web_session, whole, None, "event_count"),
    ]
    sides = [f"{side}_{what}" for side in ("silver", "gold") for what in ("count", "amount")]
    told = reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), sums)
    return (
        told.groupBy("fact", "fact_date", "currency")
        .agg(*(F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in sides))
        .select(
            "fact",
            "fact_date",
            "currency",
            *(F.col(n).cast(_ROWS if n.endswith("count") else _SUM).alias(n) for n in sides),
            (
                (F.col("silver_count") == F.col("gold_count"))
                & (F.col("silver_amount") == F.col("gold_amount"))
            ).alias("is_equal"),
        )
    )


def _sums(
    side: str,
    fact: str,
    rows: DataFrame,
    day: Column,
    amount: str | None,
    count: str | None = None,
) -> DataFrame:
    """Rows and sum of one side of a fact, by day and currency; without an amount, no currency."""
    return rows.groupBy(
        F.lit(fact).alias("fact"),
        day.alias("fact_date"),
        (F.col("currency") if amount else F.lit(None).cast("string")).alias("currency"),
    ).agg(
        (F.sum(count) if count else F.count("*")).alias(f"{side}_count"),
        (F.sum(amount) if amount else F.lit(None).cast(_SUM)).alias(f"{side}_amount"),
    )
