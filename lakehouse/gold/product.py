"""gold.product: the products that the facts name."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def product(product: DataFrame) -> DataFrame:
    """One row per product_id, the newest version if several catalogues hold it.

    Key: product_id. Columns: those of gold.product.
    """
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
        product.groupBy("product_id")
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
