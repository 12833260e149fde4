"""Single calls and chats: which rows of a ticket's thread are some, and how long they took."""

from pyspark.sql import Column
from pyspark.sql import functions as F

CONVERSATIONS = {"phone": "call", "chat": "chat"}
"""By channel of a row of silver.support_message, what kind of conversation it is."""


def is_conversation() -> Column:
    """True of a row of silver.support_message that is a call or chat; false of a message."""
    return F.coalesce(F.col("channel").isin(*CONVERSATIONS), F.lit(False))


def seconds(start: str, end: str) -> Column:
    """Whole seconds from one moment to the other; null if either is, or if the end comes first."""
    passed = F.floor((F.unix_micros(end) - F.unix_micros(start)) / F.lit(1_000_000))
    return F.when(F.col(end) >= F.col(start), passed.cast("bigint"))
