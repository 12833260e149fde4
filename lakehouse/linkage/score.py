"""Scored pairs: from the evidence of records and a model to linkage.scored_edge, by either engine.

Two rounds. The first scores the pairs that blocking finds. The second scores every pair inside the
groups that the first would join, so that a cluster is judged by all it claims, not by the pairs
that happened to share a block.

A run scores what changed since the last one: touched records with all that share a block with them.
Of the pairs of untouched records it keeps what the last run found, and scores only those that a touched
record brought into one group.
"""

import uuid
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import LinkageError
from lakehouse.linkage import score_duckdb, score_spark
from lakehouse.linkage.blocking import used_blocking, with_block_keys
from lakehouse.linkage.edge_sql import EDGE_COLUMNS, FOUND_BY_GROUP, OVERRIDE
from lakehouse.linkage.engine import ScoringJob, chosen_engine
from lakehouse.linkage.evidence import SINGLE_SYSTEM
from lakehouse.linkage.explain import ScoredPair
from lakehouse.linkage.frequency import with_frequencies
from lakehouse.linkage.increment import (
    Increment,
    Reach,
    kept_pairs,
    near_records,
    reach,
    untouched_open_records,
)
from lakehouse.linkage.model import UNIQUE_ID, TrainedModel, expected_parameters, frequency_columns
from lakehouse.settings.linkage import Engine, LinkageSettings
from lakehouse.tables.linkage import SCORED_EDGE

_PAIR = ["record_key_l", "record_key_r"]


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
    job = ScoringJob(spark, folder, rules, model, settings, release_number)
    decided = _stored(_decisions(increment.evidence), folder / "every_decision")
    return (
        _edges(job, reach(increment), decided, secret)
        .join(F.broadcast(decided.withColumnRenamed("decision", OVERRIDE)), on=_PAIR, how="left")
        .select(*SCORED_EDGE.column_names)
    )


def _edges(job: ScoringJob, reached: Reach, decided: DataFrame, secret: str) -> DataFrame:
    """EDGE_SCHEMA: what both rounds score, and what stays of the last run."""
    increment, spark = reached.increment, job.spark
    near = near_records(reached, job.rules, job.folder / "near")
    people = _compared(increment, near, job, secret)
    _write(job, people=people, oversized=increment.oversized)
    chosen = chosen_engine(spark, job.settings, near.count())
    engine = score_duckdb if chosen is Engine.DUCKDB else score_spark
    found = engine.found_in_blocks(job)
    _write_groups(job, increment, near, found, decided, secret)
    in_groups, parted = engine.found_in_groups(job)
    return _untouched_edges(increment, parted).unionByName(found).unionByName(in_groups)


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


def _write_groups(
    job: ScoringJob,
    increment: Increment,
    near: DataFrame,
    found: DataFrame,
    decided: DataFrame,
    secret: str,
) -> None:
    """Writes what the second round looks at: kept pairs, decisions, and who else is to be compared."""
    opened = _stored(untouched_open_records(increment, found, decided), job.folder / "open")
    looked_at = opened.unionByName(increment.touched.select(UNIQUE_ID))
    left = looked_at.withColumnRenamed(UNIQUE_ID, "record_key_l")
    decisions = decided.join(left, on="record_key_l", how="left_semi")
    _write(job, kept=kept_pairs(increment, opened), decisions=decisions)
    absent = _stored(opened.join(near, on=UNIQUE_ID, how="left_anti"), job.folder / "absent")
    # To look for nobody would read all evidence too.
    if not absent.isEmpty():
        nowhere = F.array().cast("array<bigint>").alias("touched_keys")
        beside = absent.select(UNIQUE_ID, F.lit(False).alias("is_touched"), nowhere)
        people = _compared(increment, beside, job, secret)
        people.write.mode("append").parquet(str(job.folder / "people"))


def _write(job: ScoringJob, **frames: DataFrame) -> None:
    for name, frame in frames.items():
        frame.write.parquet(str(job.folder / name))


def _stored(frame: DataFrame, folder: Path) -> DataFrame:
    frame.write.parquet(str(folder))
    return frame.sparkSession.read.parquet(str(folder))


def _untouched_edges(increment: Increment, parted: DataFrame) -> DataFrame:
    """The last run's pairs of two untouched records, without those whose group is no more."""
    edges = increment.last_edges.select(*(c.name for c in EDGE_COLUMNS))
    for side in _PAIR:
        touched = increment.touched.select(F.col(UNIQUE_ID).alias(side))
        edges = edges.join(touched, on=side, how="left_anti")
    return edges.join(parted, on=_PAIR, how="left_anti")


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
