"""What changed since the last run, and what it reaches.

A touched record is compared with all that share a block with it. A pair of two untouched ones weighs
what it weighed, so it is looked at again only in a group that may have changed: one that had a touched
record, or that a pair of one joins to it.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.linkage.evidence import DELETED
from lakehouse.linkage.model import UNIQUE_ID

_MOST_TOUCHED = 0.5
"""Share of touched records from which on a run looks at all: most lie near one then."""
_SENT_OUT = 2_000_000
"""Block keys up to which each task has them all, 16 bytes each: else all keys of all records are sorted."""


@dataclass(frozen=True)
class Increment:
    """What a run works on: records as they are, which of them are touched, what the last run left.

    Attributes:
        evidence: linkage.record_evidence.
        touched: linkage.touched_record.
        oversized: linkage.oversized_block.
        frequencies: linkage.term_frequency.
        last_edges: linkage.scored_edge of the last run; empty before the first.
        last_clusters: linkage.cluster of the last run; empty before the first.
    """

    evidence: DataFrame
    touched: DataFrame
    oversized: DataFrame
    frequencies: DataFrame
    last_edges: DataFrame
    last_clusters: DataFrame


@dataclass(frozen=True)
class Reach:
    """How far an increment goes.

    Attributes:
        increment: where every record is touched, without what the last run left: nothing of it stays.
        alive: record_key of the touched records that are not deleted.
        alive_count: the number of these.
        is_all: the run looks at every record.
    """

    increment: Increment
    alive: DataFrame
    alive_count: int
    is_all: bool


def reach(increment: Increment) -> Reach:
    """How far the increment goes, by counts of records."""
    alive = increment.touched.where(F.col("cause") != DELETED).select(UNIQUE_ID)
    touched, records = alive.count(), increment.evidence.count()
    if touched == records:
        # Also pairs of records that no list of touched ones names, as no evidence of them was left.
        increment = replace(
            increment,
            last_edges=increment.last_edges.limit(0),
            last_clusters=increment.last_clusters.limit(0),
        )
    return Reach(increment, alive, touched, touched >= _MOST_TOUCHED * records)


def near_records(reached: Reach, rules: Collection[int], folder: Path) -> DataFrame:
    """record_key, is_touched, touched_keys: the touched records, and those in a block with one.

    Args:
        reached: how far the increment goes.
        rules: the places in conf of the blocking rules that are used.
        folder: where the frame is kept.

    Returns:
        touched_keys has, by rule, the key of the record's block if a touched one is in it; it is null where
        the run looks at all records.
    """
    flag = reached.alive.select(UNIQUE_ID, F.lit(True).alias("touched"))
    nothing = F.array().cast("array<bigint>")
    if reached.is_all:
        every = reached.increment.evidence.select(UNIQUE_ID)
        near, keys = every.join(flag, on=UNIQUE_ID, how="left"), F.lit(None).cast("array<bigint>")
    else:
        in_block = _in_touched_blocks(reached, rules)
        near = in_block.join(flag, on=UNIQUE_ID, how="full_outer")
        keys = F.coalesce("touched_keys", nothing)
    is_touched = F.coalesce("touched", F.lit(False)).alias("is_touched")
    near.select(UNIQUE_ID, is_touched, keys.alias("touched_keys")).write.parquet(str(folder))
    return flag.sparkSession.read.parquet(str(folder))


def _in_touched_blocks(reached: Reach, rules: Collection[int]) -> DataFrame:
    """record_key, touched_keys of the records in a block with a touched one, which is compared."""
    evidence = reached.increment.evidence
    own = evidence.join(reached.alive, on=UNIQUE_ID, how="left_semi")
    oversized = reached.increment.oversized.select("block_key")
    blocks = (
        _placed(own, rules)
        .select("block_key")
        .distinct()
        .join(oversized, on="block_key", how="left_anti")
    )
    if reached.alive_count * len(rules) <= _SENT_OUT:
        blocks = F.broadcast(blocks)
    by_rule = (
        F.max(F.when(F.col("rule_number") == n, F.col("block_key"))) for n in range(max(rules) + 1)
    )
    return (
        _placed(evidence, rules)
        .join(blocks, on="block_key", how="left_semi")
        .groupBy(UNIQUE_ID)
        .agg(F.array(*by_rule).alias("touched_keys"))
    )


def _placed(evidence: DataFrame, rules: Collection[int]) -> DataFrame:
    """record_key, rule_number, block_key: a row for each block of a record, by the rules used."""
    keys = F.posexplode("block_keys").alias("rule_number", "block_key")
    return evidence.select(UNIQUE_ID, keys).where(
        F.col("block_key").isNotNull() & F.col("rule_number").isin(*rules)
    )


def untouched_open_records(
    increment: Increment, found: DataFrame, decisions: DataFrame
) -> DataFrame:
    """record_key of the untouched records whose groups may have changed.

    Those of the components that a touched record was in, or that one is joined to now. A pair that joins
    lies within these and the touched records, or in a component that is as it was.

    Args:
        increment: what changed.
        found: linkage.scored_edge of the touched records, as blocking finds them.
        decisions: record_key_l, record_key_r, decision: what stewards decided of pairs.
    """
    touched, clusters = increment.touched.select(UNIQUE_ID), increment.last_clusters
    sides = ("record_key_l", "record_key_r")
    joins = F.col("contradiction").isNull() & (F.col("join_margin") >= 0)
    same = decisions.where(F.col("decision") == "same")
    held = found.where(joins).select(*sides).unionByName(same.select(*sides))
    seeds = touched
    for side, other in (sides, sides[::-1]):
        own = touched.withColumnRenamed(UNIQUE_ID, side)
        reached = held.join(own, on=side, how="left_semi").select(F.col(other).alias(UNIQUE_ID))
        seeds = seeds.unionByName(reached)
    components = clusters.join(seeds, on=UNIQUE_ID, how="left_semi").select("component_id")
    return (
        clusters.join(components.distinct(), on="component_id", how="left_semi")
        .select(UNIQUE_ID)
        .join(touched, on=UNIQUE_ID, how="left_anti")
    )


def kept_pairs(increment: Increment, opened: DataFrame) -> DataFrame:
    """What the last run found of pairs among the open records.

    Args:
        increment: what changed.
        opened: what `untouched_open_records` gives.

    Returns:
        record_key_l, record_key_r, join_margin, contradiction, found_by.
    """
    pairs = increment.last_edges.select(
        "record_key_l", "record_key_r", "join_margin", "contradiction", "found_by"
    )
    for side in ("record_key_l", "record_key_r"):
        pairs = pairs.join(opened.withColumnRenamed(UNIQUE_ID, side), on=side, how="left_semi")
    return pairs
