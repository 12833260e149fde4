"""silver.support_message: the threads of tickets."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def support_message(typed: DataFrame, support_ticket: DataFrame) -> DataFrame:
    """One row per message of a ticket in silver. Key: record_key.

    A ticket that is held back keeps its messages with it, in its verbatim row. The person is the
    message's own, else the ticket's.
    """
    tickets = support_ticket.select(
        F.col("record_key").alias("ticket_record_key"),
        F.col("person_record_key").alias("_person"),
    )
    return typed.join(tickets, on="ticket_record_key", how="inner").withColumn(
        "person_record_key", F.coalesce("person_record_key", "_person")
    )
