"""Clusters: which records of a run are one customer."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import words_withheld
from lakehouse.linkage.components import (
    MUST_JOIN,
    SHUFFLED,
    connected,
    grouped,
    groups_of,
)
from lakehouse.linkage.engine import chosen_engine
from lakehouse.linkage.model import UNIQUE_ID
from lakehouse.linkage.refine import SAME, PairEvidence, refined
from lakehouse.settings.linkage import Engine, LinkageSettings
from lakehouse.tables.linkage import CLUSTER

Batches = Iterable[pa.RecordBatch]
_MEMBER = pa.schema(
    [(UNIQUE_ID, pa.string()), ("cluster_id", pa.string()), ("component_id", pa.string())]
)
_EVIDENCE = ("record_key_l", "record_key_r", "join_margin", "support", "contradiction", "override")


def cluster(
    evidence: DataFrame,
    edges: DataFrame,
    touched: DataFrame,
    previous: DataFrame,
    settings: LinkageSettings,
    work_dir: Path,
) -> DataFrame:
    """The cluster of every record.

    Args:
        evidence: linkage.record_evidence; every record of it gets a row.
        edges: linkage.scored_edge.
        touched: linkage.touched_record.
        previous: linkage.cluster of the last run; may be empty.
        settings: conf, with the engine.
        work_dir: folder that driver and workers see; the frame reads from it while it is used.

    Returns:
        record_key, cluster_id, component_id. Records whose component no touched record belongs to, or
        belonged to, stay as they were.
    """
    folder = work_dir / f"clustering_{uuid.uuid4().hex}"
    open_records = _stored(_open_records(evidence, edges, touched, previous), folder / "open")
    among = edges.select(*_EVIDENCE).join(
        open_records.withColumnRenamed(UNIQUE_ID, "record_key_l"),
        on="record_key_l",
        how="left_semi",
    )
    chosen = chosen_engine(evidence.sparkSession, settings, open_records.count())
    members = (_members_in_driver if chosen is Engine.DUCKDB else _members_on_spark)(
        among, settings, folder
    )
    anew = open_records.join(members, on=UNIQUE_ID, how="left").select(
        UNIQUE_ID, *(F.coalesce(c, UNIQUE_ID).alias(c) for c in ("cluster_id", "component_id"))
    )
    as_before = previous.join(open_records, on=UNIQUE_ID, how="left_anti").join(
        evidence.select(UNIQUE_ID), on=UNIQUE_ID, how="left_semi"
    )
    return anew.unionByName(as_before.select(*CLUSTER.column_names))


def _open_records(
    evidence: DataFrame, edges: DataFrame, touched: DataFrame, previous: DataFrame
) -> DataFrame:
    """Records that are touched, or in a component that a touched one was in or is in now."""
    start = touched.select(UNIQUE_ID)
    joining = edges.where(_joins()).select("record_key_l", "record_key_r")
    reached = [
        joining.join(start.withColumnRenamed(UNIQUE_ID, side), on=side, how="left_semi").select(
            F.col(other).alias(UNIQUE_ID)
        )
        for side, other in (("record_key_l", "record_key_r"), ("record_key_r", "record_key_l"))
    ]
    seeds = start.unionByName(reached[0]).unionByName(reached[1]).distinct()
    components = (
        previous.join(seeds, on=UNIQUE_ID, how="left_semi").select("component_id").distinct()
    )
    connected_before = previous.join(components, on="component_id", how="left_semi")
    return (
        seeds.unionByName(connected_before.select(UNIQUE_ID))
        .distinct()
        .join(evidence.select(UNIQUE_ID), on=UNIQUE_ID, how="left_semi")
    )


def _joins() -> Column:
    """True of a pair that holds a component together."""
    decided = F.col("override")
    scored = F.col("contradiction").isNull() & (F.col("join_margin") >= 0)
    return F.coalesce(decided == SAME, F.lit(False)) | (decided.isNull() & scored)


def _stored(frame: DataFrame, folder: Path) -> DataFrame:
    frame.write.parquet(str(folder))
    return frame.sparkSession.read.parquet(str(folder))


def clusters_of(
    pairs: Iterable[PairEvidence], settings: LinkageSettings
) -> dict[str, tuple[str, str]]:
    """By record of any joining pair, the smallest record of its cluster and of its component."""
    known = list(pairs)
    joining = [
        (p.left, p.right, MUST_JOIN if p.decided == SAME else p.margin) for p in known if p.joins
    ]
    components = connected((left, right) for left, right, _ in joining)
    group = grouped(joining, settings.guards.max_cluster_records)
    inside: dict[str, list[PairEvidence]] = defaultdict(list)
    for pair in known:
        name = group.get(pair.left)
        if name is not None and name == group.get(pair.right):
            inside[name].append(pair)
    found = {record: record for record in components}
    for members in inside.values():
        found |= refined(members, settings.guards.least_mean_support)
    return {record: (found[record], component) for record, component in components.items()}


def _members_in_driver(edges: DataFrame, settings: LinkageSettings, folder: Path) -> DataFrame:
    """In the driver: only below the limit that conf sets for the duckdb engine."""
    del folder
    found = clusters_of(_pairs(edges.toArrow()), settings)
    columns = [list(found), *(list(names) for names in zip(*found.values(), strict=True))]
    table = pa.table(columns if found else [[], [], []], schema=_MEMBER)
    return edges.sparkSession.createDataFrame(table)


def _pairs(table: pa.Table) -> Iterator[PairEvidence]:
    columns = [table.column(name).to_pylist() for name in _EVIDENCE]
    for left, right, margin, support, contradiction, decided in zip(*columns, strict=True):
        yield PairEvidence(left, right, margin, support, contradiction is not None, decided)


def _members_on_spark(edges: DataFrame, settings: LinkageSettings, folder: Path) -> DataFrame:
    is_same = F.coalesce(F.col("override") == SAME, F.lit(False))
    joining = edges.where(_joins()).select(
        "record_key_l",
        "record_key_r",
        F.when(is_same, F.lit(MUST_JOIN)).otherwise(F.col("join_margin")).alias("margin"),
    )
    groups = groups_of(joining, settings, folder)
    left = groups.select(F.col(UNIQUE_ID).alias("record_key_l"), "group_key")
    right = groups.select(F.col(UNIQUE_ID).alias("record_key_r"), "group_key")
    inside = edges.join(left.hint(SHUFFLED), on="record_key_l", how="inner").join(
        right.hint(SHUFFLED), on=["record_key_r", "group_key"], how="inner"
    )
    members = inside.repartition("group_key").mapInArrow(
        _refining(settings.guards.least_mean_support), "record_key string, cluster_id string"
    )
    return groups.select(UNIQUE_ID, "component_id").join(
        members.hint(SHUFFLED), on=UNIQUE_ID, how="left"
    )


def _refining(least_support: float) -> Callable[[Batches], Batches]:
    """What a task does with the pairs of its groups: record_key, cluster_id of their records."""

    # Not a call per group: most have one pair, and there are as many as customers.
    def refine(batches: Batches) -> Batches:
        inside: dict[str, list[PairEvidence]] = defaultdict(list)
        with words_withheld():
            for batch in batches:
                pairs = _pairs(pa.Table.from_batches([batch]))
                for group, pair in zip(batch["group_key"].to_pylist(), pairs, strict=True):
                    inside[group].append(pair)
            found: dict[str, str] = {}
            for members in inside.values():
                found |= refined(members, least_support)
        columns = [pa.array(list(found), pa.string()), pa.array(list(found.values()), pa.string())]
        yield pa.RecordBatch.from_arrays(columns, names=[UNIQUE_ID, "cluster_id"])

    return refine
