"""gold.customer_ticket: support tickets and how they were handled, without anyone's words."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.tickets import is_open
from lakehouse.gold.conversation import is_conversation, seconds
from lakehouse.gold.identity import with_customer
from lakehouse.tables.gold import CUSTOMER_TICKET

_COUNTS = (
    *("message_count", "agent_message_count", "response_count"),
    *("conversation_count", "conversation_seconds"),
)
"""What a ticket without a thread has none of."""


def customer_ticket(
    support_ticket: DataFrame, support_message: DataFrame, identity_map: DataFrame
) -> DataFrame:
    """One row per ticket of silver. Key: record_key. Columns: those of gold.customer_ticket.

    First contact resolution and the other measures follow the definitions of HDI: a ticket is
    resolved by the first contact if the desk wrote once, it was closed, and the customer did not write
    after that. To answer a call or chat is to respond, as writing is; one that nobody answers, whoever began
    it, is no response. A ticket is reopened if the customer wrote after its first closing, or if it was
    open after one, also where it is closed again.
    """
    threads = _threads(support_message).withColumnRenamed("ticket_record_key", "record_key")
    tickets = support_ticket.join(threads, on="record_key", how="left").fillna(0, list(_COUNTS))
    is_closed = F.col("closed_at").isNotNull()
    # Null in a table that was written before the column was.
    first_closed_at = F.coalesce("first_closed_at", "closed_at")
    wrote_again_at = F.array_min(
        F.filter("customer_messages_at", lambda sent_at: sent_at > first_closed_at)
    )
    reopened_at = F.least(wrote_again_at, "open_again_at")
    is_reopened = reopened_at.isNotNull()
    measured = with_customer(tickets, identity_map).withColumns(
        {
            "opened_date": F.to_date("opened_at"),
            "first_response_minutes": _minutes("opened_at", "first_response_at"),
            "handling_minutes": _minutes("first_response_at", "closed_at"),
            "resolution_minutes": _minutes("opened_at", "closed_at"),
            "is_closing_known": is_closed | is_open(F.col("status"), F.col("closed_at")),
            "is_reopened": is_reopened,
            "reopened_at": reopened_at,
            "is_first_contact_resolution": is_closed
            & (F.col("response_count") == 1)
            & ~is_reopened,
        }
    )
    return measured.select(*CUSTOMER_TICKET.column_names)


def _threads(support_message: DataFrame) -> DataFrame:
    """One row per ticket with a message."""
    by_agent, by_customer = F.col("author") == "agent", F.col("author") == "customer"
    is_missed = is_conversation() & F.col("answered_at").isNull()
    responded_at = F.when(by_agent & ~is_missed, F.col("sent_at")).when(
        is_conversation(), F.col("answered_at")
    )
    return support_message.groupBy("ticket_record_key").agg(
        F.min(responded_at).alias("first_response_at"),
        F.count(responded_at).alias("response_count"),
        F.count_if(is_conversation()).alias("conversation_count"),
        F.sum(F.when(is_conversation(), seconds("answered_at", "ended_at"))).alias(
            "conversation_seconds"
        ),
        F.collect_list(F.when(by_customer, F.col("sent_at"))).alias("customer_messages_at"),
        F.count("*").alias("message_count"),
        F.count_if(by_agent).alias("agent_message_count"),
    )


def _minutes(start: str, end: str) -> Column:
    """Whole minutes from one moment to the other; null if either is, or if the end comes first."""
    return F.floor(seconds(start, end) / F.lit(60)).cast("bigint")
