"""Whom a purpose may be served for: effective consent of today, in the transform itself."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.settings.products import Product
from lakehouse.settings.purposes import Purpose

CHANNELS = "_channels"
"""The added column: the channels that the customer allows for the purpose, where it needs consent."""


def permitted(
    customers: DataFrame, customer_consent: DataFrame, product: Product, purpose: Purpose
) -> DataFrame:
    """The rows of customers for whom the product's purpose may be served.

    Where the purpose needs consent: who has granted it for one of the product's channels at least; unknown
    means no. Elsewhere: who has not objected, by withdrawing what consent events call this purpose.

    Args:
        customers: any frame with customer_id.
        customer_consent: gold.customer_consent.
        product: the product, of which the channels are taken.
        purpose: the product's purpose.

    Returns:
        The columns of `customers`, and `_channels` (array<string>, empty where no consent is needed).
    """
    decided = customer_consent.where(F.col("purpose").eqNullSafe(F.lit(purpose.consent_purpose)))
    if purpose.needs_consent:
        granted = (
            decided.where((F.col("state") == "granted") & F.col("channel").isin(*product.channels))
            .groupBy("customer_id")
            .agg(F.collect_set("channel").alias(CHANNELS))
        )
        return customers.join(granted, on="customer_id", how="inner")
    objected = decided.where(F.col("state") != "granted").select("customer_id")
    nothing = F.array().cast("array<string>").alias(CHANNELS)
    return customers.join(objected, on="customer_id", how="left_anti").select("*", nothing)
