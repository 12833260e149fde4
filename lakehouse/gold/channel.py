"""gold.channel: the channels that facts name, and what each is used for."""

from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_USES = ("sales", "contact", "consent", "visits")


def channel(
    customer_order: DataFrame,
    customer_interaction: DataFrame,
    customer_consent: DataFrame,
    customer_web_session: DataFrame,
    media_spend: DataFrame,
    as_of: date,
) -> DataFrame:
    """One row per channel. Key: channel. Columns: those of gold.channel.

    Visits of machines use none. What is dated after `as_of` has a wrong clock: its channel is a channel, its
    day is none of the days.
    """
    medium = F.coalesce("medium", F.lit("direct"))
    told = [
        _used(customer_order, "sales", "order_date"),
        _used(customer_interaction, "contact", "interaction_date"),
        _used(customer_consent, "consent", "decided_at"),
        _used(customer_web_session.where(~F.col("is_bot")), "visits", "session_date", medium),
        _used(media_spend, "visits", "spend_date", F.col("medium")),
    ]
    day = F.when(F.col("day") <= as_of, F.col("day"))
    return (
        reduce(DataFrame.unionByName, told)
        .where(F.col("channel").isNotNull())
        .groupBy("channel")
        .agg(
            *(F.bool_or(F.col("use") == use).alias(f"is_for_{use}") for use in _USES),
            F.min(day).alias("first_used_date"),
            F.max(day).alias("last_used_date"),
        )
    )


def _used(facts: DataFrame, use: str, day: str, channel: Column | None = None) -> DataFrame:
    """One row per fact: its channel, the use that it makes of it, its day."""
    name = F.col("channel") if channel is None else channel
    return facts.select(name.alias("channel"), F.lit(use).alias("use"), F.to_date(day).alias("day"))
