"""What every event of gold.customer_timeline is made of."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_OPTIONAL = {
    "channel": "string",
    "campaign_id": "string",
    "amount": "decimal(18,2)",
    "currency": "string",
    "reporting_amount": "decimal(18,2)",
}
"""Columns that not every kind of event fills, with their types."""


def timeline_events(
    rows: DataFrame, kind: Column, key: str, moment: str, title: Column, **given: Column
) -> DataFrame:
    """Rows that are one event each, in the table's columns. `given` fills some that are optional."""
    optional = [
        given.get(name, F.lit(None)).cast(data_type).alias(name)
        for name, data_type in _OPTIONAL.items()
    ]
    return rows.select(
        F.concat_ws(":", kind, F.col(key)).alias("event_key"),
        "customer_id",
        F.col(moment).alias("happened_at"),
        F.to_date(moment).alias("event_date"),
        kind.alias("event_type"),
        given.get("source_system", F.col("source_system")).alias("source_system"),
        F.col(key).alias("record_key"),
        title.alias("title"),
        *optional,
    )


def named(*names: str) -> dict[str, Column]:
    """The columns of these names, by name."""
    return {name: F.col(name) for name in names}


def in_words(value: Column, words: dict[str, str]) -> Column:
    """What the words say for the value; null for one that they lack."""
    return F.coalesce(*(F.when(value == name, F.lit(word)) for name, word in words.items()))
