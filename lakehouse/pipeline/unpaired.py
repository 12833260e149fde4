"""Why two records have no pair in a release: they were not compared, or their pair was dropped."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from pyspark.sql import functions as F

from lakehouse.linkage.artefact import model_of_version
from lakehouse.linkage.blocking import used_blocking
from lakehouse.linkage.explain import steward_says
from lakehouse.linkage.model import TrainedModel
from lakehouse.pipeline.keyed_rows import keyed_rows
from lakehouse.pipeline.lake import Lake
from lakehouse.storage.releases import Release
from lakehouse.tables.linkage import CLUSTER, OVERSIZED_BLOCK, RECORD_EVIDENCE, SCORED_EDGE
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import RUN

MOST_RECORDS = 5_000
"""Records of a component whose pairs are read into the driver; of a larger one, those of the customer."""

_DROPPED = "they were compared, and their pair lies below what is kept for review"


@dataclass(frozen=True)
class Unpaired:
    """Why two records have no pair.

    Attributes:
        reason: in words.
        decision: what a steward decided of the two, in words; None if nothing.
        model: by which their pair was dropped; None if it was not, or the model is not known.
    """

    reason: str
    decision: str | None = None
    model: TrainedModel | None = None


def unpaired(lake: Lake, release: Release, record: str, other: str) -> Unpaired:
    """Why two records, by record_key, have no pair in the release."""
    two = keyed_rows(lake.released(release, RECORD_EVIDENCE.name), "record_key", [record, other])
    said = next((row.overrides or {} for row in two if row.record_key == record), {})
    decision = steward_says(said[other]) if other in said else None
    components = keyed_rows(lake.released(release, CLUSTER.name), "record_key", [record, other])
    if len({row.component_id for row in components}) == 1:
        return Unpaired(
            f"pairs lead from one to the other through a group of more than {MOST_RECORDS} records,"
            " which was cut at its weakest pairs",
            decision,
        )
    keys = (row.block_keys for row in two)
    blocks = list(zip(*keys, strict=False)) if len(two) == 2 else []
    shared = {
        n: pair[0] for n, pair in enumerate(blocks) if pair[0] is not None and len({*pair}) == 1
    }
    if not shared:
        reason = "they were never compared, as no blocking rule finds the two together"
        return Unpaired(reason, decision)
    models = _models(lake, release, len(blocks))
    reason = _why_not_found(lake, release, shared, models)
    # Of several models nobody knows by which it was.
    is_known = reason == _DROPPED and len(models) == 1
    return Unpaired(reason, decision, models[0] if is_known else None)


def _why_not_found(
    lake: Lake, release: Release, shared: Mapping[int, int], models: Sequence[TrainedModel]
) -> str:
    """Why two records that share blocks have no pair, in words.

    Args:
        lake: the lake.
        release: whose links are explained.
        shared: by place of the blocking rule, the key of the block that the two are together in.
        models: what `_models` gives.
    """
    used = [frozenset(used_blocking(model, lake.settings.linkage)) for model in models]
    if not used:
        return (
            "no pair of theirs is kept; by which blocking rules pairs were looked for cannot be told any"
            " more, as the file of a model is gone or conf has other rules"
        )
    asked = frozenset().union(*used) & shared.keys()
    if not asked:
        return (
            "they were never compared, as the model does not use the blocking rules that find the two"
            " together: few records have what they read, or next to none of the pairs that they add is true"
        )
    oversized = _oversized(lake, release, {shared[n] for n in asked})
    fitting = {n for n in asked if shared[n] not in oversized}
    if not fitting:
        return "they were never compared, as they are together in blocks alone that hold too many records"
    if fitting.isdisjoint(frozenset.intersection(*used)):
        return (
            "no pair of theirs is kept; whether they were compared cannot be told, as the blocking rules"
            " that find the two together are used by one model of this release and not by another"
            " (`c360 run --full-linkage` goes by the newest alone)"
        )
    return _DROPPED


def _oversized(lake: Lake, release: Release, block_keys: Set[int]) -> frozenset[int]:
    """Those of the blocks that are too large to be compared."""
    wanted = local_frame(lake.spark, [(key,) for key in block_keys], "block_key bigint")
    blocks = lake.released(release, OVERSIZED_BLOCK.name)
    found = blocks.join(F.broadcast(wanted), on="block_key", how="left_semi").collect()
    return frozenset(row.block_key for row in found)


def _models(lake: Lake, release: Release, rules: int) -> list[TrainedModel]:
    """The models that scored the release's pairs, that of its own run first.

    They may be several, until a full run goes by one. None where one of them cannot be
    read any more, or conf does not have as many rules as the release.
    """
    settings = lake.settings.linkage
    runs = lake.tables.read(RUN.name).where(F.col("run_id") == release.run_id)
    edges = lake.released(release, SCORED_EDGE.name)
    told = (
        edges.select("model_version", F.lit(1).alias("place"))
        .unionByName(runs.select("model_version", F.lit(0).alias("place")))
        .where(F.col("model_version").isNotNull())
        .groupBy("model_version")
        .agg(F.min("place").alias("place"))
        .orderBy("place", "model_version")
        .collect()
    )
    models = [model_of_version(row.model_version, settings.models) for row in told]
    known = [model for model in models if model is not None]
    if len(known) < len(models) or len(settings.blocking) != rules:
        return []
    return known
