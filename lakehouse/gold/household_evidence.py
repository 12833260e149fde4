"""What may tell that two customers live or belong together: values that both of them have."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.identity import customer_records

ADDRESS, FAMILY_NAME = "address", "family_name"
IDENTIFIERS = {
    "email": ("email", "secondary_email"),
    "phone": ("phone", "secondary_phone"),
    "loyalty_number": ("loyalty_number",),
    "device": ("device_id",),
}
"""By kind of evidence, the columns of silver.person_record that hold it."""


def customer_evidence(
    customer_attribute: DataFrame, person_record: DataFrame, identity_map: DataFrame
) -> DataFrame:
    """One row per customer, kind of evidence and value: customer_id, kind, value, first_seen_at.

    Family names and identifiers are those that any record of the customer gives today, as a misspelling or
    a maiden name in one is made good by another. The address is the current one alone: that of the
    record that gold.customer shows. It needs a street, and a postal code or else a town.
    """
    shown = customer_attribute.where(F.col("attribute") == "street").select(
        "customer_id", F.col("record_key").alias("shown_record_key")
    )
    records = customer_records(
        person_record,
        identity_map,
        "record_key",
        F.least(F.col("created_date").cast("timestamp"), "sequence_at").alias("first_seen_at"),
        F.filter(F.array(*_stated()), lambda told: told["value"].isNotNull()).alias("stated"),
    )
    is_shown = F.coalesce(F.col("record_key") == F.col("shown_record_key"), F.lit(False))
    return (
        records.join(shown, on="customer_id", how="left")
        .select("customer_id", is_shown.alias("is_shown"), "first_seen_at", F.inline("stated"))
        .where(F.col("is_shown") | (F.col("kind") != ADDRESS))
        .groupBy("customer_id", "kind", "value")
        .agg(F.min("first_seen_at").alias("first_seen_at"))
    )


def shared_evidence(evidence: DataFrame, kinds: dict[str, int]) -> DataFrame:
    """The rows of these kinds whose value several customers have, but not more than the kind's limit.

    Counted before they meet, so that a value that half of all customers have is never gathered.
    """
    of_kinds = evidence.where(F.col("kind").isin(list(kinds)))
    limit = F.coalesce(*(F.when(F.col("kind") == k, F.lit(most)) for k, most in kinds.items()))
    shared = (
        of_kinds.groupBy("kind", "value")
        .agg(F.count("*").alias("customer_count"))
        .where((F.col("customer_count") > 1) & (F.col("customer_count") <= limit))
        .select("kind", "value")
    )
    return of_kinds.join(shared, on=["kind", "value"], how="left_semi")


def _stated() -> list[Column]:
    """Kind and value, or null, of each thing that a person record says."""
    place = F.coalesce("postcode_match", "city_match")
    address = F.when(
        F.col("street_match").isNotNull() & place.isNotNull(),
        F.concat_ws(", ", "street_match", place, F.lower("country")),
    )
    named = [(ADDRESS, address), (FAMILY_NAME, F.col("family_name_match"))]
    named += [(kind, F.col(name)) for kind, names in IDENTIFIERS.items() for name in names]
    return [F.struct(F.lit(kind).alias("kind"), value.alias("value")) for kind, value in named]
