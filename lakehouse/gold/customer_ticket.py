"""gold.customer_ticket: support tickets and how they were handled, without anyone's words."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.identity import with_customer


def customer_ticket(
    support_ticket: DataFrame, support_message: DataFrame, identity_map: DataFrame
) -> DataFrame:
    """One row per ticket of silver. Key: record_key. Columns: those of gold.customer_ticket.

    First contact resolution and the other measures follow the definitions of HDI: a ticket is
    resolved by the first contact if the desk wrote once, it was closed, and the customer did not write
    after that.
    """
    threads = _threads(support_message).withColumnRenamed("ticket_record_key", "record_key")
    tickets = support_ticket.join(threads, on="record_key", how="left")
    is_closed = F.col("closed_at").isNotNull()
    is_reopened = F.coalesce(
        is_closed & (F.col("last_customer_message_at") > F.col("closed_at")), F.lit(False)
    )
    by_agent = F.coalesce("agent_message_count", F.lit(0))
    return with_customer(tickets, identity_map).select(
        "record_key",
        "customer_id",
        "person_record_key",
        "source_system",
        "ticket_id",
        "channel",
        "topic",
        "priority",
        "status",
        "opened_at",
        F.to_date("opened_at").alias("opened_date"),
        "first_response_at",
        "closed_at",
        F.coalesce("message_count", F.lit(0)).alias("message_count"),
        by_agent.alias("agent_message_count"),
        _minutes("opened_at", "first_response_at").alias("first_response_minutes"),
        _minutes("first_response_at", "closed_at").alias("handling_minutes"),
        _minutes("opened_at", "closed_at").alias("resolution_minutes"),
        is_reopened.alias("is_reopened"),
        (is_closed & (by_agent == 1) & ~is_reopened).alias("is_first_contact_resolution"),
    )


def _threads(support_message: DataFrame) -> DataFrame:
    """One row per ticket with a message."""
    by_agent, by_customer = F.col("author") == "agent", F.col("author") == "customer"
    return support_message.groupBy("ticket_record_key").agg(
        F.min(F.when(by_agent, F.col("sent_at"))).alias("first_response_at"),
        F.max(F.when(by_customer, F.col("sent_at"))).alias("last_customer_message_at"),
        F.count("*").alias("message_count"),
        F.count_if(by_agent).alias("agent_message_count"),
    )


def _minutes(start: str, end: str) -> Column:
    """Whole minutes from one moment to the other; null if either is, or if the end comes first."""
    minutes = F.floor((F.unix_micros(end) - F.unix_micros(start)) / F.lit(60_000_000))
    return F.when(minutes >= 0, minutes.cast("bigint"))
