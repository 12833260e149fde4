"""What stewards decided of customers' attributes, and while it held."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

SET, WITHDRAWN = "set", "withdrawn"
"""What ops.attribute_override can hold of a record and group: values, or that they hold no longer."""


def attribute_decisions(log: DataFrame) -> DataFrame:
    """Every decision that gave values, with the moment of the next one of the same record and group.

    Args:
        log: ops.attribute_override.

    Returns:
        record_key, attribute_group, values, decided_by, reason, decided_at, ended_at (null while it
        holds): one row per record, group and decision, none of two that hold at once.
    """
    in_turn = Window.partitionBy("record_key", "attribute_group").orderBy("decided_at")
    return (
        log.select("*", F.lead("decided_at").over(in_turn).alias("ended_at"))
        .where(F.col("decision") == SET)
        .select(
            "record_key",
            "attribute_group",
            "values",
            "decided_by",
            "reason",
            "decided_at",
            "ended_at",
        )
    )


def with_decisions(records: DataFrame, decided: DataFrame, customer_record: DataFrame) -> DataFrame:
    """The records with `decisions`, the structs of what was decided of their customer, or null.

    Every record of a customer has all of them, so that a decision outlives the record that it was made by.

    Args:
        records: any frame with customer_id.
        decided: rows of `attribute_decisions`; made by people one at a time, they fit every worker.
        customer_record: gold.customer_record, whose each record is, or was last. Of a gone record that may
            be of several customers nobody knows whose it was: what was decided of it is shown of none.
    """
    of_record = Window.partitionBy("record_key")
    owned = customer_record.select("customer_id", "record_key").join(
        F.broadcast(decided), on="record_key", how="inner"
    )
    is_of_one = F.min("customer_id").over(of_record) == F.max("customer_id").over(of_record)
    decision = F.struct("record_key", "attribute_group", "values", "decided_at", "ended_at")
    by_customer = (
        owned.select("*", is_of_one.alias("is_of_one"))
        .where("is_of_one")
        .groupBy("customer_id")
        .agg(F.collect_list(decision).alias("decisions"))
    )
    return records.join(F.broadcast(by_customer), on="customer_id", how="left")
