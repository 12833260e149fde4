"""gold.customer_order: every order, with its customer where there is one."""

from collections.abc import Callable
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold.identity import with_customer
from lakehouse.gold.money import reporting_amount
from lakehouse.settings.facts import FactSettings
from lakehouse.tables.gold import CUSTOMER_ORDER

_PURCHASE = ("customer_id", "currency", "total_amount", "is_cancelled", "basket")
"""What two tellings of one purchase agree in, beside their time."""

_TELLING = "struct<ordered_at:timestamp,record_key:string,source_system:string,status:string>"
_PAIRS = f"array<struct<first:{_TELLING},again:{_TELLING}>>"


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
    """One row per order that repeats another: record_key, same_purchase_key, is_returned (null); and one per
    order of which a later telling was returned: record_key, same_purchase_key (null), is_returned (true).

    What was cancelled is no telling of what was bought instead. What repeats another is repeated by none.
    """
    limit = timedelta(hours=hours)
    in_turn = Window.partitionBy(*_PURCHASE).orderBy("ordered_at", "record_key")
    gap = F.col("ordered_at") - F.lag("ordered_at").over(in_turn)
    order = F.struct("ordered_at", "record_key", "source_system", "status").cast(_TELLING)
    again = F.transform(
        "pairs",
        lambda pair: F.struct(
            pair["again"]["record_key"].alias("record_key"),
            pair["first"]["record_key"].alias("same_purchase_key"),
            F.lit(None).cast("boolean").alias("is_returned"),
        ),
    )
    returned = F.transform(
        F.filter("pairs", lambda pair: pair["again"]["status"] == "returned"),
        lambda pair: F.struct(
            pair["first"]["record_key"].alias("record_key"),
            F.lit(None).cast("string").alias("same_purchase_key"),
            F.lit(True).alias("is_returned"),
        ),
    )
    return (
        _tellings(known, order_line)
        # No pair spans a longer gap, and an account may have years of equal orders.
        .withColumn("is_new", F.coalesce(gap > F.lit(limit), F.lit(False)).cast("int"))
        .withColumn("burst", F.sum("is_new").over(in_turn))
        .groupBy(*_PURCHASE, "burst")
        .agg(F.array_sort(F.collect_list(order)).alias("tellings"))
        .where(F.size(F.array_distinct("tellings.source_system")) > 1)
        .select(_told(limit).alias("told"))
        .select(_pairs(limit).alias("pairs"))
        # Of a purchase that three systems tell of, two can say that it came back.
        .select(F.inline(F.array_distinct(F.concat(again, returned))))
    )


def _told(limit: timedelta) -> Column:
    """Each of the `tellings`, in order of time, as `again`, beside the `first` that it repeats; null if none.

    A system tells of a purchase once: who buys the same twice in one system has bought it twice. Each
    takes the oldest free one, so that as many as can be repeat another.
    """
    return F.aggregate(
        "tellings",
        F.array().cast(_PAIRS),
        lambda told, order: _with(told, order, limit, F.array_min),
    )


def _pairs(limit: timedelta) -> Column:
    """Those of `told` that repeat another, each beside the nearest that is free, from the last one back.

    Were it the oldest, a purchase that one system alone told of would shift all that follow.
    """
    firsts = F.filter("told", lambda pair: pair["first"].isNull())
    later = F.reverse(F.filter("told", lambda pair: pair["first"].isNotNull()))
    paired = F.aggregate(
        later, firsts, lambda told, pair: _with(told, pair["again"], limit, F.array_max)
    )
    return F.filter(paired, lambda pair: pair["first"].isNotNull())


def _with(
    told: Column, order: Column, limit: timedelta, choice: Callable[[Column], Column]
) -> Column:
    """`told`, pairs in which `first` is null for a first telling, and after it the order.

    Of the first tellings of other systems, no longer before it than the limit, of which its own system has
    told no other order, it takes the one that `choice` takes; else it is a first telling itself.
    """

    def is_free(first: Column) -> Column:
        return ~F.exists(
            told,
            lambda pair: (
                pair["first"]["record_key"].eqNullSafe(first["record_key"])
                & (pair["again"]["source_system"] == order["source_system"])
            ),
        )

    def is_another(pair: Column) -> Column:
        first = pair["again"]
        return (
            pair["first"].isNull()
            & (first["source_system"] != order["source_system"])
            & (first < order)
            & (order["ordered_at"] - first["ordered_at"] <= F.lit(limit))
            & is_free(first)
        )

    taken = choice(F.transform(F.filter(told, is_another), lambda pair: pair["again"]))
    return F.concat(told, F.array(F.struct(taken.alias("first"), order.alias("again"))))


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
