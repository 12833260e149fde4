"""What happened to customers, and why: read off the periods of linkage.identity_map.

A customer is there from its first record's period to its last one's end, and an id is never given to
other people. So the map alone tells who was created, joined, left, merged, split and retired, and
when; only the cause is this run's to say.
"""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.linkage import evidence
from lakehouse.linkage.model import UNIQUE_ID
from lakehouse.tables.linkage import ERASED

CREATED, JOINED, LEFT, MERGED = "created", "joined", "left", "merged"
SPLIT, RETIRED = "split", "retired"

NEW_RECORD, NEW_EDGE, ERASURE, UNKNOWN = "new_record", "new_edge", "erasure", "unknown"
_TELLING = (
    evidence.OVERRIDE,
    evidence.SHARING,
    evidence.BLOCK_SIZE,
    evidence.CHANGED,
    evidence.DELETED,
    evidence.NEW,
    evidence.FULL,
)
"""Why records are touched, the most telling first. Rank 1 is the first."""
_LAST = len(_TELLING) + 1
"""Rank of a deleted record where customers grew: that it did so is the last thing to believe."""
_CAUSES = {
    evidence.OVERRIDE: "override",
    evidence.SHARING: "guard",
    evidence.BLOCK_SIZE: "guard",
    evidence.CHANGED: "changed_record",
    evidence.DELETED: "deleted_record",
    evidence.NEW: NEW_EDGE,
    evidence.FULL: "model_change",
}
"""The cause of an event by why records near it are touched."""
_TOLD_BY = ("customer_id", "event", "record_key", "other_customer_id", "occurred_at")
"""What tells one event from another."""


def identity_event(
    identity_map: DataFrame,
    touched: DataFrame,
    cluster: DataFrame,
    last_cluster: DataFrame,
    recorded: DataFrame,
    last_map: DataFrame,
    run_id: str,
) -> DataFrame:
    """The events that the map knows and the log does not yet.

    Args:
        identity_map: linkage.identity_map of this run.
        touched: linkage.touched_record of this run.
        cluster: linkage.cluster of this run.
        last_cluster: linkage.cluster of the last run; may be empty.
        recorded: linkage.identity_event of the last run; may be empty.
        last_map: linkage.identity_map of the last run; may be empty. What it knew already was caused
            by some earlier run, which kept no events.
        run_id: the run that records the events.

    Returns:
        event_id, customer_id, event, record_key, other_customer_id, record_count, occurred_at, cause,
        run_id. One row per customer that was created, retired, merged into another or split from
        another, with the number of records that this moved; and one per record that joined a
        customer which was there before or left one which lives on.
    """
    moves = _moves(identity_map, recorded)
    lives = _lives(identity_map)
    for side in ("new", "old"):
        life = lives.select(*(F.col(c).alias(f"{side}_{c}") for c in lives.columns))
        moves = moves.join(life, on=f"{side}_customer_id", how="left")
    caused = _with_cause(moves, touched, cluster, last_cluster, last_map)
    told = caused.select("occurred_at", "cause_rank", F.inline(_told())).where("is_so")
    return _events(told, run_id)


def erased_event(customers: DataFrame, run_id: str, as_of: date) -> DataFrame:
    """The events of customers whom a run erases.

    Args:
        customers: customer_id, record_count: the living ones all of whose records are erased.
        run_id: the run that erases them.
        as_of: its day.

    Returns:
        Rows of linkage.identity_event: that the id is erased, and since when (midnight UTC of the day).
    """
    nothing = F.lit(None).cast("string")
    return customers.select(
        "customer_id",
        F.lit(ERASED).alias("event"),
        nothing.alias("record_key"),
        nothing.alias("other_customer_id"),
        "record_count",
        F.lit(as_of).cast("timestamp").alias("occurred_at"),
        F.lit(ERASURE).alias("cause"),
        F.lit(run_id).alias("run_id"),
    ).select(_event_id().alias("event_id"), "*")


def _events(told: DataFrame, run_id: str) -> DataFrame:
    """One row per event, from what each move tells."""
    return (
        told.groupBy(*_TOLD_BY)
        .agg(
            F.count(F.lit(1)).alias("record_count"),
            F.min("cause_rank").alias("cause_rank"),
            F.bool_and("is_lost").alias("is_lost"),
        )
        # A customer of whom any record went on is merged, not retired.
        .where((F.col("event") != RETIRED) | F.col("is_lost"))
        .select(
            _event_id().alias("event_id"),
            "customer_id",
            "event",
            "record_key",
            "other_customer_id",
            "record_count",
            "occurred_at",
            _cause().alias("cause"),
            F.lit(run_id).alias("run_id"),
        )
    )


def _moves(identity_map: DataFrame, recorded: DataFrame) -> DataFrame:
    """record_key, occurred_at, old_customer_id, new_customer_id: every change of owner not yet told."""
    # An erasure is told at its run's day, at which the map may yet change.
    last = recorded.where(F.col("event") != ERASED).agg(F.max("occurred_at").alias("last"))
    is_untold = F.col("last").isNull() | (F.col("occurred_at") > F.col("last"))

    def moments(at: str, side: str) -> DataFrame:
        return (
            identity_map.select(
                UNIQUE_ID,
                F.col(at).alias("occurred_at"),
                F.col("customer_id").alias(f"{side}_customer_id"),
            )
            .crossJoin(F.broadcast(last))
            .where(F.col("occurred_at").isNotNull() & is_untold)
            .drop("last")
        )

    return moments("valid_to", "old").join(
        moments("valid_from", "new"), on=[UNIQUE_ID, "occurred_at"], how="full_outer"
    )


def _lives(identity_map: DataFrame) -> DataFrame:
    """customer_id, born_at, gone_at (null while any record is the customer's)."""
    is_open = F.bool_or(F.col("valid_to").isNull())
    return identity_map.groupBy("customer_id").agg(
        F.min("valid_from").alias("born_at"),
        F.when(~is_open, F.max("valid_to")).alias("gone_at"),
    )


def _with_cause(
    moves: DataFrame,
    touched: DataFrame,
    cluster: DataFrame,
    last_cluster: DataFrame,
    last_map: DataFrame,
) -> DataFrame:
    """The moves with cause_rank, null for those that an earlier run made.

    A record that came is its own cause, and so is one that is gone. That of all others is the most
    telling among the touched records that were or are connected; what a steward decided counts first
    where he did of the clusters of the record, and last where of others in its component.
    """
    found = moves
    for time, frame in (("now", cluster), ("before", last_cluster)):
        ranks = _ranks(touched, frame).withColumnsRenamed(
            {c: f"{c}_{time}" for c in ("is_decided", "growing", "shrinking", "is_decided_near")}
        )
        found = found.join(ranks, on=UNIQUE_ID, how="left")
    known = last_map.agg(F.max(F.greatest("valid_from", "valid_to")).alias("known_until"))
    is_of_this_run = F.col("known_until").isNull() | (F.col("occurred_at") > F.col("known_until"))
    return found.crossJoin(F.broadcast(known)).select(
        *moves.columns, F.when(is_of_this_run, _rank_of_move()).alias("cause_rank")
    )


def _rank(cause: str) -> Column:
    return F.lit(_TELLING.index(cause) + 1)


def _ranks(touched: DataFrame, cluster: DataFrame) -> DataFrame:
    """By record, the best rank in its component for customers that grew and that shrank.

    And whether a steward decided about its cluster (is_decided), or about any of its component.
    """
    members = cluster.select(UNIQUE_ID, "cluster_id", "component_id")
    order = F.array_position(F.array(*map(F.lit, _TELLING)), F.col("cause")).cast("int")
    is_decision, is_deletion = (F.col("cause") == c for c in (evidence.OVERRIDE, evidence.DELETED))
    growing = F.when(is_deletion, F.lit(_LAST)).otherwise(order)
    by_component = (
        members.join(touched, on=UNIQUE_ID, how="inner")
        .groupBy("component_id")
        .agg(
            F.min(F.when(~is_decision, growing)).alias("growing"),
            F.min(F.when(~is_decision, order)).alias("shrinking"),
            # As many as stewards decided about in one run.
            F.collect_set(F.when(is_decision, F.col("cluster_id"))).alias("decided"),
        )
    )
    return members.join(by_component, on="component_id", how="inner").select(
        UNIQUE_ID,
        F.array_contains("decided", F.col("cluster_id")).alias("is_decided"),
        "growing",
        "shrinking",
        (F.size("decided") > 0).alias("is_decided_near"),
    )


def _rank_of_move() -> Column:
    at = F.col("occurred_at")
    is_split_off = (F.col("new_born_at") == at) & ~F.coalesce(
        F.col("old_gone_at") == at, F.lit(False)
    )
    nearest = F.when(is_split_off, F.least("shrinking_now", "shrinking_before")).otherwise(
        F.least("growing_now", "growing_before")
    )

    def decided(name: str) -> Column:
        is_so = F.coalesce(f"{name}_now", F.lit(False)) | F.coalesce(f"{name}_before", F.lit(False))
        return F.when(is_so, _rank(evidence.OVERRIDE))

    return (
        F.when(F.col("new_customer_id").isNull(), _rank(evidence.DELETED))
        .when(F.col("old_customer_id").isNull(), _rank(evidence.NEW))
        .otherwise(F.coalesce(decided("is_decided"), nearest, decided("is_decided_near")))
    )


def _told() -> Column:
    """What one move of a record says, as structs; `is_so` tells which of them hold."""
    old, new, at = F.col("old_customer_id"), F.col("new_customer_id"), F.col("occurred_at")
    is_born = F.coalesce(F.col("new_born_at") == at, F.lit(False))
    is_gone = F.coalesce(F.col("old_gone_at") == at, F.lit(False))
    nobody, no_record = F.lit(None).cast("string"), F.lit(None).cast("string")
    record = F.col(UNIQUE_ID)

    def told(is_so: Column, event: str, customer: Column, record: Column, other: Column) -> Column:
        return F.struct(
            is_so.alias("is_so"),
            F.lit(event).alias("event"),
            customer.alias("customer_id"),
            record.alias("record_key"),
            other.alias("other_customer_id"),
            new.isNull().alias("is_lost"),
        )

    return F.array(
        told(is_born, CREATED, new, no_record, nobody),
        told(is_born & old.isNotNull() & ~is_gone, SPLIT, new, no_record, old),
        told(new.isNotNull() & ~is_born, JOINED, new, record, old),
        told(old.isNotNull() & ~is_gone, LEFT, old, record, new),
        told(is_gone & new.isNotNull(), MERGED, old, no_record, new),
        told(is_gone, RETIRED, old, no_record, nobody),
    )


def _cause() -> Column:
    """The cause in words. A customer that new records make is caused by them, not by their edges."""
    words = F.array(*(F.lit(_CAUSES[c]) for c in (*_TELLING, evidence.DELETED)))
    word = F.coalesce(F.get(words, F.col("cause_rank") - 1), F.lit(UNKNOWN))
    is_first = (F.col("event") == CREATED) & (word == NEW_EDGE)
    return F.when(is_first, NEW_RECORD).otherwise(word)


def _event_id() -> Column:
    """The same event has the same id: SHA-256 of what it says, 32 hex digits of it."""
    text = (F.coalesce(F.col(c).cast("string"), F.lit("")) for c in _TOLD_BY)
    return F.substring(F.sha2(F.concat_ws("|", *text), 256), 1, 32)
