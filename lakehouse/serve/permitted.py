"""Whom a purpose may be served for: consent, objections and restrictions, in the transform itself."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.settings.products import Product
from lakehouse.settings.purposes import Purpose

CHANNELS = "_channels"
"""The added column: the channels that the customer allows for the purpose, where it needs consent."""


@dataclass(frozen=True)
class Permissions:
    """What customers decided: gold.customer_consent, ops.restriction, and gold.customer_identifier, which
    says whose the records are that a restriction names.
    """

    customer_consent: DataFrame
    restriction: DataFrame
    customer_identifier: DataFrame


def permitted(
    customers: DataFrame, decided: Permissions, product: Product, purpose: Purpose, as_of: date
) -> DataFrame:
    """The rows of customers for whom the product's purpose may be served.

    Where the purpose needs consent: who has granted it for one of the product's channels at least; unknown
    means no. Elsewhere: who has not objected, by withdrawing what consent events call this purpose. In any
    case nobody one of whose records is restricted for it on the day `as_of` or after.

    Args:
        customers: any frame with customer_id.
        decided: what customers decided.
        product: the product, of which the channels are taken.
        purpose: the product's purpose.
        as_of: the day of the run.

    Returns:
        The columns of `customers`, and `_channels` (array<string>, empty where no consent is needed).
    """
    restricted = _restricted(decided, product.purpose, as_of)
    free = customers.join(restricted, on="customer_id", how="left_anti")
    own = decided.customer_consent.where(
        F.col("purpose").eqNullSafe(F.lit(purpose.consent_purpose).cast("string"))
    )
    if purpose.needs_consent:
        granted = (
            own.where((F.col("state") == "granted") & F.col("channel").isin(*product.channels))
            .groupBy("customer_id")
            .agg(F.collect_set("channel").alias(CHANNELS))
        )
        return free.join(granted, on="customer_id", how="inner")
    objected = own.where(F.col("state") != "granted").select("customer_id")
    nothing = F.array().cast("array<string>").alias(CHANNELS)
    return free.join(objected, on="customer_id", how="left_anti").select("*", nothing)


def _restricted(decided: Permissions, purpose: str, as_of: date) -> DataFrame:
    """customer_id of whom a restriction holds that is about the purpose, or about all."""
    ends = F.col("restricted_to")
    records = decided.restriction.where(
        (F.col("purpose").isNull() | (F.col("purpose") == purpose))
        & (ends.isNull() | (ends.cast("date") > F.lit(as_of)))
    ).select("record_key")
    owners = decided.customer_identifier.select("record_key", "customer_id")
    return owners.join(F.broadcast(records), on="record_key", how="left_semi").select("customer_id")
