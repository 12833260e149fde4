"""gold.customer_consent: what each customer allows, per purpose and channel."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.identity import last_identity


def customer_consent(
    consent_event: DataFrame, identity_map: DataFrame, customer_alias: DataFrame
) -> DataFrame:
    """One row per customer, purpose and channel with a decision.

    The latest decision of each person record holds (at one moment, the withdrawal); if a customer's
    records disagree, withdrawn holds. Anything but a grant, also nothing, counts as a withdrawal.
    A record that is gone, such as a closed account, grants nothing any more; what it withdrew stays
    withdrawn for the customer whose it was. Key: customer_id, purpose, channel. Columns: those of
    gold.customer_consent.
    """
    by_record = _latest_decisions(consent_event, last_identity(identity_map, customer_alias))
    protective = F.struct(F.col("latest.is_withdrawn"), F.col("latest"))
    return (
        by_record.groupBy("customer_id", "purpose", "channel")
        .agg(
            F.max(protective)["latest"].alias("effective"),
            (F.min("latest.is_withdrawn") != F.max("latest.is_withdrawn")).alias("has_conflict"),
        )
        .select(
            "customer_id",
            "purpose",
            "channel",
            F.when(F.col("effective.is_withdrawn"), "withdrawn")
            .otherwise("granted")
            .alias("state"),
            "effective.legal_basis",
            "effective.decided_at",
            "effective.record_key",
            "effective.source_system",
            "has_conflict",
        )
    )


def _latest_decisions(consent_event: DataFrame, identity: DataFrame) -> DataFrame:
    """One row per customer, purpose, channel and person record: `latest`, what holds of that record."""
    decision = F.struct(
        F.col("happened_at").alias("decided_at"),
        (~F.col("action").eqNullSafe("grant")).alias("is_withdrawn"),
        "record_key",
        "source_system",
        "legal_basis",
    )
    owners = identity.withColumnRenamed("record_key", "person_record_key")
    return (
        consent_event.join(owners, on="person_record_key", how="inner")
        .select(
            "customer_id",
            "person_record_key",
            "is_current",
            "purpose",
            "channel",
            decision.alias("decision"),
        )
        .repartition("customer_id")
        .groupBy("customer_id", "purpose", "channel", "person_record_key", "is_current")
        .agg(F.max("decision").alias("latest"))
        .where("is_current or latest.is_withdrawn")
    )
