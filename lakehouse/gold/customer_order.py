"""gold.customer_order: every order, with its customer where there is one."""

from pyspark.sql import DataFrame

from lakehouse.gold.identity import with_customer
from lakehouse.gold.money import reporting_amount
from lakehouse.settings.facts import MoneySettings


def customer_order(order: DataFrame, identity_map: DataFrame, money: MoneySettings) -> DataFrame:
    """One row per order of silver, customer_id null for guests.

    Key: record_key. Columns: those of gold.customer_order.
    """
    return with_customer(order, identity_map).select(
        "record_key",
        "customer_id",
        "person_record_key",
        "source_system",
        "order_id",
        "channel",
        "ordered_at",
        "order_date",
        "status",
        "currency",
        "total_amount",
        reporting_amount("total_amount", "currency", "order_date", money).alias("reporting_amount"),
        "store_id",
    )
