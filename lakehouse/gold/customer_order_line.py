"""gold.customer_order_line: what was bought, by whom and when."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_order import has_worth
from lakehouse.gold.identity import with_customer
from lakehouse.gold.money import reporting_amount
from lakehouse.settings.facts import MoneySettings


def is_counted() -> Column:
    """True for a line whose order counts; also where a release from before the column tells nothing."""
    return F.coalesce("is_counted", F.lit(True))


def customer_order_line(
    order_line: DataFrame,
    customer_order: DataFrame,
    identity_map: DataFrame,
    money: MoneySettings,
) -> DataFrame:
    """One row per line of silver; the customer is the order's, or the line's if it has no order.

    Key: record_key. Columns: those of gold.customer_order_line.
    """
    heads = customer_order.select(
        F.col("record_key").alias("order_record_key"),
        F.col("person_record_key").alias("order_person_record_key"),
        "channel",
        "order_date",
        (F.col("same_purchase_key").isNull() & has_worth()).alias("is_counted"),
    )
    lines = order_line.join(heads, on="order_record_key", how="left").withColumn(
        "person_record_key", F.coalesce("order_person_record_key", "person_record_key")
    )
    return with_customer(lines, identity_map).select(
        "record_key",
        "customer_id",
        "person_record_key",
        "source_system",
        "order_record_key",
        "line_number",
        "product_id",
        "channel",
        "order_date",
        "quantity",
        "unit_price",
        "line_amount",
        "currency",
        reporting_amount("line_amount", "currency", "order_date", money).alias("reporting_amount"),
        F.coalesce("is_counted", F.lit(True)).alias("is_counted"),
    )
