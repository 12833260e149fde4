"""silver.order_line: what was bought, line by line."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def order_line(typed: DataFrame, order: DataFrame) -> DataFrame:
    """One row per line of an order. Key: record_key.

    Args:
        typed: lines, with `is_nested` for those that came inside their order. Of these only the
            lines of orders in silver are kept: an order that is held back keeps its lines with it,
            in its verbatim row. Of the others, `has_order` is false for orphans.
        order: silver.order; gives the person, and the currency where the line has none.
    """
    orders = order.select(
        F.col("record_key").alias("order_record_key"),
        F.col("person_record_key").alias("_person"),
        F.col("currency").alias("_currency"),
        F.lit(True).alias("_has_order"),
    )
    lines = typed.join(orders, on="order_record_key", how="left").where(
        ~F.col("is_nested") | F.col("_has_order")
    )
    amount = F.try_multiply(F.col("unit_price"), F.col("quantity")).try_cast("decimal(18,2)")
    return lines.withColumns(
        {
            "person_record_key": F.coalesce("person_record_key", "_person"),
            "currency": F.coalesce("currency", "_currency"),
            "line_amount": F.coalesce("line_amount", amount),
            "has_order": F.coalesce("_has_order", F.lit(False)),
        }
    )
