"""Linkage from end to end: people in, everything that a run leaves out, on top of what the last left."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.linkage.blocking import oversized_block
from lakehouse.linkage.cluster import cluster
from lakehouse.linkage.column_fill import ColumnFill, column_fill
from lakehouse.linkage.evidence import follows_on, record_evidence, touched_record
from lakehouse.linkage.frequency import is_outgrown, term_frequency
from lakehouse.linkage.guards import shared_identifier
from lakehouse.linkage.increment import Increment
from lakehouse.linkage.model import TrainedModel
from lakehouse.linkage.score import scored_edge
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.tables import linkage as specs
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.spec import TableSpec

STATE_TABLES = (
    specs.RECORD_EVIDENCE,
    specs.OVERSIZED_BLOCK,
    specs.TOUCHED_RECORD,
    specs.TERM_FREQUENCY,
    specs.SCORED_EDGE,
    specs.CLUSTER,
)
DECISION_SCHEMA = "record_key_l string, record_key_r string, decision string"


@dataclass(frozen=True)
class LinkageState:
    """What a run leaves, by table of the linkage layer."""

    record_evidence: DataFrame
    oversized_block: DataFrame
    touched_record: DataFrame
    term_frequency: DataFrame
    scored_edge: DataFrame
    cluster: DataFrame


def linkage_state(frame: Callable[[TableSpec], DataFrame]) -> LinkageState:
    """What a run left, by a function that gives the frame of each of these tables."""
    return LinkageState(*map(frame, STATE_TABLES))


def no_state(spark: SparkSession) -> LinkageState:
    """What stands before the first run: empty tables."""
    return linkage_state(lambda spec: local_frame(spark, (), spec.ddl()))


def guarded_evidence(
    people: DataFrame, decisions: DataFrame, settings: LinkageSettings, secret: str
) -> DataFrame:
    """linkage.record_evidence of these people, with the values left out that too many of them share."""
    shared = shared_identifier(people, settings.guards.sharing, secret)
    return record_evidence(people, shared, decisions, settings, secret)


def is_full_run(
    fill: ColumnFill,
    last_evidence: DataFrame,
    last_frequencies: DataFrame,
    last_edges: DataFrame,
    settings: LinkageSettings,
) -> bool:
    """True if this run looks at every record and counts frequencies anew.

    It does if conf says so or has changed, before anything was left, when the frequencies are those
    of a far smaller company, and where no model has scored a pair yet: evidence was left by a run that
    found nothing to compare.
    """
    return (
        settings.full
        or not follows_on(last_evidence, settings)
        or is_outgrown(fill, last_frequencies, settings)
        or last_edges.where(F.size("weights") > 0).isEmpty()
    )


def _is_full_after(last: LinkageState, evidence: DataFrame, settings: LinkageSettings) -> bool:
    fill = column_fill(evidence, settings)
    return is_full_run(fill, last.record_evidence, last.term_frequency, last.scored_edge, settings)


def _kept(folder: Path, name: str, frame: DataFrame) -> DataFrame:
    frame.write.parquet(str(folder / name))
    return frame.sparkSession.read.parquet(str(folder / name))


def linked(
    people: DataFrame,
    last: LinkageState,
    decisions: DataFrame,
    model: Callable[[DataFrame], TrainedModel],
    settings: LinkageSettings,
    *,
    secret: str,
    work_dir: Path,
    release_number: int = 0,
) -> LinkageState:
    """What a run over these people leaves.

    Args:
        people: silver.person_record, or any frame with record_key and some of its columns.
        last: what the last run left.
        decisions: what stewards decided: record_key_l, record_key_r, decision.
        model: gives the model, from this run's linkage.record_evidence.
        settings: conf, with the engine.
        secret: keys the hashes.
        work_dir: folder that driver and workers see; the frames read from it while they are used.
        release_number: of the release that this run will make.
    """
    kept = partial(_kept, work_dir / f"linked_{uuid.uuid4().hex}")
    evidence = kept("evidence", guarded_evidence(people, decisions, settings, secret))
    oversized = kept("oversized", oversized_block(evidence, settings, work_dir))
    is_full = _is_full_after(last, evidence, settings)
    touched = kept(
        "touched",
        touched_record(
            evidence, last.record_evidence, oversized, last.oversized_block, is_full=is_full
        ),
    )
    counted = term_frequency(evidence, settings, secret) if is_full else last.term_frequency
    frequencies = kept("frequencies", counted)
    increment = Increment(evidence, touched, oversized, frequencies, last.scored_edge, last.cluster)
    used = model(evidence)
    edges = kept(
        "edges",
        scored_edge(
            increment,
            used,
            settings,
            secret=secret,
            work_dir=work_dir,
            release_number=release_number,
        ),
    )
    clusters = cluster(evidence, edges, touched, last.cluster, settings, work_dir)
    return LinkageState(
        evidence, oversized, touched, frequencies, edges, kept("clusters", clusters)
    )
