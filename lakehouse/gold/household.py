"""gold.household: the households that there are."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_SHOWN = ("street", "city", "region", "postcode", "country")


def household(household_member: DataFrame, customer: DataFrame) -> DataFrame:
    """One row per household that has a member today.

    Key: household_id. Columns: those of gold.household. Its name and address are as the golden record
    of one member has them: who has been in it longest, of these who was born first, of these whose
    customer_id sorts first.
    """
    golden = customer.select("customer_id", "family_name", "birth_date", *_SHOWN)
    is_open = F.col("valid_to").isNull()
    born = F.coalesce("birth_date", F.lit("9999-12-31").cast("date"))
    longest = F.when(is_open, F.struct("valid_from", born, "customer_id"))
    named = F.struct("customer_id", F.col("family_name").alias("household_name"), *_SHOWN)
    return (
        household_member.join(golden, on="customer_id", how="left")
        .groupBy("household_id")
        .agg(
            F.min_by(named, longest).alias("named"),
            F.count_if(is_open).alias("member_count"),
            F.count_if(is_open & (F.col("role") == "child")).alias("child_count"),
            _kinds(F.when(is_open, F.col("evidence"))).alias("evidence"),
            F.bool_or(is_open & F.col("is_crowded_address")).alias("is_crowded_address"),
            F.min("valid_from").alias("first_seen_at"),
        )
        .where(F.col("member_count") > 0)
        .select(
            "household_id",
            "named.*",
            "member_count",
            "child_count",
            "evidence",
            "is_crowded_address",
            "first_seen_at",
        )
    )


def _kinds(evidence: Column) -> Column:
    return F.array_sort(F.array_distinct(F.flatten(F.collect_list(evidence))))
