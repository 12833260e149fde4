"""gold.web_funnel: how far visits get, per day and channel."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_STEPS = ("visit", "page_view", "cart", "checkout")


def web_funnel(customer_web_session: DataFrame) -> DataFrame:
    """One row per day and channel with a visit of a person. Machines are left out.

    A session counts for each step up to its furthest. Key: session_date, channel. Columns: those of
    gold.web_funnel.
    """
    people = customer_web_session.where(~F.col("is_bot"))
    return people.groupBy(
        "session_date", F.coalesce("medium", F.lit("direct")).alias("channel")
    ).agg(
        F.count("*").alias("session_count"),
        *(_reached(step).alias(f"{step}_session_count") for step in _STEPS[1:]),
        F.count_if(F.col("cart_state") == "abandoned").alias("abandoned_cart_count"),
        F.count_if(F.col("cart_state") == "recovered").alias("recovered_cart_count"),
    )


def _reached(step: str) -> Column:
    return F.count_if(F.col("furthest_step").isin(*_STEPS[_STEPS.index(step) :]))
