"""What may tell that two customers live or belong together: values that both of them have."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold.decided_address import decided_address
from lakehouse.gold.identity import customer_records, with_customer
from lakehouse.gold.offers import changed_at
from lakehouse.gold.trust import STEWARD
from lakehouse.settings.households import Households

ADDRESS, FAMILY_NAME = "address", "family_name"
IDENTIFIERS = {
    "email": ("email", "secondary_email"),
    "phone": ("phone", "secondary_phone"),
    "loyalty_number": ("loyalty_number",),
    "device": ("device_id",),
}
"""By kind of evidence, the columns of silver.person_record that hold it."""
PAYMENT_ACCOUNT = "payment_account"
IDENTIFIER_KINDS = (*IDENTIFIERS, PAYMENT_ACCOUNT)


def customer_evidence(
    customer_attribute: DataFrame,
    person_record: DataFrame,
    payment: DataFrame,
    identity_map: DataFrame,
) -> DataFrame:
    """One row per customer, kind of evidence and value: customer_id, kind, value, first_seen_at.

    Family names and identifiers are those that any record of the customer gives today, as a misspelling or
    a maiden name in one is made good by another. The address is the current one alone: that of the
    record that gold.customer shows, or the one that a steward decided. It needs a street, and a postal code
    or else a town. A payment account is one by which a payment of the customer's went through.
    """
    # A steward's address is not that of the record by which the customer is known.
    is_shown = (F.col("attribute") == "street") & (F.col("rule") != STEWARD)
    shown = customer_attribute.where(is_shown).select(
        "customer_id", F.col("record_key").alias("shown_record_key")
    )
    records = customer_records(
        person_record,
        identity_map,
        "record_key",
        F.least(F.col("created_date").cast("timestamp"), changed_at(F.col)).alias("first_seen_at"),
        F.filter(F.array(*_stated()), lambda told: told["value"].isNotNull()).alias("stated"),
    )
    is_of_shown = F.coalesce(F.col("record_key") == F.col("shown_record_key"), F.lit(False))
    stated = (
        records.join(shown, on="customer_id", how="left")
        .select("customer_id", is_of_shown.alias("is_shown"), "first_seen_at", F.inline("stated"))
        .where(F.col("is_shown") | (F.col("kind") != ADDRESS))
        .select("customer_id", "kind", "value", "first_seen_at")
    )
    return (
        stated.unionByName(_decided(customer_attribute))
        .unionByName(_paid_by(payment, identity_map))
        .groupBy("customer_id", "kind", "value")
        .agg(F.min("first_seen_at").alias("first_seen_at"))
    )


def _decided(customer_attribute: DataFrame) -> DataFrame:
    """The addresses that stewards decided, in the shape of evidence."""
    decided = decided_address(customer_attribute).select(
        "customer_id",
        F.lit(ADDRESS).alias("kind"),
        _address().alias("value"),
        F.col("decided_at").alias("first_seen_at"),
    )
    return decided.where(F.col("value").isNotNull())


def _paid_by(payment: DataFrame, identity_map: DataFrame) -> DataFrame:
    """The accounts by which customers paid, in the shape of evidence."""
    has_failed = F.coalesce(F.col("status") == "failed", F.lit(False))
    paid = payment.where(F.col("payment_account_key").isNotNull() & ~has_failed).select(
        "person_record_key",
        F.lit(PAYMENT_ACCOUNT).alias("kind"),
        F.col("payment_account_key").alias("value"),
        F.col("paid_at").alias("first_seen_at"),
    )
    return (
        with_customer(paid, identity_map)
        .where(F.col("customer_id").isNotNull())
        .select("customer_id", "kind", "value", "first_seen_at")
    )


def weighed_evidence(evidence: DataFrame, households: Households) -> DataFrame:
    """The evidence that may tell something, with customer_count: how many customers have the value.

    Of identifiers, those that several customers have, but not more than conf's limit. Addresses and family
    names stay whatever their number; family names, which only count among few, are not counted.
    """
    # A window's key: all the Smiths must not meet in one task.
    counted_by = F.when(F.col("kind") == FAMILY_NAME, F.col("customer_id")).otherwise(
        F.col("value")
    )
    customers = F.count("*").over(Window.partitionBy("kind", counted_by))
    is_counted = F.col("kind").isin(list(IDENTIFIER_KINDS))
    tells = F.col("customer_count").between(2, households.identifier_limit)
    return evidence.select("*", customers.alias("customer_count")).where(~is_counted | tells)


def _address() -> Column:
    """Street and postal code, or without one town and country: many a record leaves the country out."""
    town = F.when(
        F.col("city_match").isNotNull(), F.concat_ws(", ", "city_match", F.lower("country"))
    )
    return F.concat("street_match", F.lit(", "), F.coalesce("postcode_match", town))


def _stated() -> list[Column]:
    """Kind and value, or null, of each thing that a person record says."""
    named = [(ADDRESS, _address()), (FAMILY_NAME, F.col("family_name_match"))]
    named += [(kind, F.col(name)) for kind, names in IDENTIFIERS.items() for name in names]
    return [F.struct(F.lit(kind).alias("kind"), value.alias("value")) for kind, value in named]
