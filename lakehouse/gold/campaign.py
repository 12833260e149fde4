"""gold.campaign: what each campaign cost, whom it reached and what it brought."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.money import reporting_amount
from lakehouse.settings.facts import MoneySettings

_MEASURES = {
    "sent_count": "bigint",
    "click_count": "bigint",
    "session_count": "bigint",
    "impression_count": "bigint",
    "spend_reporting_amount": "decimal(28,2)",
    "order_count": "bigint",
    "order_reporting_amount": "decimal(28,2)",
    "acquired_customer_count": "bigint",
}
"""What the facts add up to, with types; each fact fills some."""


def campaign(
    media_spend: DataFrame,
    customer_interaction: DataFrame,
    customer_web_session: DataFrame,
    order_attribution: DataFrame,
    money: MoneySettings,
) -> DataFrame:
    """One row per campaign that any fact names. Key: campaign_id. Columns: those of gold.campaign.

    Clicks on messages are counted from the messages, clicks on paid media from its reports.
    """
    facts = (
        _spend(media_spend, money)
        .unionByName(_messages(customer_interaction), allowMissingColumns=True)
        .unionByName(_visits(customer_web_session), allowMissingColumns=True)
        .unionByName(_orders(order_attribution), allowMissingColumns=True)
    )
    sums = [F.coalesce(F.sum(n), F.lit(0)).cast(t).alias(n) for n, t in _MEASURES.items()]
    acquired = F.nullif(F.col("acquired_customer_count"), F.lit(0))
    return (
        facts.groupBy("campaign_id")
        .agg(
            F.max("campaign_name").alias("campaign_name"),
            F.max("channel").alias("channel"),
            F.min("day").alias("first_date"),
            F.max("day").alias("last_date"),
            *sums,
        )
        .select(
            "campaign_id",
            "campaign_name",
            "channel",
            "first_date",
            "last_date",
            *_MEASURES,
            F.round(F.col("spend_reporting_amount") / acquired, 2)
            .cast("decimal(18,2)")
            .alias("acquisition_cost_reporting_amount"),
        )
    )


def _spend(media_spend: DataFrame, money: MoneySettings) -> DataFrame:
    return media_spend.select(
        "campaign_id",
        "campaign_name",
        F.col("medium").alias("channel"),
        F.col("spend_date").alias("day"),
        "impression_count",
        "click_count",
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


def _visits(customer_web_session: DataFrame) -> DataFrame:
    is_paid = F.col("campaign_id").isNotNull() & ~F.col("is_bot")
    return customer_web_session.where(is_paid).select(
        "campaign_id",
        F.col("medium").alias("channel"),
        F.col("session_date").alias("day"),
        F.lit(1).alias("session_count"),
    )


def _orders(order_attribution: DataFrame) -> DataFrame:
    return order_attribution.select(
        "campaign_id",
        "channel",
        F.col("order_date").alias("day"),
        F.lit(1).alias("order_count"),
        F.col("reporting_amount").alias("order_reporting_amount"),
        F.col("is_first_order").cast("bigint").alias("acquired_customer_count"),
    )
