"""Who a row is about: person records and facts joined to the customers of today."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def current_identity(identity_map: DataFrame) -> DataFrame:
    """One row per record that belongs to a customer now: record_key, customer_id."""
    return identity_map.where(F.col("valid_to").isNull()).select("record_key", "customer_id")


def last_identity(identity_map: DataFrame, customer_alias: DataFrame) -> DataFrame:
    """Whose each record is, or was last, if that customer lives on: record_key, customer_id, is_current.

    One row per record; of one that is gone, and whose customer was merged and split since, several.
    """
    is_open = F.col("valid_to").isNull()
    last = identity_map.groupBy("record_key").agg(
        F.max_by("customer_id", "valid_from").alias("customer_id"),
        F.bool_or(is_open).alias("is_current"),
    )
    living = identity_map.where(is_open).select("customer_id").distinct()
    return (
        last.join(customer_alias, on="customer_id", how="left")
        .select(
            "record_key",
            F.coalesce("current_customer_id", "customer_id").alias("customer_id"),
            "is_current",
        )
        .join(living, on="customer_id", how="left_semi")
    )


def customer_records(
    person_record: DataFrame, identity_map: DataFrame, *columns: Column | str
) -> DataFrame:
    """Given columns of each person record that has a customer, with customer_id, one row each.

    Rows lie by customer, so that a grouping by customer and anything else needs no further shuffle.
    """
    return (
        person_record.join(current_identity(identity_map), on="record_key", how="inner")
        .select("customer_id", *columns)
        .repartition("customer_id")
    )


def with_customer(facts: DataFrame, identity_map: DataFrame) -> DataFrame:
    """All rows and columns of facts, and the customer_id of their person_record_key or null."""
    identity = current_identity(identity_map).withColumnRenamed("record_key", "person_record_key")
    return facts.join(identity, on="person_record_key", how="left")


def with_customer_then(facts: DataFrame, identity_map: DataFrame, moment: str) -> DataFrame:
    """All rows and columns of facts, and `customer_id_then`: whose each fact was at its moment.

    That is the id which the map had for its person_record_key then, also one that is no more; of a fact
    from before the first run the first id, of one from a time when the record was away the last before. Null
    for a fact of nobody, or of a record that never had a customer.
    """
    period = F.struct("valid_from", "customer_id")
    periods = identity_map.groupBy(F.col("record_key").alias("person_record_key")).agg(
        F.array_sort(F.collect_list(period)).alias("periods")
    )
    begun = F.filter("periods", lambda p: p["valid_from"] <= F.col(moment))
    held = F.coalesce(F.get(begun, F.size(begun) - 1), F.get("periods", F.lit(0)))
    return (
        facts.join(periods, on="person_record_key", how="left")
        .withColumn("customer_id_then", held["customer_id"])
        .drop("periods")
    )
