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


def with_decisions(records: DataFrame, decided: DataFrame) -> DataFrame:
    """The records with `decisions`, the structs of what was decided by their record_key, or null.

    Args:
        records: any frame with record_key.
        decided: rows of `attribute_decisions`; made by people one at a time, they fit every worker.
    """
    by_record = decided.groupBy("record_key").agg(
        F.collect_list(F.struct("attribute_group", "values", "decided_at", "ended_at")).alias(
            "decisions"
        )
    )
    return records.join(F.broadcast(by_record), on="record_key", how="left")
