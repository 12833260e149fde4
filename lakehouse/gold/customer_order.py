"""gold.customer_order: every order, with its customer where there is one."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold.identity import with_customer
from lakehouse.gold.money import reporting_amount
from lakehouse.settings.facts import FactSettings
from lakehouse.tables.gold import CUSTOMER_ORDER

_PURCHASE = ("customer_id", "currency", "total_amount", "is_cancelled", "basket")
"""What two tellings of one purchase agree in, beside their time."""


def customer_order(
    order: DataFrame,
    order_line: DataFrame,
    store_weather: DataFrame,
    identity_map: DataFrame,
    facts: FactSettings,
) -> DataFrame:
    """One row per order of silver, customer_id null for guests.

    Key: record_key. Columns: those of gold.customer_order. Where two systems tell of one purchase, the
    later telling names the earlier in same_purchase_key, and the earlier is returned if either is.
    """
    known = with_customer(order, identity_map)
    repeated = _repeated(known, order_line, facts.same_purchase_hours)
    return (
        known.join(repeated, on="record_key", how="left")
        .join(_weather(store_weather), on=["store_id", "order_date"], how="left")
        .withColumns(
            {
                "status": F.when(F.col("is_returned"), "returned").otherwise(F.col("status")),
                "reporting_amount": reporting_amount(
                    "total_amount", "currency", "order_date", facts.money
                ),
            }
        )
        .select(*CUSTOMER_ORDER.column_names)
    )


def purchases(customer_order: DataFrame) -> DataFrame:
    """The orders, each purchase once: without what a second system tells of one again."""
    return customer_order.where(F.col("same_purchase_key").isNull())


def has_worth() -> Column:
    """True for an order that was neither cancelled nor returned, by its column status."""
    return ~F.coalesce("status", F.lit("")).isin("cancelled", "returned")


def counted(customer_order: DataFrame, as_of: date) -> DataFrame:
    """The orders that count in measures: each purchase once, neither cancelled nor returned.

    What is dated after `as_of` has a wrong clock and is not among them.
    """
    return purchases(customer_order).where(has_worth() & (F.col("order_date") <= F.lit(as_of)))


def _weather(store_weather: DataFrame) -> DataFrame:
    """One row per store and day, of several the newest."""
    told = F.struct("condition", "temperature_celsius")
    return (
        store_weather.groupBy("store_id", F.col("weather_date").alias("order_date"))
        .agg(F.max_by(told, F.struct("sequence_at", "record_key")).alias("weather"))
        .select(
            "store_id",
            "order_date",
            F.col("weather.condition").alias("weather_condition"),
            "weather.temperature_celsius",
        )
    )


def _repeated(known: DataFrame, order_line: DataFrame, hours: int) -> DataFrame:
    """One row per order that repeats another or that another repeats: record_key, same_purchase_key (null
    for the first telling), is_returned (true of a first telling where a later one was returned).

    Tellings of one customer, total and basket form a row of bursts, each of which ends where nothing
    follows within the hours. In a burst the n-th order of one system and the n-th of another are one
    purchase, if they are no further apart: somebody who buys the same twice in one system has bought
    it twice. What was cancelled is no telling of what was bought instead.
    """
    in_turn = Window.partitionBy(*_PURCHASE).orderBy("ordered_at", "record_key")
    gap = F.col("ordered_at") - F.lag("ordered_at").over(in_turn)
    limit = F.lit(timedelta(hours=hours))
    is_new = F.coalesce(gap > limit, F.lit(False)).cast("int")
    of_system = Window.partitionBy(*_PURCHASE, "burst", "source_system").orderBy(
        "ordered_at", "record_key"
    )
    purchase = Window.partitionBy(*_PURCHASE, "burst", "n")
    of_purchase = purchase.orderBy("ordered_at", "record_key")
    is_again = (F.col("first.record_key") != F.col("record_key")) & (
        F.col("ordered_at") - F.col("first.ordered_at") <= limit
    )
    is_returned = F.col("is_again") & F.col("status").eqNullSafe("returned")
    return (
        _tellings(known, order_line)
        .withColumn("is_new", is_new)
        .withColumn("burst", F.sum("is_new").over(in_turn))
        .withColumn("n", F.row_number().over(of_system))
        .withColumn("first", F.first(F.struct("record_key", "ordered_at")).over(of_purchase))
        .withColumn("is_again", is_again)
        .select(
            "record_key",
            F.when(F.col("is_again"), F.col("first.record_key")).alias("same_purchase_key"),
            (
                (F.col("first.record_key") == F.col("record_key"))
                & F.bool_or(is_returned).over(purchase)
            ).alias("is_returned"),
        )
        .where(F.col("same_purchase_key").isNotNull() | F.col("is_returned"))
    )


def _tellings(known: DataFrame, order_line: DataFrame) -> DataFrame:
    """The orders of known customers of which any line is known, with what one purchase agrees in."""
    return (
        known.where(F.col("customer_id").isNotNull())
        .withColumn("is_cancelled", F.col("status").eqNullSafe("cancelled"))
        .select("record_key", "source_system", "ordered_at", "status", *_PURCHASE[:-1])
        .join(_basket(order_line), on="record_key", how="inner")
    )


def _basket(order_line: DataFrame) -> DataFrame:
    """One row per order with a line of what was bought: record_key, basket. What came back is not in it.

    A basket has the pieces of each product: one system writes a line for two, another scans them one by one.
    """
    is_bought = F.coalesce(F.col("quantity") > 0, F.lit(True))
    return (
        order_line.where(is_bought)
        # One shuffle serves both groupings.
        .repartition("order_record_key")
        .groupBy("order_record_key", "product_id")
        .agg(F.sum("quantity").alias("pieces"))
        .groupBy(F.col("order_record_key").alias("record_key"))
        .agg(F.array_sort(F.collect_list(F.struct("product_id", "pieces"))).alias("basket"))
    )
