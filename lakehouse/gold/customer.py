"""gold.customer: the golden record, one row per customer."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.identity import customer_records
from lakehouse.tables.gold import GOLDEN_ATTRIBUTES


def customer(
    customer_attribute: DataFrame, person_record: DataFrame, identity_map: DataFrame
) -> DataFrame:
    """One row per customer with a person record, also if no record fills any attribute.

    Key: customer_id. Columns: those of gold.customer.
    """
    golden = customer_attribute.groupBy("customer_id").agg(
        *(
            F.max(F.when(F.col("attribute") == a, F.col("value"))).alias(a)
            for a in GOLDEN_ATTRIBUTES
        )
    )
    records = customer_records(
        person_record, identity_map, "source_system", "sequence_at", "created_date"
    )
    summary = records.groupBy("customer_id").agg(
        F.min(F.least("created_date", F.to_date("sequence_at"))).alias("first_seen_date"),
        F.max("sequence_at").alias("last_changed_at"),
        F.count("*").alias("record_count"),
        F.countDistinct("source_system").alias("source_count"),
    )
    return summary.join(golden, on="customer_id", how="left").select(
        "customer_id",
        _display_name().alias("display_name"),
        "given_name",
        "middle_name",
        "family_name",
        "name_suffix",
        F.col("birth_date").cast("date").alias("birth_date"),
        "gender",
        "email",
        "phone",
        "street",
        "city",
        "region",
        "postcode",
        "country",
        "national_id",
        "first_seen_date",
        "last_changed_at",
        "record_count",
        "source_count",
    )


def _display_name() -> Column:
    given, family = F.col("given_name"), F.col("family_name")
    both = F.when(given.isNotNull() & family.isNotNull(), F.concat_ws(" ", given, family))
    return F.coalesce(both, "full_name", given, family)
