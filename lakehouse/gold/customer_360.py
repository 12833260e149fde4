"""gold.customer_360: everything at a glance, one wide row per customer for BI."""

from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.tickets import is_open
from lakehouse.gold.counted_facts import counted_facts
from lakehouse.gold.customer_interaction import FOR_MARKETING
from lakehouse.gold.customer_metric import contacts
from lakehouse.gold.customer_order import counted
from lakehouse.gold.customer_order_line import is_counted
from lakehouse.settings.freshness import FreshnessSettings
from lakehouse.tables.gold import CUSTOMER_360

_COUNTS = (
    "order_count",
    "returned_order_count",
    "cancelled_order_count",
    "interaction_count",
    "store_order_count",
    "session_count",
    "abandoned_cart_count",
    "message_sent_count",
    "message_click_count",
    "ticket_count",
    "open_ticket_count",
    "conversation_count",
    "mention_count",
    "recommendation_click_count",
    "stale_fact_count",
    "stale_interest_count",
)
"""Counts that are 0 for a customer without such facts, also where conf leaves their table out."""

_LISTS = ("interests", "granted", "withdrawn", "fact_freshness")
"""Lists that are empty for a customer without such facts."""


def customer_360(  # noqa: PLR0913 (one for each table that it reads)
    *,
    customer: DataFrame,
    customer_metric: DataFrame,
    customer_order: DataFrame,
    customer_order_line: DataFrame,
    product: DataFrame,
    customer_web_session: DataFrame,
    customer_ticket: DataFrame,
    customer_interaction: DataFrame,
    customer_recommendation: DataFrame,
    customer_consent: DataFrame,
    customer_journey_stage: DataFrame,
    customer_interest: DataFrame,
    household_member: DataFrame,
    household: DataFrame,
    customer_loyalty: DataFrame,
    demographic: DataFrame,
    freshness: FreshnessSettings,
    as_of: date,
) -> DataFrame:
    """One row per row of gold.customer, by the day `as_of`. Facts that are stale by `freshness` feed nothing.

    Key: customer_id. Columns: those of gold.customer_360.
    """
    told = (customer_order, customer_web_session, customer_ticket, customer_interaction)
    parts = [
        _with_service(customer_metric, customer_interaction, as_of),
        _home(household_member, household),
        _stage(customer_journey_stage),
        _orders(customer_order, as_of),
        _tastes(customer_order_line, product, customer_interest, freshness, as_of),
        _open_tickets(customer_ticket, as_of),
        counted_facts(*told, customer_recommendation, freshness, as_of),
        _interests(customer_interest, as_of),
        _consents(customer_consent),
        _membership(customer_loyalty),
        _areas(customer, demographic),
    ]
    return _filled(reduce(lambda a, b: a.join(b, on="customer_id", how="left"), parts, customer))


def _filled(wide: DataFrame) -> DataFrame:
    """The table's columns, with nulls of what is counted and listed as 0 and as empty lists."""
    kinds = dict(wide.dtypes)
    lists = {name: F.coalesce(name, F.array().cast(kinds[name])) for name in _LISTS}
    # Null where there are orders and no rate for any: that is not nothing.
    amount = F.when(F.col("order_count") > 0, F.col("order_reporting_amount")).otherwise(F.lit(0))
    filled = wide.fillna(0, list(_COUNTS)).withColumns(lists)
    return filled.withColumn("order_reporting_amount", amount.cast("decimal(28,2)")).select(
        *CUSTOMER_360.column_names
    )


def _with_service(
    customer_metric: DataFrame, customer_interaction: DataFrame, as_of: date
) -> DataFrame:
    """gold.customer_metric with the contacts that it leaves out: those with the service desk."""
    is_service = ~F.col("interaction_type").isin(*FOR_MARKETING)
    service = contacts(customer_interaction.where(is_service), as_of).select(
        "customer_id",
        F.col("interaction_count").alias("_count"),
        F.col("last_contact_date").alias("_contact_date"),
        F.col("last_acting_date").alias("_acting_date"),
    )
    both = customer_metric.join(service, on="customer_id", how="left")
    return both.withColumns(
        {
            "interaction_count": F.col("interaction_count") + F.coalesce("_count", F.lit(0)),
            "last_contact_date": F.greatest("last_contact_date", "_contact_date"),
            "last_active_date": F.greatest("last_active_date", "_acting_date"),
        }
    )


def _home(household_member: DataFrame, household: DataFrame) -> DataFrame:
    today = household_member.where(F.col("valid_to").isNull())
    sizes = household.select("household_id", F.col("member_count").alias("household_member_count"))
    return today.join(sizes, on="household_id", how="left").select(
        "customer_id",
        "household_id",
        F.col("role").alias("household_role"),
        "household_member_count",
    )


def _stage(customer_journey_stage: DataFrame) -> DataFrame:
    return customer_journey_stage.where(F.col("valid_to_date").isNull()).select(
        "customer_id", F.col("stage").alias("journey_stage")
    )


def _most_frequent(value: Column) -> Column:
    """The value that most rows of a group have, the smallest of several; null if none has any."""
    return F.mode(value, True)


def _orders(customer_order: DataFrame, as_of: date) -> DataFrame:
    return (
        counted(customer_order, as_of)
        .groupBy("customer_id")
        .agg(
            F.sum("reporting_amount").cast("decimal(28,2)").alias("order_reporting_amount"),
            F.count_if(F.col("channel") == "store").alias("store_order_count"),
        )
    )


def _tastes(
    customer_order_line: DataFrame,
    product: DataFrame,
    customer_interest: DataFrame,
    freshness: FreshnessSettings,
    as_of: date,
) -> DataFrame:
    """What was bought most in the categories that interest the customer for the domain that conf names."""
    # The day of a line whose order is missing is not known.
    has_come = F.coalesce(F.col("order_date") <= F.lit(as_of), F.lit(True))
    lines = customer_order_line.where((F.col("quantity") > 0) & is_counted() & has_come)
    products = product.select("product_id", "category", "brand")
    is_preferred = (F.col("domain") == F.lit(freshness.preference_domain)) & _is_fresh(as_of)
    fresh = customer_interest.where(is_preferred).select("customer_id", "category")
    return (
        lines.select("customer_id", "product_id")
        .join(products, on="product_id", how="inner")
        .join(fresh, on=["customer_id", "category"], how="left_semi")
        .groupBy("customer_id")
        .agg(
            _most_frequent(F.col("category")).alias("preferred_category"),
            _most_frequent(F.col("brand")).alias("preferred_brand"),
        )
    )


def _is_fresh(as_of: date) -> Column:
    return F.col("fresh_until_date") > F.lit(as_of)


def _open_tickets(customer_ticket: DataFrame, as_of: date) -> DataFrame:
    """However old: somebody still waits for an answer. Those of days to come have a wrong clock."""
    has_come = F.col("opened_date") <= F.lit(as_of)
    return customer_ticket.groupBy("customer_id").agg(
        F.count_if(is_open(F.col("status"), F.col("closed_at")) & has_come).alias(
            "open_ticket_count"
        )
    )


def _interests(customer_interest: DataFrame, as_of: date) -> DataFrame:
    is_fresh = _is_fresh(as_of)
    told = F.concat_ws(":", "domain", "category")
    return customer_interest.groupBy("customer_id").agg(
        F.sort_array(F.collect_set(F.when(is_fresh, told))).alias("interests"),
        F.count_if(~is_fresh).alias("stale_interest_count"),
    )


def _consents(customer_consent: DataFrame) -> DataFrame:
    decided = F.concat_ws(":", "purpose", "channel")
    is_granted = F.col("state") == "granted"
    return customer_consent.groupBy("customer_id").agg(
        F.sort_array(F.collect_set(F.when(is_granted, decided))).alias("granted"),
        F.sort_array(F.collect_set(F.when(~is_granted, decided))).alias("withdrawn"),
    )


def _membership(customer_loyalty: DataFrame) -> DataFrame:
    """The account with most points of several; of even ones that with the greater key."""
    best = F.max_by(F.struct("tier", "points"), F.struct("points", "record_key"))
    return (
        customer_loyalty.groupBy("customer_id")
        .agg(best.alias("best"))
        .select(
            "customer_id",
            F.col("best.tier").alias("loyalty_tier"),
            F.col("best.points").alias("loyalty_points"),
        )
    )


def _areas(customer: DataFrame, demographic: DataFrame) -> DataFrame:
    """What the third party tells of the smallest postal area that the customer's postcode lies in."""
    told = F.struct("population", "median_income", "currency", "median_age")
    # One third party's row per area: of several the greatest key, always the same.
    longest = F.struct(F.length("postcode_area"), F.col("record_key"))
    return (
        customer.select(
            "customer_id", "country", F.explode(_areas_of_postcode()).alias("postcode_area")
        )
        .join(demographic, on=["country", "postcode_area"], how="inner")
        .groupBy("customer_id")
        .agg(F.max_by(told, longest).alias("area"))
        .select(
            "customer_id",
            F.col("area.population").alias("area_population"),
            F.col("area.median_income").alias("area_median_income"),
            F.col("area.currency").alias("area_income_currency"),
            F.col("area.median_age").alias("area_median_age"),
        )
    )


def _areas_of_postcode() -> Column:
    """The postal areas that the postcode lies in, as silver.demographic writes them; null without any.

    A British postcode lies in its outward code, in the district of that and in the letters before: `EC1A
    1BB` in ec1a, ec1 and ec. Other beginnings name other places: LS14 is not in LS1, and no part of LS1 4AB
    is LS14. Elsewhere every beginning of a postcode is an area.
    """
    code = F.lower(F.regexp_replace("postcode", "[^A-Za-z0-9]", ""))
    outward = F.lower(F.substring_index("postcode", " ", 1))
    district = F.regexp_extract(outward, "^[a-z]+[0-9]+", 0)
    letters = F.regexp_extract(outward, "^[a-z]+", 0)
    lengths = F.sequence(F.lit(1), F.length(code))
    beginnings = F.transform(lengths, lambda n: F.substring(code, F.lit(1), n))
    return F.when(F.col("country") == "GB", F.array(outward, district, letters)).when(
        F.length(code) > 0, beginnings
    )
