"""gold.customer: the golden record, one row per customer."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.identity import customer_records
from lakehouse.gold.offers import changed_at
from lakehouse.gold.trust import MILLION, trust_by_half_lives
from lakehouse.settings.survivorship import Survivorship
from lakehouse.tables.gold import CUSTOMER, GOLDEN_ATTRIBUTES

_SCORE = "decimal(4,3)"
_TYPES = {column.name: column.type for column in CUSTOMER.columns}


def customer(
    customer_attribute: DataFrame,
    person_record: DataFrame,
    identity_map: DataFrame,
    survivorship: Survivorship,
    as_of: date,
) -> DataFrame:
    """One row per customer with a person record, also if no record fills any attribute.

    Key: customer_id. Columns: those of gold.customer. `survivorship` names the attributes that both
    scores are about, `as_of` is the day of trust_score.
    """
    records = customer_records(
        person_record,
        identity_map,
        "source_system",
        "created_date",
        changed_at(F.col).alias("changed_at"),
    )
    summary = records.groupBy("customer_id").agg(
        F.min(F.least("created_date", F.to_date("changed_at"))).alias("first_seen_date"),
        F.max("changed_at").alias("last_changed_at"),
        F.count("*").alias("record_count"),
        F.countDistinct("source_system").alias("source_count"),
    )
    golden = _golden(customer_attribute, survivorship, as_of)
    return summary.join(golden, on="customer_id", how="left").select(
        "customer_id",
        _display_name().alias("display_name"),
        *(name for name in GOLDEN_ATTRIBUTES if name != "full_name"),
        "first_seen_date",
        "last_changed_at",
        "record_count",
        "source_count",
        F.coalesce("completeness_score", F.lit(0).cast(_SCORE)).alias("completeness_score"),
        "trust_score",
    )


def _golden(customer_attribute: DataFrame, survivorship: Survivorship, as_of: date) -> DataFrame:
    """One row per customer of whom anything is known: each golden attribute, and the scores."""
    attribute, wanted = F.col("attribute"), survivorship.completeness
    trust = trust_by_half_lives(
        F.col("starting_trust"), F.col("half_life_days"), F.col("sequence_at"), as_of
    )
    counted = F.when(attribute.isin(*wanted) & F.col("value").isNotNull(), trust)
    return customer_attribute.groupBy("customer_id").agg(
        *(
            F.max(F.when(attribute == a, F.col("value"))).cast(_TYPES.get(a, "string")).alias(a)
            for a in GOLDEN_ATTRIBUTES
        ),
        F.round(F.count(counted) / len(wanted), 3).cast(_SCORE).alias("completeness_score"),
        # The mean of whole numbers is the same in every order.
        F.round(F.avg(counted) / MILLION, 3).cast(_SCORE).alias("trust_score"),
    )


def _display_name() -> Column:
    given, family = F.col("given_name"), F.col("family_name")
    both = F.when(given.isNotNull() & family.isNotNull(), F.concat_ws(" ", given, family))
    return F.coalesce(both, "full_name", given, family)
