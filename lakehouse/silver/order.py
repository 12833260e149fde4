"""silver.order: orders and till receipts."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def order(typed: DataFrame, known_people: DataFrame) -> DataFrame:
    """One row per order or receipt. Key: record_key.

    `has_known_person` is false where person_record_key is not in `known_people`; a guest's order
    names nobody and is true.

    Args:
        typed: orders of all feeds.
        known_people: record_key of every person whom a source ever told of. Who has left counts
            among them, as the order is no less an order.
    """
    known = known_people.select(
        F.col("record_key").alias("person_record_key"), F.lit(True).alias("_is_known")
    )
    return typed.join(known, on="person_record_key", how="left").withColumns(
        {
            "order_date": F.to_date("ordered_at"),
            "has_known_person": F.col("person_record_key").isNull()
            | F.coalesce("_is_known", F.lit(False)),
        }
    )
