"""gold.order_attribution: the campaign that an order is put down to."""

from datetime import date, timedelta

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold.customer_order import counted
from lakehouse.gold.customer_web_session import paid_visits


def order_attribution(
    customer_order: DataFrame,
    customer_web_session: DataFrame,
    customer_interaction: DataFrame,
    media_touch: DataFrame,
    attribution_days: int,
    as_of: date,
) -> DataFrame:
    """One row per order that counts, of a known customer, with a touch within `attribution_days` before it.

    The last click on a message or visit by paid media; of two at one moment that of the greater key. What is
    dated after `as_of` counts for nothing. Key: record_key. Columns: those of gold.order_attribution.
    """
    # At one moment the touch stands before the order, which then counts for it.
    in_turn = Window.partitionBy("customer_id").orderBy(
        "at", F.col("record_key").isNotNull(), "touch"
    )
    last = F.last("touch", ignorenulls=True).over(
        in_turn.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    earliest = F.col("at") - F.lit(timedelta(days=attribution_days))
    visits = paid_visits(media_touch, customer_web_session)
    return (
        _orders(customer_order, as_of)
        .unionByName(_touches(visits, customer_interaction), allowMissingColumns=True)
        .withColumn("last", last)
        .where(F.col("record_key").isNotNull() & (F.col("last.touched_at") >= earliest))
        .select(
            "record_key",
            "customer_id",
            "order_date",
            "last.campaign_id",
            "last.channel",
            "last.touch_type",
            "last.touch_key",
            "last.touched_at",
            "is_first_order",
            "reporting_amount",
        )
    )


def _orders(customer_order: DataFrame, as_of: date) -> DataFrame:
    """One row per order that counts, of a known customer, at the moment `at`."""
    of_customer = Window.partitionBy("customer_id").orderBy("ordered_at", "record_key")
    return (
        counted(customer_order, as_of)
        .where(F.col("customer_id").isNotNull())
        .select(
            "customer_id",
            F.col("ordered_at").alias("at"),
            "record_key",
            "order_date",
            "reporting_amount",
            (F.row_number().over(of_customer) == 1).alias("is_first_order"),
        )
    )


def _touches(visits: DataFrame, customer_interaction: DataFrame) -> DataFrame:
    """One row per click on a message and visit by paid media of a known customer, at the moment `at`."""
    is_known = F.col("customer_id").isNotNull() & F.col("campaign_id").isNotNull()
    clicks = customer_interaction.where(
        is_known & (F.col("interaction_type") == "campaign_touch") & (F.col("action") == "click")
    ).select(
        "customer_id",
        F.col("interaction_key").alias("touch_key"),
        F.lit("message_click").alias("touch_type"),
        F.col("happened_at").alias("touched_at"),
        "campaign_id",
        "channel",
    )
    paid = visits.where(is_known).select(
        "customer_id",
        F.col("session_key").alias("touch_key"),
        F.lit("paid_visit").alias("touch_type"),
        "touched_at",
        "campaign_id",
        F.col("medium").alias("channel"),
    )
    touch = F.struct("touched_at", "touch_key", "touch_type", "campaign_id", "channel")
    return clicks.unionByName(paid).select(
        "customer_id", F.col("touched_at").alias("at"), touch.alias("touch")
    )
