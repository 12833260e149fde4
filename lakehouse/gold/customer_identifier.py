"""gold.customer_identifier: everything by which a source knows a customer."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.identity import with_customer
from lakehouse.gold.offers import changed_at


def customer_identifier(
    person_record: DataFrame, loyalty: DataFrame, device: DataFrame, identity_map: DataFrame
) -> DataFrame:
    """One row per identifier of a known customer and silver record that carries it.

    Key: customer_id, identifier_type, identifier_value, record_key. Columns: those of
    gold.customer_identifier.
    """
    people = person_record.withColumn("person_record_key", F.col("record_key"))
    stated = _identifiers(
        people,
        first_seen_at=F.least(F.col("created_date").cast("timestamp"), changed_at(F.col)),
        last_seen_at=F.col("sequence_at"),
        email=("email", "secondary_email"),
        phone=("phone", "secondary_phone"),
        national_id=("national_id",),
        loyalty_number=("loyalty_number",),
        social_handle=("social_handle",),
        device=("device_id",),
        source_record=("source_record_id",),
    )
    cards = _identifiers(
        loyalty,
        first_seen_at=F.least(F.col("joined_date").cast("timestamp"), "sequence_at"),
        last_seen_at=F.col("sequence_at"),
        loyalty_number=("loyalty_number",),
    )
    seen = _identifiers(
        device,
        first_seen_at=F.col("first_seen_at"),
        last_seen_at=F.col("last_seen_at"),
        device=("device_id",),
        cookie=("cookie_id",),
    )
    known = with_customer(stated.unionByName(cards).unionByName(seen), identity_map)
    # A loyalty member is a person record and a loyalty account under one key, with one card number.
    return (
        known.where(F.col("customer_id").isNotNull())
        .groupBy(
            "customer_id", "identifier_type", "identifier_value", "source_system", "record_key"
        )
        .agg(
            F.min("first_seen_at").alias("first_seen_at"),
            F.max("last_seen_at").alias("last_seen_at"),
        )
        .select(
            "customer_id",
            "identifier_type",
            "identifier_value",
            "source_system",
            "record_key",
            "first_seen_at",
            "last_seen_at",
        )
    )


def _identifiers(
    records: DataFrame, first_seen_at: Column, last_seen_at: Column, **columns: tuple[str, ...]
) -> DataFrame:
    """One row per distinct identifier of each record; `columns`: which columns hold which type."""
    named = [
        F.struct(F.lit(kind).alias("identifier_type"), F.col(name).alias("identifier_value"))
        for kind, names in columns.items()
        for name in names
    ]
    filled = F.filter(F.array(*named), lambda entry: entry["identifier_value"].isNotNull())
    return records.select(
        "person_record_key",
        "source_system",
        "record_key",
        first_seen_at.alias("first_seen_at"),
        last_seen_at.alias("last_seen_at"),
        F.explode(F.array_distinct(filled)).alias("identifier"),
    ).select(
        "person_record_key",
        "source_system",
        "record_key",
        "first_seen_at",
        "last_seen_at",
        "identifier.*",
    )
