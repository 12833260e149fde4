"""Scored pairs: from the evidence of records and a model to linkage.scored_edge, by either engine.

Two rounds. The first scores the pairs that blocking finds. The second scores every pair inside the
groups that the first would join, so that a cluster is judged by all it claims, not by the pairs
that happened to share a block.

A run scores what changed since the last one. It looks at the touched records and at all that lie near
them: in a block with one, or in the component of one that does. Of the pairs of untouched records
it keeps what the last run found, and scores only those that a touched record brought into one group.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import LinkageError
from lakehouse.linkage import score_duckdb, score_spark
from lakehouse.linkage.blocking import used_blocking, with_block_keys
from lakehouse.linkage.edge_sql import EDGE_COLUMNS, FOUND_BY_GROUP, OVERRIDE
from lakehouse.linkage.engine import ScoringJob, chosen_engine
from lakehouse.linkage.evidence import DELETED, SINGLE_SYSTEM
from lakehouse.linkage.explain import ScoredPair
from lakehouse.linkage.frequency import with_frequencies
from lakehouse.linkage.model import UNIQUE_ID, TrainedModel, expected_parameters, frequency_columns
from lakehouse.settings.linkage import Engine, LinkageSettings
from lakehouse.tables.linkage import SCORED_EDGE

_MOST_TOUCHED = 0.5
"""Share of touched records from which on a run looks at all: most lie near one then."""


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


def scored_edge(
    increment: Increment,
    model: TrainedModel,
    settings: LinkageSettings,
    *,
    secret: str,
    work_dir: Path,
    release_number: int = 0,
) -> DataFrame:
    """Every pair that was compared and may be one person, or that lies in one group.

    Args:
        increment: what there is to score.
        model: a model trained by the same comparisons.
        settings: conf, with the engine.
        secret: what the hashes of the evidence are keyed by.
        work_dir: folder that driver and workers see; the frame reads from it while it is used.
        release_number: of the release that this run will make; noted with each pair that it scores.

    Returns:
        The columns of linkage.scored_edge, one row per pair (record_key_l < record_key_r).

    Raises LinkageError if the model does not fit the comparisons of the settings.
    """
    check_model(model, settings)
    spark = increment.evidence.sparkSession
    rules = used_blocking(settings, model.present, model.unused_blocking)
    if not rules or not model.comparisons:
        return _decided_edges(_decisions(increment.evidence), model, settings, release_number)
    folder = work_dir / f"scoring_{uuid.uuid4().hex}"
    folder.mkdir(parents=True)
    near = _near_records(increment, rules, folder)
    inside, outside = _kept_edges(increment, near)
    decisions = _decisions(increment.evidence)
    records = near.count()
    job = ScoringJob(spark, folder, records, rules, model, settings, release_number)
    people = _compared(increment, near, job, secret)
    _written(job, people=people, kept=inside, decisions=decisions, oversized=increment.oversized)
    engine = chosen_engine(spark, settings, records)
    found = (score_duckdb if engine is Engine.DUCKDB else score_spark).edges(job)
    decided = F.broadcast(decisions.withColumnRenamed("decision", OVERRIDE))
    return (
        outside.unionByName(found)
        .join(decided, on=["record_key_l", "record_key_r"], how="left")
        .select(*SCORED_EDGE.column_names)
    )


def scored_pair(
    two: DataFrame,
    frequencies: DataFrame,
    model: TrainedModel,
    settings: LinkageSettings,
    secret: str,
) -> ScoredPair:
    """What a model says of two records now, also where no blocking rule finds their pair.

    Args:
        two: linkage.record_evidence of the two.
        frequencies: linkage.term_frequency.
        model: a model trained by the same comparisons.
        settings: conf.
        secret: what the hashes are keyed by.

    Raises LinkageError if the model does not fit the comparisons of the settings.
    """
    check_model(model, settings)
    values = (F.col("evidence")[c].alias(c) for c in (*model.columns, SINGLE_SYSTEM))
    frequent = frequency_columns(settings, model.present)
    people = with_frequencies(two.select(UNIQUE_ID, *values), frequencies, frequent, secret)
    row = score_duckdb.pair(people.toArrow(), model, settings)
    return ScoredPair._make(row.get(name) for name in ScoredPair._fields)


def _compared(increment: Increment, near: DataFrame, job: ScoringJob, secret: str) -> DataFrame:
    """The near records with what the model compares, how frequent it is, and their block keys."""
    columns = (*job.model.columns, SINGLE_SYSTEM)
    values = (F.col("evidence")[c].alias(c) for c in columns)
    people = increment.evidence.join(near, on=UNIQUE_ID, how="inner").select(
        UNIQUE_ID, "is_touched", "block_keys", *values
    )
    frequent = frequency_columns(job.settings, job.model.present)
    keyed = with_block_keys(people, job.rules)
    return with_frequencies(keyed, increment.frequencies, frequent, secret)


def _written(job: ScoringJob, **frames: DataFrame) -> None:
    for name, frame in frames.items():
        frame.write.parquet(str(job.folder / name))


def _near_records(increment: Increment, rules: Collection[int], folder: Path) -> DataFrame:
    """record_key, is_touched: the touched records, and those whose links a touched one may change.

    `rules` are the places in conf of the blocking rules that are used.
    """
    evidence, touched = increment.evidence, increment.touched
    alive = touched.where(F.col("cause") != DELETED).select(UNIQUE_ID)
    flag = alive.select(UNIQUE_ID, F.lit(True).alias("touched"))
    everyone = evidence.select(UNIQUE_ID)
    if alive.count() < _MOST_TOUCHED * evidence.count():
        everyone = _neighbourhood(increment, alive, rules)
    near = everyone.join(flag, on=UNIQUE_ID, how="left").select(
        UNIQUE_ID, F.coalesce("touched", F.lit(False)).alias("is_touched")
    )
    near.write.parquet(str(folder / "near"))
    return evidence.sparkSession.read.parquet(str(folder / "near"))


def _neighbourhood(increment: Increment, alive: DataFrame, rules: Collection[int]) -> DataFrame:
    evidence = increment.evidence
    used_keys = F.array(*(F.get("block_keys", F.lit(n)) for n in rules))
    own = evidence.join(alive, on=UNIQUE_ID, how="left_semi")
    blocks = (
        own.select(F.explode(used_keys).alias("block_key"))
        .distinct()
        .join(increment.oversized.select("block_key"), on="block_key", how="left_anti")
    )
    in_block = (
        evidence.select(UNIQUE_ID, F.explode(used_keys).alias("block_key"))
        .join(blocks, on="block_key", how="left_semi")
        .select(UNIQUE_ID)
    )
    decided = own.select(F.explode(F.map_keys("overrides")).alias(UNIQUE_ID))
    reached = (
        in_block.unionByName(decided).unionByName(increment.touched.select(UNIQUE_ID)).distinct()
    )
    clusters = increment.last_clusters
    components = clusters.join(reached, on=UNIQUE_ID, how="left_semi").select("component_id")
    connected = clusters.join(components.distinct(), on="component_id", how="left_semi")
    return (
        reached.unionByName(connected.select(UNIQUE_ID))
        .distinct()
        .join(evidence.select(UNIQUE_ID), on=UNIQUE_ID, how="left_semi")
    )


def _kept_edges(increment: Increment, near: DataFrame) -> tuple[DataFrame, DataFrame]:
    """The last run's pairs of two untouched records: those between near records, and all others."""
    edges = increment.last_edges.select(*(c.name for c in EDGE_COLUMNS))
    if near.where("is_touched").count() == increment.evidence.count():
        # Also pairs of records that no list of touched ones names, as no evidence of them was left.
        edges = edges.limit(0)
    touched, far = increment.touched.select(UNIQUE_ID), near.select(UNIQUE_ID)
    for side in ("record_key_l", "record_key_r"):
        key = touched.withColumnRenamed(UNIQUE_ID, side)
        edges = edges.join(key, on=side, how="left_anti")
        mark = far.select(F.col(UNIQUE_ID).alias(side), F.lit(True).alias(f"near_{side}"))
        edges = edges.join(mark, on=side, how="left")
    is_inside = F.col("near_record_key_l").isNotNull() & F.col("near_record_key_r").isNotNull()
    names = [c.name for c in EDGE_COLUMNS]
    return edges.where(is_inside).select(*names), edges.where(~is_inside).select(*names)


def _decisions(evidence: DataFrame) -> DataFrame:
    """record_key_l, record_key_r, decision: what stewards decided of pairs of records that are here."""
    each = evidence.where(F.size("overrides") > 0).select(
        UNIQUE_ID, F.explode("overrides").alias("other", "decision")
    )
    here = evidence.select(F.col(UNIQUE_ID).alias("other"))
    return (
        each.where(F.col(UNIQUE_ID) < F.col("other"))
        .join(here, on="other", how="left_semi")
        .select(
            F.col(UNIQUE_ID).alias("record_key_l"), F.col("other").alias("record_key_r"), "decision"
        )
    )


def _decided_edges(
    decisions: DataFrame, model: TrainedModel, settings: LinkageSettings, release_number: int
) -> DataFrame:
    """The pairs that stewards decided, where no model compares any: all that is known is the prior."""
    weight = model.prior_weight
    no_names = F.array().cast("array<string>")
    nothing = F.map_from_arrays(no_names, F.array().cast("array<double>"))
    known = {
        "match_weight": F.lit(weight),
        "match_probability": F.lit(model.prior),
        "join_margin": F.lit(weight - model.joins_from(settings.thresholds)),
        "gammas": nothing,
        "weights": nothing,
        "found_by": F.lit(FOUND_BY_GROUP),
        "model_version": F.lit(model.version),
        "scored_in_release": F.lit(release_number),
        "record_key_l": F.col("record_key_l"),
        "record_key_r": F.col("record_key_r"),
        OVERRIDE: F.col("decision"),
    }
    return decisions.select(
        *(known.get(c.name, F.lit(None)).cast(c.type).alias(c.name) for c in SCORED_EDGE.columns)
    )


def check_model(model: TrainedModel, settings: LinkageSettings) -> None:
    """Refuse a model whose comparisons or levels are not those of the settings."""
    expected = {
        name: tuple(level.label for level in levels)
        for name, levels in expected_parameters(settings, model.present).items()
    }
    given = {
        name: tuple(level.label for level in levels) for name, levels in model.comparisons.items()
    }
    if expected == given:
        return
    differing = sorted(
        name for name in expected.keys() | given.keys() if expected.get(name) != given.get(name)
    )
    raise LinkageError(
        f"Model {model.version} does not fit conf: comparisons {', '.join(differing)} differ.",
        "train a model with this conf, or go back to the conf of the model.",
    )
