"""gold.customer_interest: which categories of products interest a customer, and for how long that counts."""

from collections.abc import Mapping
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_order_line import is_counted
from lakehouse.settings.freshness import Cutoff, FreshnessSettings, InterestFact


def customer_interest(
    customer_order_line: DataFrame,
    customer_web_session: DataFrame,
    product: DataFrame,
    freshness: FreshnessSettings,
    as_of: date,
) -> DataFrame:
    """One row per known customer, category of products and domain in which some fact tells of it.

    Dates alone are stored, so that a day on which nothing happens changes no row: an interest counts
    up to the day before fresh_until_date. What is dated after `as_of` has a wrong clock and tells of
    nothing. Key: customer_id, category, domain. Columns: those of
    gold.customer_interest.
    """
    facts = _facts(customer_order_line, customer_web_session).where(F.col("day") <= F.lit(as_of))
    category = product.where(F.col("category").isNotNull()).select("product_id", "category")
    kind = F.col("fact")
    by_category = (
        facts.join(category, on="product_id", how="inner")
        .groupBy("customer_id", "category")
        .agg(
            *(F.max(F.when(kind == k, F.col("day"))).alias(_last(k)) for k in InterestFact),
            *(F.count_if(kind == k).alias(f"{k}_count") for k in InterestFact),
        )
    )
    return (
        by_category.withColumn("told", F.explode(_domains(freshness)))
        .where(F.col("told.fresh_until_date").isNotNull())
        .select(
            "customer_id",
            "category",
            "told.domain",
            "told.fresh_until_date",
            *(_last(k) for k in InterestFact),
            *(f"{k}_count" for k in InterestFact),
        )
    )


def _domains(freshness: FreshnessSettings) -> Column:
    """An array of each domain and the first day on which nothing counts for it any more."""
    domains = [
        F.struct(F.lit(domain).alias("domain"), _fresh_until(cutoffs).alias("fresh_until_date"))
        for domain, cutoffs in sorted(freshness.interest.items())
    ]
    nothing = F.expr("cast(array() as array<struct<domain:string,fresh_until_date:date>>)")
    return F.array(*domains) if domains else nothing


def _last(kind: InterestFact) -> str:
    return f"last_{kind}_date"


def _facts(customer_order_line: DataFrame, customer_web_session: DataFrame) -> DataFrame:
    """One row per fact of a known customer: customer_id, product_id, day, fact."""
    is_known = F.col("customer_id").isNotNull()
    bought = customer_order_line.where(is_known & (F.col("quantity") > 0) & is_counted()).select(
        "customer_id",
        "product_id",
        F.col("order_date").alias("day"),
        F.lit(InterestFact.BOUGHT.value).alias("fact"),
    )
    seen = [
        customer_web_session.where(is_known).select(
            "customer_id",
            F.explode(products).alias("product_id"),
            F.col("session_date").alias("day"),
            F.lit(kind.value).alias("fact"),
        )
        for products, kind in (
            ("carted_products", InterestFact.CARTED),
            ("viewed_products", InterestFact.VIEWED),
        )
    ]
    return reduce(DataFrame.unionByName, seen, bought)


def _fresh_until(cutoffs: Mapping[InterestFact, Cutoff]) -> Column:
    """The first day on which none of the facts counts any more; null without such a fact."""
    ends = [_end(kind, cutoff) for kind, cutoff in sorted(cutoffs.items())]
    return F.greatest(*ends, *ends[:1]) if ends else F.lit(None).cast("date")


def _end(kind: InterestFact, cutoff: Cutoff) -> Column:
    own = F.col(_last(kind))
    renewals = [F.col(_last(other)) for other in cutoff.renewed_by]
    # Renewed or not, there must be a fact of the kind.
    return F.when(own.isNotNull(), F.date_add(F.greatest(own, own, *renewals), cutoff.days))
