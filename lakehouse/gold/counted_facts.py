"""Facts that count today: those that no cut-off of conf/base/freshness.yml has made stale."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_order import counted
from lakehouse.settings.freshness import Fact, FactCutoff, FreshnessSettings

_COUNTED_AS = {
    Fact.VISIT: "session_count",
    Fact.CART: "abandoned_cart_count",
    Fact.RECOMMENDATION: "recommendation_click_count",
    Fact.MESSAGE_SENT: "message_sent_count",
    Fact.MESSAGE_CLICK: "message_click_count",
    Fact.TICKET: "ticket_count",
    Fact.CONVERSATION: "conversation_count",
    Fact.MENTION: "mention_count",
}
"""Columns of gold.customer_360 that count facts; those of other kinds are not counted, but tell something."""

_FRESHNESS = "array<struct<domain:string,fact:string,fresh_count:bigint,stale_count:bigint>>"


def counted_facts(
    customer_order: DataFrame,
    customer_web_session: DataFrame,
    customer_ticket: DataFrame,
    customer_interaction: DataFrame,
    customer_recommendation: DataFrame,
    freshness: FreshnessSettings,
    as_of: date,
) -> DataFrame:
    """One row per customer with a fact: what the facts that count on the day come to.

    What is dated after `as_of` has a wrong clock and counts in nothing. Key: customer_id. Columns, named
    as in gold.customer_360: those of `_COUNTED_AS`, last_session_at, last_survey_score,
    preferred_order_channel, preferred_order_hour, fact_freshness, stale_fact_count.
    """
    told = [
        _facts(counted(customer_order, as_of), Fact.ORDER, "order_date"),
        *_visits(customer_web_session),
        _facts(customer_ticket, Fact.TICKET, "opened_date"),
        _contacts(customer_interaction),
        _facts(customer_recommendation.where("is_clicked"), Fact.RECOMMENDATION, "clicked_at"),
    ]
    # Scores and habits apart: their aggregates would have all facts sorted.
    return (
        _counts(reduce(DataFrame.unionByName, told), freshness, as_of)
        .join(_scores(customer_interaction, as_of), on="customer_id", how="left")
        .join(_habits(customer_order, freshness, as_of), on="customer_id", how="left")
        .select("customer_id", "last_session_at", *_of_today(freshness, as_of))
    )


def _of_today(freshness: FreshnessSettings, as_of: date) -> list[Column]:
    """What the facts that count on the day come to."""
    answers = _counted(Fact.SURVEY, freshness, as_of)
    return [
        *(_counted(kind, freshness, as_of).alias(name) for kind, name in _COUNTED_AS.items()),
        F.when(answers > 0, F.col("score")).alias("last_survey_score"),
        *_habits_of_today(freshness, as_of),
        _fact_freshness(freshness, as_of).alias("fact_freshness"),
        _stale_count(freshness, as_of).alias("stale_fact_count"),
    ]


def _facts(rows: DataFrame, fact: Fact | Column, day: str, moment: str | None = None) -> DataFrame:
    """Rows that are one fact each: customer_id, fact, day and, if it matters, moment."""
    return rows.select(
        "customer_id",
        (F.lit(fact.value) if isinstance(fact, Fact) else fact).alias("fact"),
        F.to_date(day).alias("day"),
        (F.lit(None) if moment is None else F.col(moment)).cast("timestamp").alias("moment"),
    )


def _visits(customer_web_session: DataFrame) -> list[DataFrame]:
    left = customer_web_session.where(F.col("cart_state") == "abandoned")
    return [
        _facts(customer_web_session, Fact.VISIT, "session_date", "started_at"),
        _facts(left, Fact.CART, "session_date"),
    ]


def _contacts(customer_interaction: DataFrame) -> DataFrame:
    """Messages and clicks, calls and chats, mentions, and answers that have a score."""
    kind, action = F.col("interaction_type"), F.col("action")
    is_touch = kind == "campaign_touch"
    kinds = {
        Fact.MESSAGE_SENT: is_touch & (action == "send"),
        Fact.MESSAGE_CLICK: is_touch & (action == "click"),
        Fact.CONVERSATION: kind.isin("call", "chat"),
        Fact.MENTION: kind == "social_mention",
        Fact.SURVEY: F.col("score").isNotNull(),
    }
    fact = F.coalesce(*(F.when(of, F.lit(k.value)) for k, of in kinds.items()))
    told = customer_interaction.withColumn("fact", fact).where(F.col("fact").isNotNull())
    return _facts(told, F.col("fact"), "interaction_date")


def _counts(facts: DataFrame, freshness: FreshnessSettings, as_of: date) -> DataFrame:
    """One row per known customer: of each kind all facts, the last day, and those within each cut-off."""
    kind, day = F.col("fact"), F.col("day")
    known = facts.where(F.col("customer_id").isNotNull() & (day <= F.lit(as_of)))
    return known.groupBy("customer_id").agg(
        *(F.count_if(kind == k).alias(f"all_{k}") for k in Fact),
        *(F.max(F.when(kind == k, day)).alias(f"last_{k}") for k in Fact),
        *(
            F.count_if((kind == k) & _is_within(day, cutoff, as_of)).alias(_recent(domain, k))
            for domain, k, cutoff in _cutoffs(freshness)
        ),
        F.max("moment").alias("last_session_at"),
    )


def _scores(customer_interaction: DataFrame, as_of: date) -> DataFrame:
    """The last score that each customer gave, however old."""
    has_come = F.col("interaction_date") <= F.lit(as_of)
    given = customer_interaction.where(F.col("score").isNotNull() & has_come)
    moment = F.struct("happened_at", "interaction_key")
    return given.groupBy("customer_id").agg(F.max_by("score", moment).alias("score"))


def _habits(customer_order: DataFrame, freshness: FreshnessSettings, as_of: date) -> DataFrame:
    """What most orders of each customer have in common: of all, and of those within the longest cut-off."""
    day = F.col("order_date")
    cutoffs = [cutoff for _, k, cutoff in _cutoffs(freshness) if k is Fact.ORDER]
    longest = max(cutoffs, key=lambda cutoff: cutoff.days, default=None)
    is_recent = F.lit(True) if longest is None else _is_within(day, longest, as_of)
    told = {"channel": F.col("channel"), "hour": F.hour("ordered_at")}
    # The smallest of several that are as frequent.
    return (
        counted(customer_order, as_of)
        .groupBy("customer_id")
        .agg(
            *(F.mode(value, True).alias(f"all_{name}") for name, value in told.items()),
            *(
                F.mode(F.when(is_recent, value), True).alias(f"recent_{name}")
                for name, value in told.items()
            ),
        )
    )


def _habits_of_today(freshness: FreshnessSettings, as_of: date) -> list[Column]:
    """Those of all orders if a cut-off was renewed, else those of the orders that still count."""
    cutoffs = [cutoff for _, k, cutoff in _cutoffs(freshness) if k is Fact.ORDER]
    is_renewed = reduce(Column.__or__, (_is_renewed(c, as_of) for c in cutoffs), F.lit(False))
    return [
        F.when(is_renewed, F.col(f"all_{name}"))
        .otherwise(F.col(f"recent_{name}"))
        .alias(f"preferred_order_{name}")
        for name in ("channel", "hour")
    ]


def _cutoffs(freshness: FreshnessSettings) -> Iterator[tuple[str, Fact, FactCutoff]]:
    """Domain, kind and cut-off of each, in a steady order."""
    for domain, kinds in sorted(freshness.facts.items()):
        for kind, cutoff in sorted(kinds.items()):
            yield domain, kind, cutoff


def _recent(domain: str, kind: Fact) -> str:
    return f"recent_{kind}_of_{domain}"


def _is_within(day: Column, cutoff: FactCutoff, as_of: date) -> Column:
    return day > F.lit(as_of - timedelta(days=cutoff.days))


def _is_renewed(cutoff: FactCutoff, as_of: date) -> Column:
    """True of a customer all of whose facts of the kind count, by the last one of those that renew it."""
    last = [F.col(f"last_{kind}") for kind in cutoff.renewed_by]
    if not last:
        return F.lit(False)
    return F.coalesce(_is_within(F.greatest(*last, *last[:1]), cutoff, as_of), F.lit(False))


def _fresh_count(domain: str, kind: Fact, cutoff: FactCutoff, as_of: date) -> Column:
    """Facts of the kind that count for the domain."""
    every = F.col(f"all_{kind}")
    return F.when(_is_renewed(cutoff, as_of), every).otherwise(F.col(_recent(domain, kind)))


def _counted(kind: Fact, freshness: FreshnessSettings, as_of: date) -> Column:
    """Facts of the kind that count for any domain; all of a kind that none names."""
    fresh = [_fresh_count(d, k, c, as_of) for d, k, c in _cutoffs(freshness) if k is kind]
    return F.greatest(*fresh, *fresh[:1]) if fresh else F.col(f"all_{kind}")


def _fact_freshness(freshness: FreshnessSettings, as_of: date) -> Column:
    """By domain and kind that the customer has facts of: how many count, and how many no longer do."""
    told = []
    for domain, kind, cutoff in _cutoffs(freshness):
        fresh = _fresh_count(domain, kind, cutoff, as_of)
        told.append(
            F.struct(
                F.lit(domain).alias("domain"),
                F.lit(kind.value).alias("fact"),
                fresh.alias("fresh_count"),
                (F.col(f"all_{kind}") - fresh).alias("stale_count"),
            )
        )
    has_any = F.filter(F.array(*told), lambda f: f["fresh_count"] + f["stale_count"] > 0)
    return (has_any if told else F.array()).cast(_FRESHNESS)


def _stale_count(freshness: FreshnessSettings, as_of: date) -> Column:
    """Facts that count for no domain any more."""
    stale = F.lit(0).cast("bigint")
    for kind in Fact:
        stale = stale + F.col(f"all_{kind}") - _counted(kind, freshness, as_of)
    return stale
