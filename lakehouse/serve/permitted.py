"""Whom a purpose may be served for: consent, objections and restrictions, in the transform itself."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.settings.products import Product
from lakehouse.settings.purposes import Purpose
from lakehouse.settings.regimes import RegimeSettings, Unknown

CHANNELS = "_channels"
"""The added column: the channels that the customer allows for the purpose, where it needs consent."""

_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Permissions:
    """What customers decided, and what holds of those who did not.

    `customer_consent`, `restriction`, `customer_record` (whose the records are that a restriction names)
    and `customer_attribute` (where customers live) are the tables of these names; `regimes` says what
    each law takes silence for.
    """

    customer_consent: DataFrame
    restriction: DataFrame
    customer_record: DataFrame
    customer_attribute: DataFrame
    regimes: RegimeSettings


def permitted(
    customers: DataFrame, decided: Permissions, product: Product, purpose: Purpose, as_of: date
) -> DataFrame:
    """The rows of customers for whom the product's purpose may be served.

    Where the purpose needs consent: who has granted it for one of the product's channels at least; who
    never decided about it, only where the law of the residence says so. Elsewhere: who has not objected,
    by withdrawing what consent events call this purpose. In any case nobody of whom a record is, or was
    when it went, restricted for it on the day `as_of` or after.

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
        allowed = _granted(own, product).unionByName(_silent(customers, own, decided, product))
        return free.join(allowed, on="customer_id", how="inner")
    objected = own.where(F.col("state") != "granted").select("customer_id")
    nothing = F.array().cast("array<string>").alias(CHANNELS)
    return free.join(objected, on="customer_id", how="left_anti").select("*", nothing)


def _granted(own: DataFrame, product: Product) -> DataFrame:
    """customer_id and channels of who agreed."""
    is_granted = (F.col("state") == "granted") & F.col("channel").isin(*product.channels)
    return (
        own.where(is_granted).groupBy("customer_id").agg(F.collect_set("channel").alias(CHANNELS))
    )


def _silent(
    customers: DataFrame, own: DataFrame, decided: Permissions, product: Product
) -> DataFrame:
    """customer_id and channels of who decided nothing of the purpose, and need not by the law of the
    residence. Whose records disagree where they live is under the strictest law: silence is no.
    """
    by_place = decided.regimes.unknown_by_place(product.purpose)
    every_channel = F.array(*map(F.lit, product.channels)).alias(CHANNELS)
    if Unknown.OPT_OUT not in by_place.values():
        return own.select("customer_id", every_channel).where(F.lit(False))
    undecided = customers.select("customer_id").join(own, on="customer_id", how="left_anti")
    return (
        undecided.join(_residences(decided.customer_attribute), on="customer_id", how="left")
        .where(~F.coalesce("is_disputed", F.lit(False)) & _allows_silence(by_place))
        .select("customer_id", every_channel)
    )


def _residences(customer_attribute: DataFrame) -> DataFrame:
    """One row per customer: customer_id, country, region, is_disputed."""

    def said(name: str) -> Column:
        return F.max(F.when(F.col("attribute") == name, F.col("value"))).alias(name)

    return (
        customer_attribute.where(F.col("attribute").isin("country", "region"))
        # Who only adds what the residence leaves open does not dispute it.
        .where(F.col("value").isNotNull())
        .groupBy("customer_id")
        .agg(
            said("country"),
            said("region"),
            F.bool_or(F.size("lost_values") > 0).alias("is_disputed"),
        )
    )


def _allows_silence(by_place: dict[tuple[str, str], Unknown]) -> Column:
    """True of a row whose country and region are under a law that takes silence for a yes."""
    entries = [
        F.lit(part)
        for place, default in by_place.items()
        for part in (_SEPARATOR.join(place), default is Unknown.OPT_OUT)
    ]
    laws = F.create_map(*entries)
    country = F.coalesce("country", F.lit(""))
    folded = F.lower(F.trim(F.regexp_replace(F.coalesce("region", F.lit("")), r"\s+", " ")))
    places = (
        F.concat_ws(_SEPARATOR, country, folded),
        F.concat_ws(_SEPARATOR, country, F.lit("")),
        F.lit(_SEPARATOR),
    )
    return F.coalesce(*(F.try_element_at(laws, place) for place in places))


def _restricted(decided: Permissions, purpose: str, as_of: date) -> DataFrame:
    """customer_id of whom a restriction holds that is about the purpose, or about all."""
    ends = F.col("restricted_to")
    # A later row of the same record, purpose and request says when it ended.
    records = (
        decided.restriction.where(F.col("purpose").isNull() | (F.col("purpose") == purpose))
        .groupBy("record_key", "request_id", "purpose")
        .agg(F.max("restricted_to").alias("restricted_to"))
        .where(ends.isNull() | (ends.cast("date") > F.lit(as_of)))
        .select("record_key")
    )
    owners = decided.customer_record.select("record_key", "customer_id")
    return owners.join(F.broadcast(records), on="record_key", how="left_semi").select("customer_id")
