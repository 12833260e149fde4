"""Whom a data product may tell of, and by which channels, in the transform itself."""

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.settings.products import Product
from lakehouse.settings.purposes import Purpose

CHANNELS = "_channels"
"""The added column: the channels that the customer allows for the purpose, where it needs consent."""


@dataclass(frozen=True)
class Permissions:
    """The tables of gold of these names: what customers decided, and which purposes that permits."""

    customer_consent: DataFrame
    customer_permitted: DataFrame


def permitted(
    customers: DataFrame, decided: Permissions, product: Product, purpose: Purpose
) -> DataFrame:
    """The rows of customers for whom the product's purpose may be served.

    That is who permits it by gold.customer_permitted; where it needs consent, for one of the product's
    channels at least. Who permits it by silence allows every channel.

    Args:
        customers: any frame with customer_id.
        decided: what customers decided.
        product: the product, of which the channels are taken.
        purpose: the product's purpose.

    Returns:
        The columns of `customers`, and `_channels` (array<string>, empty where no consent is needed).
    """
    allowed = decided.customer_permitted.where(
        F.array_contains("purposes", product.purpose)
    ).select("customer_id")
    free = customers.join(allowed, on="customer_id", how="left_semi")
    if not purpose.needs_consent:
        return free.select("*", F.array().cast("array<string>").alias(CHANNELS))
    is_own = F.col("purpose") == F.lit(purpose.consent_purpose)
    own = decided.customer_consent.where(is_own)
    is_granted = (F.col("state") == "granted") & F.col("channel").isin(*product.channels)
    granted = (
        own.where(is_granted).groupBy("customer_id").agg(F.collect_set("channel").alias(CHANNELS))
    )
    silent = allowed.join(own, on="customer_id", how="left_anti").select(
        "customer_id", F.array(*map(F.lit, product.channels)).alias(CHANNELS)
    )
    return free.join(granted.unionByName(silent), on="customer_id", how="inner")
