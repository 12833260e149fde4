"""gold.campaign: what each campaign cost, whom it reached and what it brought."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_web_session import paid_visits
from lakehouse.gold.money import reporting_amount
from lakehouse.settings.facts import MoneySettings

_MEASURES = (
    "sent_count",
    "click_count",
    "session_count",
    "impression_count",
    "spend_reporting_amount",
    "order_count",
    "order_reporting_amount",
    "acquired_customer_count",
)
"""What the facts add up to; each fact fills some."""

_OF_CUSTOMERS = ("order_count", "order_reporting_amount", "acquired_customer_count")
"""Those that tell of customers, whom marketing may not read of order by order."""

_AMOUNTS = {"spend_reporting_amount": "spend_count", "order_reporting_amount": "order_count"}
"""Those that are money, with what counts the facts that it is of."""


def campaign(
    media_spend: DataFrame,
    customer_interaction: DataFrame,
    customer_web_session: DataFrame,
    media_touch: DataFrame,
    order_attribution: DataFrame,
    money: MoneySettings,
    as_of: date,
    smallest_group: int,
) -> DataFrame:
    """One row per campaign that any fact names. Key: campaign_id. Columns: those of gold.campaign.

    Of the orders of fewer customers than `smallest_group` nothing is told. What is dated after `as_of` has a
    wrong clock: its campaign is a campaign, and it counts in no measure. Clicks on messages are counted from
    the messages, clicks on paid media from its reports.
    """
    visits = paid_visits(media_touch, customer_web_session)
    facts = (
        _spend(media_spend, money)
        .unionByName(_messages(customer_interaction), allowMissingColumns=True)
        .unionByName(_sessions(visits), allowMissingColumns=True)
        .unionByName(_orders(order_attribution), allowMissingColumns=True)
    )
    acquired = F.nullif(F.col("acquired_customer_count"), F.lit(0))
    cost = F.round(F.col("spend_reporting_amount") / acquired, 2)
    return (
        facts.groupBy("campaign_id")
        .agg(
            F.max("campaign_name").alias("campaign_name"),
            F.max("channel").alias("channel"),
            F.min("day").alias("first_date"),
            F.max(F.when(F.col("day") <= F.lit(as_of), F.col("day"))).alias("last_date"),
            F.sort_array(F.collect_list("spend")).alias("daily_spend"),
            *(_sum(name, as_of).alias(name) for name in _MEASURES),
            _customers(as_of).alias("customer_count"),
        )
        .withColumns({name: _unless_few(name, smallest_group) for name in _OF_CUSTOMERS})
        .drop("customer_count")
        .withColumn("acquisition_cost_reporting_amount", cost.cast("decimal(18,2)"))
    )


def _sum(name: str, as_of: date) -> Column:
    """What has come by the day adds up to; 0 without a fact, null where money has facts and no rate."""

    def total(column: str) -> Column:
        return F.sum(F.when(F.col("day") <= F.lit(as_of), F.col(column)))

    counted = _AMOUNTS.get(name)
    if counted is None:
        return F.coalesce(total(name), F.lit(0)).cast("bigint")
    return F.when(total(counted) > 0, total(name)).otherwise(F.lit(0)).cast("decimal(28,2)")


def _customers(as_of: date) -> Column:
    return F.count_distinct(F.when(F.col("day") <= F.lit(as_of), F.col("customer_id")))


def _unless_few(name: str, smallest_group: int) -> Column:
    is_few = F.col("customer_count").between(1, smallest_group - 1)
    return F.when(~is_few, F.col(name))


def _spend(media_spend: DataFrame, money: MoneySettings) -> DataFrame:
    return media_spend.select(
        "campaign_id",
        "campaign_name",
        F.col("medium").alias("channel"),
        F.col("spend_date").alias("day"),
        "impression_count",
        "click_count",
        F.lit(1).alias("spend_count"),
        F.struct("spend_date", "currency", "spend_amount").alias("spend"),
        reporting_amount("spend_amount", "currency", "spend_date", money).alias(
            "spend_reporting_amount"
        ),
    )


def _messages(customer_interaction: DataFrame) -> DataFrame:
    return customer_interaction.where(F.col("interaction_type") == "campaign_touch").select(
        "campaign_id",
        "channel",
        F.col("interaction_date").alias("day"),
        (F.col("action") == "send").cast("bigint").alias("sent_count"),
        (F.col("action") == "click").cast("bigint").alias("click_count"),
    )


def _sessions(visits: DataFrame) -> DataFrame:
    """One row per session of a person and campaign that brought them during it."""
    return (
        visits.where(~F.col("is_bot"))
        .groupBy("session_key", "campaign_id")
        .agg(F.max("medium").alias("channel"), F.to_date(F.min("touched_at")).alias("day"))
        .select("campaign_id", "channel", "day", F.lit(1).alias("session_count"))
    )


def _orders(order_attribution: DataFrame) -> DataFrame:
    return order_attribution.select(
        "campaign_id",
        "channel",
        "customer_id",
        F.col("order_date").alias("day"),
        F.lit(1).alias("order_count"),
        F.col("reporting_amount").alias("order_reporting_amount"),
        F.col("is_first_order").cast("bigint").alias("acquired_customer_count"),
    )
