"""gold.customer_metric: recency, frequency, value and last contact, as stored facts.

Marketing may read it, so it counts no contact with the service desk; gold.customer_360 does.
"""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_interaction import BY_THE_DESK, FOR_MARKETING
from lakehouse.gold.customer_order import has_worth, purchases


def customer_metric(
    customer: DataFrame, customer_order: DataFrame, customer_interaction: DataFrame, as_of: date
) -> DataFrame:
    """One row per row of gold.customer; zeros and nulls for one who never did anything.

    What is dated after `as_of` has a wrong clock: it stays among the facts and counts in nothing. Key:
    customer_id. Columns: those of gold.customer_metric.
    """
    is_known, day = F.col("customer_id").isNotNull(), F.lit(as_of)
    orders = _orders(purchases(customer_order).where(is_known & (F.col("order_date") <= day)))
    told = customer_interaction.where(F.col("interaction_type").isin(*FOR_MARKETING))
    made = contacts(told, as_of)
    no_values = F.array().cast(orders.schema["order_values"].dataType)
    return (
        customer.select("customer_id")
        .join(orders, on="customer_id", how="left")
        .join(made, on="customer_id", how="left")
        .select(
            "customer_id",
            "first_order_date",
            "last_order_date",
            F.coalesce("order_count", F.lit(0)).alias("order_count"),
            F.coalesce("returned_order_count", F.lit(0)).alias("returned_order_count"),
            F.coalesce("cancelled_order_count", F.lit(0)).alias("cancelled_order_count"),
            F.coalesce("order_values", no_values).alias("order_values"),
            F.coalesce("interaction_count", F.lit(0)).alias("interaction_count"),
            "last_contact_date",
            F.greatest("last_ordering_date", "last_acting_date").alias("last_active_date"),
        )
    )


def _orders(customer_order: DataFrame) -> DataFrame:
    """One row per customer with an order, from one row per customer and currency."""
    status, counts = F.coalesce("status", F.lit("")), has_worth()
    by_currency = (
        customer_order.repartition("customer_id")
        .groupBy("customer_id", "currency")
        .agg(
            F.min(F.when(counts, F.col("order_date"))).alias("first_order_date"),
            F.max(F.when(counts, F.col("order_date"))).alias("last_order_date"),
            F.max("order_date").alias("last_ordering_date"),
            F.count_if(counts).alias("order_count"),
            F.count_if(status == "returned").alias("returned_order_count"),
            F.count_if(status == "cancelled").alias("cancelled_order_count"),
            F.coalesce(F.sum(F.when(counts, F.col("total_amount"))), F.lit(0))
            .cast("decimal(28,2)")
            .alias("total_amount"),
        )
    )
    value = F.when(F.col("order_count") > 0, F.struct("currency", "order_count", "total_amount"))
    return by_currency.groupBy("customer_id").agg(
        F.min("first_order_date").alias("first_order_date"),
        F.max("last_order_date").alias("last_order_date"),
        F.max("last_ordering_date").alias("last_ordering_date"),
        F.sum("order_count").alias("order_count"),
        F.sum("returned_order_count").alias("returned_order_count"),
        F.sum("cancelled_order_count").alias("cancelled_order_count"),
        F.sort_array(F.collect_list(value)).alias("order_values"),
    )


def contacts(customer_interaction: DataFrame, as_of: date) -> DataFrame:
    """One row per known customer with a contact by the day `as_of`. Key: customer_id.

    Columns: interaction_count, last_contact_date, last_acting_date (of what was not the company's doing).
    """
    is_theirs = ~F.coalesce(F.col("action").isin("send", *BY_THE_DESK), F.lit(False))
    has_come = F.col("customer_id").isNotNull() & (F.col("interaction_date") <= F.lit(as_of))
    return (
        customer_interaction.where(has_come)
        .groupBy("customer_id")
        .agg(
            F.count("*").alias("interaction_count"),
            F.max("interaction_date").alias("last_contact_date"),
            F.max(F.when(is_theirs, F.col("interaction_date"))).alias("last_acting_date"),
        )
    )
