"""gold.customer_permitted: for which purposes each customer's data may be used today."""

from collections.abc import Mapping
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.settings.purposes import LegalBasis, Purpose
from lakehouse.settings.regimes import RegimeSettings, Unknown

_SEPARATOR = "\x1f"
_ALL = "*"
"""The purpose of a restriction that is about all of them."""


def customer_permitted(  # noqa: PLR0913 (one for each table that it reads)
    *,
    customer_consent: DataFrame,
    restriction: DataFrame,
    customer_record: DataFrame,
    customer_attribute: DataFrame,
    customer: DataFrame,
    customer_metric: DataFrame,
    purposes: Mapping[str, Purpose],
    regimes: RegimeSettings,
    as_of: date,
) -> DataFrame:
    """One row per customer, also of whom no purpose permits anything.

    A purpose that needs consent is permitted by who has granted it for one channel at least; by who never
    decided about it, only where the law of the residence says so. Another by who has not objected, by
    withdrawing what consent events call this purpose. None is, but for a legal duty, of whom a record is, or
    was when it went, restricted for it or for all on the day `as_of` or after. None for longer than the
    purpose lasts after the customer was first seen, last did something or last decided about it.

    Key: customer_id. Columns: those of gold.customer_permitted. Arguments: the tables of these names; what
    conf says of purposes and laws; the day of the run.
    """
    ending = {name: p for name, p in purposes.items() if p.longest_days is not None}
    decisions = _decisions(customer_consent, ending)
    wide = _restricted(restriction, customer_record, as_of)
    wide = wide.join(decisions, on="customer_id", how="left")
    if ending:
        wide = wide.join(_active(customer, customer_metric), on="customer_id", how="left")
    by_place = {
        name: regimes.unknown_by_place(name) for name, p in purposes.items() if p.needs_consent
    }
    if any(Unknown.OPT_OUT in laws.values() for laws in by_place.values()):
        wide = wide.join(_residences(customer_attribute), on="customer_id", how="left")
    permitted = []
    for name, purpose in purposes.items():
        permits = _permits(name, purpose, by_place.get(name, {}))
        permitted.append(F.when(permits & ~_is_over(name, purpose, as_of), F.lit(name)))
    return wide.select("customer_id", F.array_compact(F.array(*permitted)).alias("purposes"))


def _permits(name: str, purpose: Purpose, by_place: Mapping[tuple[str, str], Unknown]) -> Column:
    """True of a customer whose data may be used for the purpose; `by_place`: what silence means where."""
    if purpose.legal_basis is LegalBasis.LEGAL_OBLIGATION:
        return F.lit(True)
    free = ~(_holds("restricted", name) | _holds("restricted", _ALL))
    if purpose.consent_purpose is None:
        return free
    withdrawn = _holds("withdrawn", purpose.consent_purpose)
    if not purpose.needs_consent:
        return free & ~withdrawn
    granted = _holds("granted", purpose.consent_purpose)
    if Unknown.OPT_OUT not in by_place.values():
        return free & granted
    # Whose records disagree where they live is under the strictest law: silence is no.
    is_silent = ~withdrawn & ~F.coalesce("is_disputed", F.lit(False)) & _allows_silence(by_place)
    return free & (granted | is_silent)


def _holds(column: str, name: str) -> Column:
    return F.coalesce(F.array_contains(column, name), F.lit(False))


def _is_over(name: str, purpose: Purpose, as_of: date) -> Column:
    """True of who has done nothing for longer than the purpose lasts; false where nothing tells."""
    if purpose.longest_days is None:
        return F.lit(False)
    last = F.greatest("first_seen_date", "last_active_date", _decided(name))
    return F.coalesce(last < F.lit(as_of - timedelta(days=purpose.longest_days)), F.lit(False))


def _decided(name: str) -> str:
    return f"decided_{name}_date"


def _active(customer: DataFrame, customer_metric: DataFrame) -> DataFrame:
    """One row per customer: customer_id, first_seen_date, last_active_date."""
    first = customer.select("customer_id", "first_seen_date")
    last = customer_metric.select("customer_id", "last_active_date")
    return first.join(last, on="customer_id", how="full")


def _decisions(customer_consent: DataFrame, ending: Mapping[str, Purpose]) -> DataFrame:
    """One row per customer who decided anything.

    customer_id; granted and withdrawn: what consent events call purposes, of one channel at least; and the
    day of the last decision about each purpose that is `ending`.
    """
    is_granted = F.col("state") == "granted"

    def last_day(purpose: Purpose) -> Column:
        is_own = F.col("purpose").eqNullSafe(F.lit(purpose.consent_purpose).cast("string"))
        return F.max(F.when(is_own, F.col("decided_at").cast("date")))

    return customer_consent.groupBy("customer_id").agg(
        F.collect_set(F.when(is_granted, F.col("purpose"))).alias("granted"),
        F.collect_set(F.when(~is_granted, F.col("purpose"))).alias("withdrawn"),
        *(last_day(purpose).alias(_decided(name)) for name, purpose in ending.items()),
    )


def _restricted(restriction: DataFrame, customer_record: DataFrame, as_of: date) -> DataFrame:
    """One row per customer: customer_id, and restricted: purposes of restrictions that hold."""
    ends = F.col("restricted_to")
    # A later row of the same record, purpose and request says when it ended.
    records = (
        restriction.groupBy("record_key", "request_id", "purpose")
        .agg(F.max("restricted_to").alias("restricted_to"))
        .where(ends.isNull() | (ends.cast("date") > F.lit(as_of)))
        .select("record_key", F.coalesce("purpose", F.lit(_ALL)).alias("purpose"))
    )
    return (
        customer_record.join(F.broadcast(records), on="record_key", how="left")
        .groupBy("customer_id")
        .agg(F.collect_set("purpose").alias("restricted"))
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


def _allows_silence(by_place: Mapping[tuple[str, str], Unknown]) -> Column:
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
