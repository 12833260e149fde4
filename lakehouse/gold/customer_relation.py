"""gold.customer_relation: which customers have to do with each other, and by what."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.household_evidence import (
    ADDRESS,
    FAMILY_NAME,
    IDENTIFIER_KINDS,
    customer_evidence,
    weighed_evidence,
)
from lakehouse.settings.households import Households

_HOUSEHOLD = "household"


def customer_relation(
    customer_attribute: DataFrame,
    person_record: DataFrame,
    payment: DataFrame,
    identity_map: DataFrame,
    household_member: DataFrame,
    households: Households,
) -> DataFrame:
    """One row per ordered pair of customers and type of relation, so that each pair is there both ways round.

    Key: customer_id, related_customer_id, relation_type. Columns: those of gold.customer_relation. An address
    or identifier that more customers have than conf's limit relates nobody, which bounds the rows
    that a value can make. Two of one household are not named as of one address again.
    """
    evidence = customer_evidence(customer_attribute, person_record, payment, identity_map)
    living = household_member.where(F.col("valid_to").isNull()).select(
        "customer_id", "household_id", "valid_from"
    )
    weighed = weighed_evidence(evidence, households)
    return (
        _pairs(_meeting(weighed, living, households).unionByName(_being_of(living)))
        .groupBy("customer_id", "related_customer_id")
        .agg(F.array_sort(F.collect_list(F.struct("kind", "value", "since"))).alias("shared"))
        .select("customer_id", "related_customer_id", F.inline(_relations()))
        .where("since is not null")
    )


def _meeting(weighed: DataFrame, living: DataFrame, households: Households) -> DataFrame:
    """Evidence by which customers are related; household_id is within which a family name counts."""
    is_name = F.col("kind") == FAMILY_NAME
    is_crowded = (F.col("kind") == ADDRESS) & (F.col("customer_count") > households.address_limit)
    home = F.when(is_name, F.col("household_id"))
    return (
        weighed.where(~is_crowded)
        .join(living, on="customer_id", how="left")
        .where(~is_name | F.col("household_id").isNotNull())
        .select("customer_id", "kind", "value", "first_seen_at", home.alias("household_id"))
    )


def _being_of(living: DataFrame) -> DataFrame:
    """That a customer is of a household, in the shape of evidence."""
    return living.select(
        "customer_id",
        F.lit(_HOUSEHOLD).alias("kind"),
        F.lit("").alias("value"),
        F.col("valid_from").alias("first_seen_at"),
        "household_id",
    )


def _pairs(shared: DataFrame) -> DataFrame:
    """customer_id, related_customer_id, kind, value, since: every two customers who share a value."""
    people = F.collect_list(F.struct("customer_id", "first_seen_at"))
    since = F.greatest("one.first_seen_at", "other.first_seen_at")
    return (
        shared.groupBy("kind", "value", "household_id")
        .agg(people.alias("people"))
        .where(F.size("people") > 1)
        .select("kind", "value", "people", F.explode("people").alias("one"))
        .select("kind", "value", "one", F.explode("people").alias("other"))
        .where(F.col("one.customer_id") != F.col("other.customer_id"))
        .select(
            F.col("one.customer_id").alias("customer_id"),
            F.col("other.customer_id").alias("related_customer_id"),
            "kind",
            "value",
            since.alias("since"),
        )
    )


def _relations() -> Column:
    """What the shared values of two customers say, as structs; `since` is null of what they do not say."""

    def of(kind: str) -> Column:
        return F.filter("shared", lambda told: told["kind"] == kind)

    def relation(name: str, grounds: Column, evidence: Column) -> Column:
        told = F.transform(evidence, lambda e: F.struct(e["kind"], e["value"]))
        since = F.array_min(grounds["since"])
        return F.struct(
            F.lit(name).alias("relation_type"),
            told.cast("array<struct<kind:string,value:string>>").alias("evidence"),
            since.alias("since"),
        )

    household = of(_HOUSEHOLD)
    but_household = F.filter("shared", lambda told: told["kind"] != _HOUSEHOLD)
    at_address = F.when(F.size(household) == 0, of(ADDRESS))
    return F.array(
        relation("same_household", household, but_household),
        relation("same_address", at_address, at_address),
        *(relation(f"shared_{kind}", of(kind), of(kind)) for kind in IDENTIFIER_KINDS),
    )
