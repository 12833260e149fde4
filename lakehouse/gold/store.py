"""gold.store: the stores that facts name."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def store(customer_order: DataFrame, store_weather: DataFrame, as_of: date) -> DataFrame:
    """One row per store of a receipt or of the weather. Key: store_id. Columns: those of gold.store.

    What is dated after `as_of` has a wrong clock: its store is a store, its day is none of the days.
    """
    sold = customer_order.select("store_id", F.col("order_date").alias("sold"))
    weather = store_weather.select("store_id", F.col("weather_date").alias("weather"))
    return (
        sold.unionByName(weather, allowMissingColumns=True)
        .where(F.col("store_id").isNotNull())
        .groupBy("store_id")
        .agg(
            F.min(F.when(F.col("sold") <= as_of, F.col("sold"))).alias("first_order_date"),
            F.max(F.when(F.col("sold") <= as_of, F.col("sold"))).alias("last_order_date"),
            F.max(F.when(F.col("weather") <= as_of, F.col("weather"))).alias("last_weather_date"),
        )
    )
