"""Lasting ids: today's clusters get yesterday's customer ids by the records that they share."""

from datetime import datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

_ID_BITS = 256
_SALT = "customer"
_ROUNDS = 3


def identity_map(
    cluster: DataFrame, previous: DataFrame, as_of: datetime, release_number: int
) -> DataFrame:
    """The identity map after this run, history included.

    A cluster keeps the customer with whom it shares most records; of two customers with as many,
    the older one, then the one whose id sorts first. Each customer goes on in one cluster at most,
    and a cluster without one gets a new id, which was never used before.

    Args:
        cluster: linkage.cluster of this run (record_key, cluster_id).
        previous: linkage.identity_map of the last run; may be empty.
        as_of: the run's moment, from when on changes hold.
        release_number: of the release that this run will make; higher than any that holds ids.

    Returns:
        record_key, customer_id, valid_from, valid_to: one row per record and period. Periods that
        ended stay as they were; a record that left, or that is gone, has its open period closed.
        The same cluster and map give the same result, whatever the moment, if nothing changed.
    """
    current = previous.where(F.col("valid_to").isNull())
    now = F.lit(as_of).cast("timestamp")
    kept = kept_customer(cluster, previous)
    assigned = _assigned(cluster, kept, release_number)
    old = current.select(
        "record_key", F.col("customer_id").alias("old_id"), F.col("valid_from").alias("old_from")
    )
    both = assigned.join(old, on="record_key", how="full_outer")
    same = F.col("customer_id").eqNullSafe(F.col("old_id"))
    opened = both.where(F.col("customer_id").isNotNull()).select(
        "record_key",
        "customer_id",
        F.when(same, F.col("old_from")).otherwise(now).alias("valid_from"),
        F.lit(None).cast("timestamp").alias("valid_to"),
    )
    closed = both.where(F.col("old_id").isNotNull() & ~same).select(
        "record_key",
        F.col("old_id").alias("customer_id"),
        F.col("old_from").alias("valid_from"),
        now.alias("valid_to"),
    )
    ended = previous.where(F.col("valid_to").isNotNull()).select(*opened.columns)
    return ended.unionByName(closed.where(F.col("valid_from") < F.col("valid_to"))).unionByName(
        opened
    )


def kept_customer(cluster: DataFrame, previous: DataFrame) -> DataFrame:
    """Which cluster goes on with which customer, one to one.

    Returns:
        cluster_id, customer_id for every cluster that keeps one.

    A pair is taken when neither side has a better one left, which is the same as taking all pairs
    in falling order. Each round settles the best pair of every tangle of clusters and customers; a
    tangle that needs more rounds than `_ROUNDS` is a run that mixed whole chains of customers, and
    what is left of it starts anew.
    """
    current = previous.where(F.col("valid_to").isNull()).select("record_key", "customer_id")
    age = previous.groupBy("customer_id").agg(F.min("valid_from").alias("since"))
    pairs = (
        cluster.join(current, on="record_key", how="inner")
        .groupBy("cluster_id", "customer_id")
        .agg(F.count("*").alias("shared"))
        .join(age, on="customer_id", how="inner")
        .select("*", F.lit(True).alias("is_open"), F.lit(False).alias("is_kept"))
    )
    for _ in range(_ROUNDS):
        pairs = _settled(pairs)
    return pairs.where("is_kept").select("cluster_id", "customer_id")


def _settled(pairs: DataFrame) -> DataFrame:
    """The pairs after one round: of the open ones, those that are the best on both sides are kept,
    and every pair that shares a side with one of them is open no longer.
    """
    order = (F.desc("shared"), F.asc("since"), F.asc("customer_id"), F.asc("cluster_id"))

    def rank(side: str) -> Column:
        return F.row_number().over(Window.partitionBy(side, "is_open").orderBy(*order))

    def is_taken(side: str) -> Column:
        return F.max("is_best").over(Window.partitionBy(side))

    # One shuffle by each side, twice: windows in this order find their rows already together.
    ranked = pairs.select("*", rank("cluster_id").alias("of_cluster")).select(
        "*", rank("customer_id").alias("of_customer")
    )
    best = F.col("is_open") & (F.col("of_cluster") == 1) & (F.col("of_customer") == 1)
    return (
        ranked.select("*", best.alias("is_best"))
        .select("*", is_taken("customer_id").alias("customer_taken"))
        .select("*", is_taken("cluster_id").alias("cluster_taken"))
        .select(
            "cluster_id",
            "customer_id",
            "shared",
            "since",
            (F.col("is_open") & ~F.col("customer_taken") & ~F.col("cluster_taken")).alias(
                "is_open"
            ),
            (F.col("is_kept") | F.col("is_best")).alias("is_kept"),
        )
    )


def _assigned(cluster: DataFrame, kept: DataFrame, release_number: int) -> DataFrame:
    """record_key, customer_id of this run: the kept id, or a new one that no map ever held.

    A release has each cluster once and no number twice, so neither has what is hashed of both.
    """
    content = F.concat_ws("|", F.lit(_SALT), F.lit(release_number), "cluster_id")
    named = (
        cluster.select("cluster_id")
        .distinct()
        .join(kept, on="cluster_id", how="left")
        .select(
            "cluster_id",
            F.coalesce("customer_id", F.substring(F.sha2(content, _ID_BITS), 1, 32)).alias(
                "customer_id"
            ),
        )
    )
    return (
        cluster.select("record_key", "cluster_id")
        .join(named, on="cluster_id", how="inner")
        .select("record_key", "customer_id")
    )
