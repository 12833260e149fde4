"""Clusters: which records of a run are one customer."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.linkage.components import grouped, grouped_on_spark
from lakehouse.linkage.engine import chosen_engine
from lakehouse.linkage.model import TrainedModel
from lakehouse.linkage.refine import PairEvidence, refined
from lakehouse.settings.linkage import Engine, LinkageSettings

_MEMBER = pa.schema([("record_key", pa.string()), ("cluster_id", pa.string())])


def cluster(
    people: DataFrame,
    edges: DataFrame,
    model: TrainedModel,
    settings: LinkageSettings,
    work_dir: str,
) -> DataFrame:
    """The cluster of every record.

    Args:
        people: record_key; every record gets a row.
        edges: linkage.scored_edge.
        model: the model whose join weight decides.
        settings: conf, with the engine.
        work_dir: folder that driver and workers see; the frame reads from it while it is used.

    Returns:
        record_key, cluster_id (smallest record_key of the cluster), model_version.
    """
    folder = Path(work_dir) / f"clustering_{uuid.uuid4().hex}"
    chosen = chosen_engine(people.sparkSession, settings, people.count())
    members = (_local if chosen is Engine.DUCKDB else _spread)(edges, model, settings, folder)
    return (
        people.select("record_key")
        .join(members, on="record_key", how="left")
        .select(
            "record_key",
            F.coalesce("cluster_id", "record_key").alias("cluster_id"),
            F.lit(model.version).alias("model_version"),
        )
    )


def clusters_of(
    pairs: Iterable[PairEvidence], model: TrainedModel, settings: LinkageSettings
) -> dict[str, str]:
    """By record of any of the pairs, the smallest record of its cluster; records alone may lack."""
    known = list(pairs)
    most = settings.guards.max_cluster_records
    joining = [(p.left, p.right, p.weight) for p in known if not p.contradicted]
    group = grouped(joining, model.join_weight, most)
    inside: dict[str, list[PairEvidence]] = defaultdict(list)
    for pair in known:
        name = group.get(pair.left)
        if name is not None and name == group.get(pair.right):
            inside[name].append(pair)
    found: dict[str, str] = {}
    for members in inside.values():
        found |= refined(members, model.join_weight, settings.guards.least_mean_support)
    return found


def _local(
    edges: DataFrame, model: TrainedModel, settings: LinkageSettings, folder: Path
) -> DataFrame:
    """In the driver: only below the limit that conf sets for the duckdb engine."""
    found = clusters_of(_pairs(edges.select(*_EVIDENCE).toArrow()), model, settings)
    table = pa.table(
        {"record_key": list(found), "cluster_id": list(found.values())}, schema=_MEMBER
    )
    return edges.sparkSession.createDataFrame(table)


_EVIDENCE = ("record_key_l", "record_key_r", "joining_weight", "support", "contradiction")


def _pairs(table: pa.Table) -> Iterator[PairEvidence]:
    columns = [table.column(name).to_pylist() for name in _EVIDENCE]
    for left, right, weight, support, contradiction in zip(*columns, strict=True):
        yield PairEvidence(left, right, weight, support, contradiction is not None)


def _spread(
    edges: DataFrame, model: TrainedModel, settings: LinkageSettings, folder: Path
) -> DataFrame:
    joining = edges.where(F.col("contradiction").isNull()).select(
        "record_key_l", "record_key_r", F.col("joining_weight").alias("match_weight")
    )
    groups = grouped_on_spark(
        joining, model.join_weight, settings.guards.max_cluster_records, folder
    )
    left = groups.select(F.col("record_key").alias("record_key_l"), "group_key")
    right = groups.select(F.col("record_key").alias("record_key_r"), "group_key")
    inside = (
        edges.select(*_EVIDENCE)
        .join(left, on="record_key_l", how="inner")
        .join(right, on=["record_key_r", "group_key"], how="inner")
    )
    join_weight, least_support = model.join_weight, settings.guards.least_mean_support

    def refine_group(group: pa.Table) -> pa.Table:
        found = refined(_pairs(group), join_weight, least_support)
        return pa.table(
            {"record_key": list(found), "cluster_id": list(found.values())}, schema=_MEMBER
        )

    return inside.groupBy("group_key").applyInArrow(
        refine_group, "record_key string, cluster_id string"
    )
