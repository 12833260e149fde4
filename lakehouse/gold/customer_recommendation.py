"""gold.customer_recommendation: what recommended lists showed, and whether it was clicked and bought."""

from datetime import date, timedelta

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold.customer_order import counted
from lakehouse.gold.customer_order_line import is_counted
from lakehouse.gold.identity import with_customer

_BOUGHT = ("customer_id", "product_id")


def customer_recommendation(
    recommendation: DataFrame,
    customer_web_session: DataFrame,
    customer_order: DataFrame,
    customer_order_line: DataFrame,
    identity_map: DataFrame,
    recommendation_days: int,
    as_of: date,
) -> DataFrame:
    """One row per list and product in it. Key: recommendation_key. Columns: those of its spec.

    A list belongs to whom its session belongs to, else to the login of its own events. A purchase within
    `recommendation_days` counts for the list in which the product was clicked last before it, else
    for the one that showed it last; one dated after `as_of` has a wrong clock and counts for none.
    """
    lists = with_customer(_of_visitors(_lists(recommendation), customer_web_session), identity_map)
    purchases = _purchases(customer_order, customer_order_line, as_of)
    bought = _bought(lists, purchases, timedelta(days=recommendation_days))
    return lists.join(bought, on="recommendation_key", how="left").select(
        "recommendation_key",
        "customer_id",
        "person_record_key",
        "source_system",
        "list_id",
        "placement",
        "product_id",
        "position",
        "session_key",
        "shown_at",
        F.to_date("shown_at").alias("shown_date"),
        "clicked_at",
        F.col("clicked_at").isNotNull().alias("is_clicked"),
        F.col("first.order_record_key").isNotNull().alias("is_bought"),
        "first.order_record_key",
        "first.ordered_at",
    )


def _lists(recommendation: DataFrame) -> DataFrame:
    """One row per list and product, with the session and login of its first event that has one."""
    moment, kind = F.struct("event_at", "record_key"), F.col("event_type")
    in_session = F.concat_ws(":", "source_system", "session_id")
    told = recommendation.withColumn(
        "session_key", F.when(F.col("session_id").isNotNull(), in_session)
    )
    firsts = ("placement", "position", "session_key", "person_record_key")
    shown = F.min(F.when(kind == "shown", F.col("event_at")))
    return told.groupBy("source_system", "list_id", "product_id").agg(
        F.concat_ws(":", "source_system", "list_id", "product_id").alias("recommendation_key"),
        F.coalesce(shown, F.min("event_at")).alias("shown_at"),
        F.min(F.when(kind == "clicked", F.col("event_at"))).alias("clicked_at"),
        *(F.min_by(n, F.when(F.col(n).isNotNull(), moment)).alias(n) for n in firsts),
    )


def _of_visitors(lists: DataFrame, customer_web_session: DataFrame) -> DataFrame:
    """The lists with the person whose the session is, or else who logged in; nobody for a machine."""
    sessions = customer_web_session.select(
        "session_key", "is_bot", F.col("person_record_key").alias("visitor")
    )
    is_machine = F.coalesce("is_bot", F.lit(False))
    person = F.when(~is_machine, F.coalesce("visitor", "person_record_key"))
    return lists.join(sessions, on="session_key", how="left").withColumn(
        "person_record_key", person
    )


def _purchases(customer_order: DataFrame, customer_order_line: DataFrame, as_of: date) -> DataFrame:
    """One row per order that counts and product in it, of known customers."""
    orders = counted(customer_order, as_of).select(
        F.col("record_key").alias("order_record_key"), "ordered_at"
    )
    is_bought = is_counted() & (F.col("quantity") > 0) & F.col("customer_id").isNotNull()
    return (
        customer_order_line.where(is_bought)
        .select(*_BOUGHT, "order_record_key")
        .distinct()
        .join(orders, on="order_record_key", how="inner")
    )


def _bought(lists: DataFrame, purchases: DataFrame, limit: timedelta) -> DataFrame:
    """One row per list and product that a purchase counts for: recommendation_key, first (of its orders)."""
    ordered, shown = F.col("ordered_at"), F.col("shown_at")
    clicked = F.when(F.col("clicked_at") <= ordered, F.col("clicked_at"))
    of_purchase = Window.partitionBy("order_record_key", "product_id").orderBy(
        F.desc_nulls_last(clicked), F.desc("shown_at"), F.desc("recommendation_key")
    )
    return (
        lists.select("recommendation_key", *_BOUGHT, "shown_at", "clicked_at")
        .join(purchases, on=list(_BOUGHT), how="inner")
        .where((ordered >= shown) & (ordered <= shown + F.lit(limit)))
        .withColumn("place", F.row_number().over(of_purchase))
        .where(F.col("place") == 1)
        .groupBy("recommendation_key")
        .agg(F.min(F.struct("ordered_at", "order_record_key")).alias("first"))
    )
