"""gold.product: the products that the facts name."""

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def product(
    product: DataFrame, order_line: DataFrame, recommendation: DataFrame, web_event: DataFrame
) -> DataFrame:
    """One row per product_id, the newest version if several catalogues hold it.

    One that no catalogue holds and a line, a recommended list or a visit names has nothing but its id, so
    that no fact is lost in a join. Key: product_id. Columns: those of gold.product.
    """
    facts = (order_line, recommendation, web_event)
    rows = (fact.select("product_id", "source_system") for fact in facts)
    named = reduce(DataFrame.unionByName, rows).where(F.col("product_id").isNotNull()).distinct()
    # What has no moment is older than all that has one.
    told = product.unionByName(named, allowMissingColumns=True)
    newest = F.struct(
        "sequence_at",
        "record_key",
        "product_name",
        "category",
        "brand",
        "currency",
        "list_price",
        "source_system",
    )
    return (
        told.groupBy("product_id")
        .agg(F.max(newest).alias("newest"))
        .select(
            "product_id",
            "newest.product_name",
            "newest.category",
            "newest.brand",
            "newest.currency",
            "newest.list_price",
            "newest.source_system",
        )
    )
