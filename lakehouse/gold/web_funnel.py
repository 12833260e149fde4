"""gold.web_funnel: how far visits get, per day and channel, and what machines add to them."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_web_session import STEPS


def web_funnel(customer_web_session: DataFrame) -> DataFrame:
    """One row per day and channel with a visit. Machines are counted apart, and in no step.

    A session counts for each step up to its furthest. Key: session_date, channel. Columns: those of
    gold.web_funnel.
    """
    channel = F.coalesce("medium", F.lit("direct")).alias("channel")
    is_bot = F.col("is_bot")
    return customer_web_session.groupBy("session_date", channel).agg(
        F.count_if(~is_bot).alias("session_count"),
        *(_reached(step).alias(f"{step}_session_count") for step in STEPS[1:]),
        F.count_if(~is_bot & (F.col("cart_state") == "abandoned")).alias("abandoned_cart_count"),
        F.count_if(~is_bot & (F.col("cart_state") == "recovered")).alias("recovered_cart_count"),
        F.count_if(is_bot).alias("bot_session_count"),
        F.sum(F.when(is_bot, F.col("event_count")).otherwise(0)).alias("bot_event_count"),
    )


def _reached(step: str) -> Column:
    is_so_far = F.col("furthest_step").isin(*STEPS[STEPS.index(step) :])
    return F.count_if(~F.col("is_bot") & is_so_far)
