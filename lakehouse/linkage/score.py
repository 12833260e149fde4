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
    rules = used_blocking(model, settings)
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


def scored_pairs(
    few: DataFrame,
    frequencies: DataFrame,
    model: TrainedModel,
    settings: LinkageSettings,
    secret: str,
) -> list[ScoredPair]:
    """What a model says of every two of a few records now, also where no blocking rule finds their pair.

    Args:
        few: linkage.record_evidence of the records.
        frequencies: linkage.term_frequency.
        model: a model trained by the same comparisons.
        settings: conf.
        secret: what the hashes are keyed by.

    Raises LinkageError if the model does not fit the comparisons of the settings.
    """
    check_model(model, settings)
    values = (F.col("evidence")[c].alias(c) for c in (*model.columns, SINGLE_SYSTEM))
    frequent = frequency_columns(settings, model.present)
    counted = with_frequencies(few.select(UNIQUE_ID, *values), frequencies, frequent, secret)
    people = counted.toArrow()
    rows = score_duckdb.pairs(people, model, settings) if people.num_rows > 1 else []
    return [ScoredPair._make(row.get(name) for name in ScoredPair._fields) for row in rows]


def _compared(increment: Increment, near: DataFrame, job: ScoringJob, secret: str) -> DataFrame:
    """The near records with what the model compares, how frequent it is, and their block keys."""
    columns = (*job.model.columns, SINGLE_SYSTEM)
    values = (F.col("evidence")[c].alias(c) for c in columns)
    people = increment.evidence.join(near, on=UNIQUE_ID, how="inner").select(
        UNIQUE_ID,
        "is_touched",
        F.coalesce("touched_keys", "block_keys").alias("block_keys"),
        *values,
    )
    frequent = frequency_columns(job.settings, job.model.present)
    keyed = with_block_keys(people, job.rules)
    return with_frequencies(keyed, increment.frequencies, frequent, secret)


def _written(job: ScoringJob, **frames: DataFrame) -> None:
    for name, frame in frames.items():
        frame.write.parquet(str(job.folder / name))


def _stored(frame: DataFrame, folder: Path) -> DataFrame:
    frame.write.parquet(str(folder))
    return frame.sparkSession.read.parquet(str(folder))


def _near_records(increment: Increment, rules: Collection[int], folder: Path) -> DataFrame:
    """record_key, is_touched, touched_keys: the touched records, and those whose links these may change.

    Args:
        increment: what there is to score.
        rules: the places in conf of the blocking rules that are used.
        folder: where the frame is kept.

    Returns:
        touched_keys has, by rule, the key of the record's block if a touched one is in it; it is null where
        the run looks at all records.
    """
    evidence, touched = increment.evidence, increment.touched
    alive = touched.where(F.col("cause") != DELETED).select(UNIQUE_ID)
    flag = alive.select(UNIQUE_ID, F.lit(True).alias("touched"))
    reached = evidence.select(UNIQUE_ID, F.lit(None).cast("array<bigint>").alias("touched_keys"))
    if alive.count() < _MOST_TOUCHED * evidence.count():
        reached = _neighbourhood(increment, alive, rules, folder)
    near = reached.join(flag, on=UNIQUE_ID, how="left").select(
        UNIQUE_ID, F.coalesce("touched", F.lit(False)).alias("is_touched"), "touched_keys"
    )
    return _stored(near, folder / "near")


def _neighbourhood(
    increment: Increment, alive: DataFrame, rules: Collection[int], folder: Path
) -> DataFrame:
    """record_key, touched_keys of the touched records and all near them."""
    evidence = increment.evidence
    own = evidence.join(alive, on=UNIQUE_ID, how="left_semi")
    in_block = _stored(_in_touched_blocks(increment, own, rules), folder / "in_block")
    decided = own.select(F.explode(F.map_keys("overrides")).alias(UNIQUE_ID))
    seeds = (
        in_block.select(UNIQUE_ID)
        .unionByName(decided)
        .unionByName(increment.touched.select(UNIQUE_ID))
    )
    clusters = increment.last_clusters
    components = clusters.join(seeds, on=UNIQUE_ID, how="left_semi").select("component_id")
    connected = clusters.join(components.distinct(), on="component_id", how="left_semi")
    reached = seeds.unionByName(connected.select(UNIQUE_ID)).distinct()
    nothing = F.array().cast("array<bigint>")
    return (
        reached.join(evidence.select(UNIQUE_ID), on=UNIQUE_ID, how="left_semi")
        .join(in_block, on=UNIQUE_ID, how="left")
        .select(UNIQUE_ID, F.coalesce("touched_keys", nothing).alias("touched_keys"))
    )


def _in_touched_blocks(increment: Increment, own: DataFrame, rules: Collection[int]) -> DataFrame:
    """record_key, touched_keys of the records in a block with one of `own`, which is compared."""
    blocks = (
        _placed(own, rules)
        .select("block_key")
        .distinct()
        .join(increment.oversized.select("block_key"), on="block_key", how="left_anti")
    )
    by_rule = F.map_from_entries(F.collect_list(F.struct("rule_number", "block_key")))
    numbers = F.array(*(F.lit(n) for n in range(max(rules) + 1)))
    return (
        _placed(increment.evidence, rules)
        .join(blocks, on="block_key", how="left_semi")
        .groupBy(UNIQUE_ID)
        .agg(by_rule.alias("by_rule"))
        .select(
            UNIQUE_ID,
            F.transform(numbers, lambda n: F.try_element_at("by_rule", n)).alias("touched_keys"),
        )
    )


def _placed(evidence: DataFrame, rules: Collection[int]) -> DataFrame:
    """record_key, rule_number, block_key: a row for each block of a record, by the rules used."""
    keys = F.posexplode("block_keys").alias("rule_number", "block_key")
    return evidence.select(UNIQUE_ID, keys).where(
        F.col("block_key").isNotNull() & F.col("rule_number").isin(*rules)
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
    """Refuse a model whose comparisons or levels are not those of the settings.

    And one that was trained before conf had a comparison, or while it had it by other columns: where the
    data had none of these, the comparison would be left out as one that training found empty.
    """
    expected = {
        name: tuple(level.label for level in levels)
        for name, levels in expected_parameters(settings, model.present).items()
    }
    given = {
        name: tuple(level.label for level in levels) for name, levels in model.comparisons.items()
    }
    differing = {
        name for name in expected.keys() | given.keys() if expected.get(name) != given.get(name)
    }
    if model.asked is not None:
        asked = model.asked
        differing |= {r.name for r in settings.comparisons if asked.get(r.name) != r.columns}
    if not differing:
        return
    raise LinkageError(
        f"Model {model.version} does not fit conf: comparisons {', '.join(sorted(differing))} differ.",
        "train a model with this conf, or go back to the conf of the model.",
    )
