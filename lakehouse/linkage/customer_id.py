"""Lasting ids: today's clusters get yesterday's customer ids by the records that they share."""

from datetime import datetime, timedelta

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.tables.lasting_ids import kept_ids, new_id, periods

_SALT = "customer"
_COLUMNS = ("record_key", "customer_id", "valid_from", "valid_to")


def identity_map(
    cluster: DataFrame,
    previous: DataFrame,
    as_of: datetime,
    release_number: int,
    returns_within_days: int,
) -> DataFrame:
    """The identity map after this run, history included.

    A cluster keeps the customer with whom it shares most records; of two customers with as many,
    the older one, then the one whose id sorts first. Each customer goes on in one cluster at most,
    and a cluster without one gets a new id, which was never used before. A customer of whom no record
    was left, and whose records come back soon and with none of another, is the same again: a source that
    was away for a day changes nobody's id. Later the same record key may be another person's, to whom a
    source gave a number that had been free.

    Args:
        cluster: linkage.cluster of this run (record_key, cluster_id).
        previous: linkage.identity_map of the last run; may be empty.
        as_of: the run's moment, from when on changes hold. Where the map knows a later one already
            (a run for a past day, or a second one for a day), they hold from the second after that.
        release_number: of the release that this run will make; higher than any that holds ids.
        returns_within_days: how many days before `as_of` a record may have gone, at most, to bring its
            customer back.

    Returns:
        record_key, customer_id, valid_from, valid_to: one row per record and period. Periods that
        ended stay as they were; a record that left, or that is gone, has its open period closed.
        The same cluster and map give the same result, whatever the moment, if nothing changed.
    """
    gone_since = as_of - timedelta(days=returns_within_days)
    assigned = _assigned(cluster, kept_customer(cluster, previous, gone_since), release_number)
    ended = previous.where(F.col("valid_to").isNotNull())
    current = periods(assigned, previous, "record_key", "customer_id", as_of)
    return ended.select(*_COLUMNS).unionByName(current)


def kept_customer(cluster: DataFrame, previous: DataFrame, gone_since: datetime) -> DataFrame:
    """Which cluster goes on with which customer, one to one.

    Of customers who are no more, those alone come back whose records went at `gone_since` or later.

    Returns:
        cluster_id, customer_id for every cluster that keeps one.

    Members are records; `kept_ids` says which pairs go before which.
    """
    current = previous.where(F.col("valid_to").isNull()).select("record_key", "customer_id")
    known = current.select("*", F.lit(True).alias("is_living")).unionByName(
        _retired(previous, gone_since).select("*", F.lit(False).alias("is_living"))
    )
    age = previous.groupBy("customer_id").agg(F.min("valid_from").alias("since"))
    overlap = (
        cluster.join(known, on="record_key", how="inner")
        .groupBy("cluster_id", "customer_id", "is_living")
        .agg(F.count("*").alias("shared"))
        .select(
            "*", F.bool_or("is_living").over(Window.partitionBy("cluster_id")).alias("has_living")
        )
        # Who comes back takes nobody's place.
        .where(F.col("is_living") == F.col("has_living"))
        .join(age, on="customer_id", how="inner")
        .select(
            F.col("cluster_id").alias("group_id"),
            F.col("customer_id").alias("lasting_id"),
            "shared",
            "since",
        )
    )
    return kept_ids(overlap).withColumnsRenamed(
        {"group_id": "cluster_id", "lasting_id": "customer_id"}
    )


def _retired(previous: DataFrame, gone_since: datetime) -> DataFrame:
    """record_key, customer_id: last records of customers of whom, at their end, no record went on.

    None of those that went before `gone_since`.
    """
    ended = previous.where(F.col("valid_to").isNotNull()).select("record_key").distinct()
    by_time = Window.partitionBy("record_key").orderBy("valid_from")
    told = previous.join(ended, on="record_key", how="left_semi").select(
        "record_key",
        "customer_id",
        "valid_to",
        F.lead("customer_id").over(by_time).alias("next_id"),
    )
    living = previous.where(F.col("valid_to").isNull()).select("customer_id")
    # True sorts after false: one record that went on elsewhere at the end is enough.
    end = F.max(F.struct("valid_to", (F.col("next_id") != F.col("customer_id")).alias("is_moved")))
    retired = (
        told.join(living, on="customer_id", how="left_anti")
        .groupBy("customer_id")
        .agg(end.alias("end"))
        .where(~F.coalesce("end.is_moved", F.lit(False)))
    )
    return (
        # Null, of a period that lasts, is no moment either.
        told.where(F.col("next_id").isNull() & (F.col("valid_to") >= F.lit(gone_since)))
        .join(retired, on="customer_id", how="left_semi")
        .select("record_key", "customer_id")
    )


def _assigned(cluster: DataFrame, kept: DataFrame, release_number: int) -> DataFrame:
    """record_key, customer_id of this run: the kept id, or a new one that no map ever held."""
    new = new_id(_SALT, release_number, F.col("cluster_id"))
    return cluster.join(kept, on="cluster_id", how="left").select(
        "record_key", F.coalesce("customer_id", new).alias("customer_id")
    )
