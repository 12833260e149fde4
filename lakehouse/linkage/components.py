"""Groups of records that edges hold together: by union-find, or on Spark by star contraction.

Union-find takes all pairs in one place, so it is for as many as conf allows; contraction takes some
ten times as long. Both ways give the same groups: a group that outgrows the limit is taken apart at
rising margins. Where a step would leave most of its records alone, as their pairs are all equally
strong, these are cut by their names into groups of the limit instead.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.errors import words_withheld
from lakehouse.settings.linkage import LinkageSettings

MARGIN_STEP = 1.0
HIGHEST_MARGIN = 40.0
MUST_JOIN = math.inf
"""Margin of a pair of which a steward said that the two are the same."""

SHUFFLED = "merge"
"""The hint for a side of a join that grows with pairs: by the size of its packed file Spark would send it
out whole, from a driver that it does not fit in."""

Edge = tuple[str, str, float]
_GROUPED = pa.schema([(n, pa.string()) for n in ("record_key", "component_id", "group_key")])


def connected(edges: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By record that has an edge, the smallest record of its connected component."""
    parent: dict[str, str] = {}

    def root(record: str) -> str:
        parent.setdefault(record, record)
        while parent[record] != record:
            parent[record] = parent[parent[record]]
            record = parent[record]
        return record

    for left, right in edges:
        a, b = root(left), root(right)
        if a != b:
            parent[max(a, b)] = min(a, b)
    return {record: root(record) for record in parent}


def grouped(edges: Sequence[Edge], most_records: int) -> dict[str, str]:
    """By record, the smallest record of its group; records alone are left out.

    Args:
        edges: (record, record, margin in bits): all join, the higher the stronger. `MUST_JOIN` holds
            two records together in any case.
        most_records: size beyond which a group is taken apart.
    """
    groups: dict[str, str] = {}
    margin, open_edges = 0.0, list(edges)
    while open_edges:
        found = connected((left, right) for left, right, _ in open_edges)
        sizes = Counter(found.values())
        large = {r: g for r, g in found.items() if sizes[g] > most_records and margin < MUST_JOIN}
        groups |= {r: g for r, g in found.items() if r not in large}
        margin = _next_margin(margin)
        open_edges = [e for e in open_edges if e[0] in large and e[2] >= margin]
        held = {record for left, right, _ in open_edges for record in (left, right)}
        alone = {r: g for r, g in large.items() if r not in held}
        groups |= _cut_by_name(alone, sizes, most_records)
    return groups


def _next_margin(margin: float) -> float:
    """Beyond the highest only what stewards said holds a group together, however large it is."""
    return margin + MARGIN_STEP if margin < HIGHEST_MARGIN else MUST_JOIN


def _cut_by_name(
    alone: Mapping[str, str], sizes: Mapping[str, int], most_records: int
) -> dict[str, str]:
    """By record, the smallest of its part: of groups of which a step leaves more than half alone.

    Args:
        alone: the group of each record that the step leaves alone.
        sizes: the number of records of each group.
        most_records: size of a part; the last one of a group may have fewer.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for record, group in sorted(alone.items()):
        members[group].append(record)
    parts = (
        records[start : start + most_records]
        for group, records in members.items()
        if 2 * len(records) > sizes[group]
        for start in range(0, len(records), most_records)
    )
    return {record: part[0] for part in parts if len(part) > 1 for record in part}


def groups_of(edges: DataFrame, settings: LinkageSettings, work_dir: Path) -> DataFrame:
    """The component and the group of every record that an edge holds.

    Args:
        edges: record_key_l, record_key_r, margin, as for `grouped`.
        settings: conf: how large a group may be, and how many pairs one task may take.
        work_dir: folder that driver and workers see; the frame reads from it while it is used.

    Returns:
        record_key, component_id (smallest record of the component), group_key (smallest record of the
        group; null if the record was left alone in it).
    """
    most_records = settings.guards.max_cluster_records
    if edges.count() <= settings.limits.pairs_in_one_task:
        together = edges.select("record_key_l", "record_key_r", "margin").repartition(1)
        found = together.mapInArrow(
            _grouping(most_records), "record_key string, component_id string, group_key string"
        )
    else:
        components = connected_on_spark(edges, work_dir / "components")
        groups = grouped_on_spark(edges, most_records, work_dir / "groups", components)
        found = components.withColumnRenamed("group_key", "component_id").join(
            groups.hint(SHUFFLED), on="record_key", how="left"
        )
    return _stored(found, work_dir / "grouped")


def _grouping(most_records: int) -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    """What the one task does with all pairs: record_key, component_id, group_key."""

    def group(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        with words_withheld():
            edges: list[Edge] = []
            for batch in batches:
                edges += zip(*(column.to_pylist() for column in batch.columns), strict=True)
            components = connected((left, right) for left, right, _ in edges)
            groups = grouped(edges, most_records)
            columns = (list(components), components.values(), map(groups.get, components))
            arrays = [pa.array(column, pa.string()) for column in columns]
        yield pa.RecordBatch.from_arrays(arrays, schema=_GROUPED)

    return group


def grouped_on_spark(
    edges: DataFrame, most_records: int, work_dir: Path, components: DataFrame
) -> DataFrame:
    """The same as `grouped`, for frames.

    Args:
        edges: record_key_l, record_key_r, margin.
        most_records: as in `grouped`.
        work_dir: folder that driver and workers see; rounds are written there.
        components: what `connected_on_spark` has found of these edges.

    Returns:
        One row per record of a group: record_key, group_key.
    """
    finished: list[DataFrame] = []
    margin, open_edges, level = 0.0, edges, 0
    while not open_edges.isEmpty():
        found = connected_on_spark(open_edges, work_dir / f"level_{level}") if level else components
        sizes = found.groupBy("group_key").agg(F.count("*").alias("records"))
        fits = (F.col("records") <= most_records) | F.lit(margin == MUST_JOIN)
        small = sizes.where(fits).select("group_key").hint(SHUFFLED)
        finished.append(
            found.join(small, on="group_key", how="left_semi").select("record_key", "group_key")
        )
        large = found.join(sizes.where(~fits), on="group_key", how="inner")
        if large.isEmpty():
            break
        margin = _next_margin(margin)
        within = large.select(F.col("record_key").alias("record_key_l"))
        stronger = open_edges.where(F.col("margin") >= margin)
        open_edges = _stored(
            stronger.join(within, on="record_key_l", how="left_semi"), work_dir / f"open_{level}"
        )
        finished.append(_cut_by_name_on_spark(large, open_edges, most_records))
        level += 1
    record = F.col("record_key_l")
    nobody = edges.select(record.alias("record_key"), record.alias("group_key")).limit(0)
    return reduce(DataFrame.unionByName, finished, nobody)


def _cut_by_name_on_spark(large: DataFrame, open_edges: DataFrame, most_records: int) -> DataFrame:
    """record_key, group_key: the same as `_cut_by_name`.

    Args:
        large: record_key, group_key and the number of its records, of groups that are too large.
        open_edges: the pairs that still hold after the step.
        most_records: as there.
    """
    held = open_edges.select(
        F.explode(F.array("record_key_l", "record_key_r")).alias("record_key")
    ).distinct()
    group = Window.partitionBy("group_key")
    place = F.row_number().over(group.orderBy("record_key"))
    part = Window.partitionBy("group_key", "part")
    return (
        large.join(held, on="record_key", how="left_anti")
        .select(
            "record_key",
            "group_key",
            F.floor((place - 1) / most_records).alias("part"),
            (2 * F.count("*").over(group) > F.col("records")).alias("is_cut"),
        )
        .where("is_cut")
        .select(
            "record_key",
            F.min("record_key").over(part).alias("first"),
            F.count("*").over(part).alias("size"),
        )
        .where("size > 1")
        .select("record_key", F.col("first").alias("group_key"))
    )


def connected_on_spark(edges: DataFrame, work_dir: Path) -> DataFrame:
    """Connected components by alternating large-star and small-star contraction.

    Returns:
        One row per record that has an edge: record_key, group_key (smallest record of the
        component).
    """
    current = _stored(
        edges.select(
            F.greatest("record_key_l", "record_key_r").alias("node"),
            F.least("record_key_l", "record_key_r").alias("parent"),
        )
        .where(F.col("node") != F.col("parent"))
        .distinct(),
        work_dir / "round_0",
    )
    turn = 0
    while not _are_stars(current):
        turn += 1
        current = _stored(_small_star(_large_star(current)), work_dir / f"round_{turn}")
    leaves = current.select(F.col("node").alias("record_key"), F.col("parent").alias("group_key"))
    root = F.col("parent")
    roots = current.select(root.alias("record_key"), root.alias("group_key")).distinct()
    return _stored(leaves.unionByName(roots), work_dir / "components")


def _large_star(links: DataFrame) -> DataFrame:
    """Every larger neighbour of a node is hung on the smallest in its neighbourhood."""
    both = links.unionByName(
        links.select(F.col("parent").alias("node"), F.col("node").alias("parent"))
    )
    centre = both.groupBy("node").agg(F.least(F.min("parent"), F.col("node")).alias("smallest"))
    return (
        both.join(centre.hint(SHUFFLED), on="node", how="inner")
        .where(F.col("parent") > F.col("node"))
        .select(F.col("parent").alias("node"), F.col("smallest").alias("parent"))
        .distinct()
    )


def _small_star(links: DataFrame) -> DataFrame:
    """A node and its smaller neighbours are hung on the smallest of them."""
    centre = links.groupBy("node").agg(F.min("parent").alias("smallest"))
    others = (
        links.join(centre.hint(SHUFFLED), on="node", how="inner")
        .where(F.col("parent") != F.col("smallest"))
        .select(F.col("parent").alias("node"), F.col("smallest").alias("parent"))
    )
    return others.unionByName(centre.select("node", F.col("smallest").alias("parent"))).distinct()


def _stored(frame: DataFrame, folder: Path) -> DataFrame:
    """The frame written out and read back, which ends its lineage."""
    frame.write.mode("overwrite").parquet(str(folder))
    return frame.sparkSession.read.parquet(str(folder))


def _are_stars(links: DataFrame) -> bool:
    """True if every node hangs on one parent, and no parent on another: then it is the smallest of all."""
    nodes = links.groupBy("node").agg(F.count("*").alias("parents"))
    parents = links.select(F.col("parent").alias("node")).distinct()
    astray = nodes.where(F.col("parents") > 1).select("node")
    inner = nodes.join(parents.hint(SHUFFLED), on="node", how="left_semi").select("node")
    return astray.unionByName(inner).isEmpty()
