"""gold.product: the products that the facts name."""

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def product(product: DataFrame, order_line: DataFrame, recommendation: DataFrame) -> DataFrame:
    """One row per product_id, the newest version if several catalogues hold it.

    One that no catalogue holds and a line or a recommended list names has nothing but its id, so that no
    fact is lost in a join. Key: product_id. Columns: those of gold.product.
    """
    named = [
        facts.where(F.col("product_id").isNotNull()).select("product_id", "source_system")
        for facts in (order_line, recommendation)
    ]
    # What has no moment is older than all that has one.
    told = reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), named, product)
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
