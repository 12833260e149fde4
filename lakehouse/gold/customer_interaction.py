"""gold.customer_interaction: every contact with the company, without anyone's words."""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.conversation import CONVERSATIONS, is_conversation, seconds
from lakehouse.gold.identity import with_customer
from lakehouse.tables.gold import CUSTOMER_INTERACTION

FOR_MARKETING = ("web_session", "campaign_touch", "social_mention", "survey_response")
"""Kinds of contact whose sources are kept for marketing too. Tickets, calls and chats are for who serves."""

BY_THE_DESK = ("outbound", "outbound_unanswered")
"""Actions of calls and chats that are not the customer's doing: answered, and not."""

_OPTIONAL = {
    "channel": "string",
    "action": "string",
    "topic": "string",
    "campaign_id": "string",
    "ended_at": "timestamp",
    "page_count": "bigint",
    "score": "int",
    "ticket_record_key": "string",
    "answered_at": "timestamp",
    "response_seconds": "bigint",
    "handling_seconds": "bigint",
}
"""Columns that not every kind of contact fills, with their types."""


def customer_interaction(
    customer_web_session: DataFrame,
    campaign_event: DataFrame,
    support_ticket: DataFrame,
    support_message: DataFrame,
    social_mention: DataFrame,
    survey_response: DataFrame,
    identity_map: DataFrame,
) -> DataFrame:
    """One row per web session, campaign touch, ticket, call, chat, mention and survey response.

    Visits of machines are left out. customer_id is null where nobody knows who it was. Key:
    interaction_key. Columns: those of gold.customer_interaction.
    """
    contacts = [
        _sessions(customer_web_session),
        _touches(campaign_event),
        _tickets(support_ticket),
        _conversations(support_message),
        _mentions(social_mention),
        _responses(survey_response),
    ]
    united = reduce(DataFrame.unionByName, contacts)
    return (
        with_customer(united, identity_map)
        .withColumn("interaction_date", F.to_date("happened_at"))
        .select(*CUSTOMER_INTERACTION.column_names)
    )


def _contact(rows: DataFrame, kind: str | Column, happened_at: str, **given: Column) -> DataFrame:
    """Rows that are one contact each, in the shape of the table before its customer is known."""
    optional = [
        given.get(name, F.lit(None)).cast(data_type).alias(name)
        for name, data_type in _OPTIONAL.items()
    ]
    return rows.select(
        given.get("interaction_key", F.col("record_key")).alias("interaction_key"),
        "person_record_key",
        "source_system",
        "record_key",
        (F.lit(kind) if isinstance(kind, str) else kind).alias("interaction_type"),
        F.col(happened_at).alias("happened_at"),
        given.get("event_count", F.lit(1).cast("bigint")).alias("event_count"),
        *optional,
    )


def _sessions(customer_web_session: DataFrame) -> DataFrame:
    """One row per session of a person."""
    people = customer_web_session.where(~F.col("is_bot"))
    return _contact(
        people,
        "web_session",
        happened_at="started_at",
        interaction_key=F.col("session_key"),
        channel=F.lit("web"),
        action=F.col("furthest_step"),
        campaign_id=F.col("campaign_id"),
        ended_at=F.col("ended_at"),
        event_count=F.col("event_count"),
        page_count=F.col("page_count"),
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


def _conversations(support_message: DataFrame) -> DataFrame:
    """Each call or chat of a ticket's thread; `outbound` or `outbound_unanswered` where the desk began it."""
    is_taken, by_agent = F.col("answered_at").isNotNull(), F.col("author") == "agent"
    action = (
        F.when(by_agent & is_taken, "outbound")
        .when(by_agent, "outbound_unanswered")
        .when(is_taken, "answered")
        .otherwise("unanswered")
    )
    kind = F.coalesce(*(F.when(F.col("channel") == c, F.lit(k)) for c, k in CONVERSATIONS.items()))
    return _contact(
        support_message.where(is_conversation()),
        kind,
        happened_at="sent_at",
        ended_at=F.col("ended_at"),
        channel=F.col("channel"),
        action=action,
        ticket_record_key=F.col("ticket_record_key"),
        answered_at=F.col("answered_at"),
        response_seconds=seconds("sent_at", "answered_at"),
        handling_seconds=seconds("answered_at", "ended_at"),
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
