"""gold.web_funnel: how far visits get, per day and channel, and what machines add to them."""

from itertools import pairwise

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_web_session import STEPS

_REACHED = ("session_count", *(f"{step}_session_count" for step in STEPS[1:]))
"""Sessions that came so far, from the start of a visit to the purchase: each is a part of the one before."""

_CARTS = {"abandoned_cart_count": "abandoned", "recovered_cart_count": "recovered"}


def web_funnel(customer_web_session: DataFrame, smallest_group: int) -> DataFrame:
    """One row per day and channel with a visit. Machines are counted apart, and in no step.

    A session counts for each step up to its furthest. A step that fewer visitors than `smallest_group` came
    to, or stopped before, is not told, nor any after it; nor what became of carts where one of its parts
    would tell of so few. Key: session_date, channel. Columns: those of gold.web_funnel.
    """
    return (
        _by_visitor(customer_web_session)
        .groupBy("session_date", "channel")
        .agg(
            *(
                F.when(is_told, F.sum(name)).alias(name)
                for name, is_told in _told(smallest_group).items()
            ),
            *(F.sum(name).alias(name) for name in ("bot_session_count", "bot_event_count")),
        )
    )


def _by_visitor(customer_web_session: DataFrame) -> DataFrame:
    """One row per day, channel and visitor: their sessions by what became of them.

    A visitor is a customer, else a cookie, else a device, else who had the session.
    """
    is_bot = F.col("is_bot")
    is_open = ~is_bot & F.col("cart_state").isin(*_CARTS.values())
    return customer_web_session.groupBy(
        "session_date",
        F.coalesce("medium", F.lit("direct")).alias("channel"),
        F.coalesce("customer_id", "cookie_id", "device_id", "session_key").alias("visitor"),
    ).agg(
        F.count_if(~is_bot).alias("session_count"),
        *(_reached(step).alias(f"{step}_session_count") for step in STEPS[1:]),
        *(
            F.count_if(~is_bot & (F.col("cart_state") == state)).alias(name)
            for name, state in _CARTS.items()
        ),
        F.count_if(is_open & (F.col("furthest_step") == STEPS[-1])).alias("bought_and_open_count"),
        F.count_if(is_bot).alias("bot_session_count"),
        F.sum(F.when(is_bot, F.col("event_count")).otherwise(0)).alias("bot_event_count"),
    )


def _reached(step: str) -> Column:
    is_so_far = F.col("furthest_step").isin(*STEPS[STEPS.index(step) :])
    return F.count_if(~F.col("is_bot") & is_so_far)


def _told(smallest_group: int) -> dict[str, Column]:
    """By measure of people, an aggregate of rows per visitor: true where it can be told."""

    def is_safe(sessions: Column) -> Column:
        visitors = F.count_if(sessions > 0)
        return (visitors == 0) | (visitors >= smallest_group)

    told = {_REACHED[0]: is_safe(F.col(_REACHED[0]))}
    for before, name in pairwise(_REACHED):
        stopped = F.col(before) - F.col(name)
        told[name] = told[before] & is_safe(F.col(name)) & is_safe(stopped)
    cart, abandoned, recovered = (F.col(name) for name in (_REACHED[2], *_CARTS))
    # Whoever knows the steps could take these from them.
    parts = (abandoned, recovered, cart - abandoned - recovered, F.col("bought_and_open_count"))
    for name in _CARTS:
        told[name] = told[_REACHED[2]]
        for part in parts:
            told[name] &= is_safe(part)
    return told
