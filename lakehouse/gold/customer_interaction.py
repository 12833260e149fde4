"""gold.customer_interaction: every contact with the company, without anyone's words."""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.identity import with_customer

_OPTIONAL = {
    "channel": "string",
    "action": "string",
    "topic": "string",
    "campaign_id": "string",
    "ended_at": "timestamp",
    "page_count": "bigint",
    "score": "int",
}
"""Columns that not every kind of contact fills, with their types."""


def customer_interaction(
    customer_web_session: DataFrame,
    campaign_event: DataFrame,
    support_ticket: DataFrame,
    social_mention: DataFrame,
    survey_response: DataFrame,
    identity_map: DataFrame,
) -> DataFrame:
    """One row per web session, campaign touch, ticket, mention and survey response.

    Visits of machines are left out. customer_id is null where nobody knows who it was. Key:
    interaction_key. Columns: those of gold.customer_interaction.
    """
    contacts = [
        _sessions(customer_web_session),
        _touches(campaign_event),
        _tickets(support_ticket),
        _mentions(social_mention),
        _responses(survey_response),
    ]
    return with_customer(reduce(DataFrame.unionByName, contacts), identity_map).select(
        "interaction_key",
        "customer_id",
        "person_record_key",
        "source_system",
        "record_key",
        "interaction_type",
        "channel",
        "action",
        "topic",
        "campaign_id",
        "happened_at",
        "ended_at",
        F.to_date("happened_at").alias("interaction_date"),
        "event_count",
        "page_count",
        "score",
    )


def _contact(rows: DataFrame, kind: str, happened_at: str, **given: Column) -> DataFrame:
    """Rows that are one contact each, in the shape of the table before its customer is known."""
    optional = [
        given.get(name, F.lit(None)).cast(data_type).alias(name)
        for name, data_type in _OPTIONAL.items()
    ]
    return rows.select(
        F.col("record_key").alias("interaction_key"),
        "person_record_key",
        "source_system",
        "record_key",
        F.lit(kind).alias("interaction_type"),
        F.col(happened_at).alias("happened_at"),
        F.lit(1).cast("bigint").alias("event_count"),
        *optional,
    )


def _sessions(customer_web_session: DataFrame) -> DataFrame:
    """One row per session of a person."""
    return customer_web_session.where(~F.col("is_bot")).select(
        F.col("session_key").alias("interaction_key"),
        "person_record_key",
        "source_system",
        "record_key",
        F.lit("web_session").alias("interaction_type"),
        F.lit("web").alias("channel"),
        F.col("furthest_step").alias("action"),
        F.lit(None).cast("string").alias("topic"),
        "campaign_id",
        F.col("started_at").alias("happened_at"),
        "ended_at",
        "event_count",
        "page_count",
        F.lit(None).cast("int").alias("score"),
    )


def _touches(campaign_event: DataFrame) -> DataFrame:
    return _contact(
        campaign_event,
        "campaign_touch",
        happened_at="event_at",
        channel=F.col("channel"),
        action=F.col("event_type"),
        campaign_id=F.col("campaign_id"),
    )


def _tickets(support_ticket: DataFrame) -> DataFrame:
    return _contact(
        support_ticket,
        "support_ticket",
        happened_at="opened_at",
        ended_at=F.col("closed_at"),
        channel=F.col("channel"),
        action=F.col("status"),
        topic=F.col("topic"),
    )


def _mentions(social_mention: DataFrame) -> DataFrame:
    return _contact(
        social_mention,
        "social_mention",
        happened_at="mentioned_at",
        channel=F.lit("social"),
        action=F.lit("posted"),
        topic=F.col("network"),
    )


def _responses(survey_response: DataFrame) -> DataFrame:
    return _contact(
        survey_response,
        "survey_response",
        happened_at="responded_at",
        channel=F.lit("survey"),
        action=F.lit("answered"),
        topic=F.col("survey"),
        score=F.col("score"),
    )
