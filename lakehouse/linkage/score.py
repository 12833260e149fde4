"""Scored pairs: from person records and a model to linkage.scored_edge, by either engine.

Two rounds. The first scores the pairs that blocking finds. The second scores every pair inside the
groups that the first would join, so that a cluster is judged by all it claims, not by the pairs
that happened to share a block.
"""

import uuid
from pathlib import Path

from pyspark.sql import DataFrame

from lakehouse.errors import LinkageError
from lakehouse.linkage import score_duckdb, score_spark
from lakehouse.linkage.blocking import evidence, used_blocking, with_block_keys
from lakehouse.linkage.edge_sql import EDGE_SCHEMA
from lakehouse.linkage.engine import chosen_engine
from lakehouse.linkage.model import TrainedModel, expected_parameters
from lakehouse.settings.linkage import Engine, LinkageSettings


def scored_edge(
    people: DataFrame,
    model: TrainedModel,
    settings: LinkageSettings,
    work_dir: str,
) -> DataFrame:
    """Every pair that was compared and may be one person, or that lies in one group.

    Args:
        people: silver.person_record, or any frame with record_key and some of its columns.
        model: a model trained by the same comparisons.
        settings: conf, with the engine.
        work_dir: folder that driver and workers see; the frame reads from it while it is used.

    Returns:
        The columns of linkage.scored_edge, one row per pair (record_key_l < record_key_r).

    Raises LinkageError if the model does not fit the comparisons of the settings.
    """
    check_model(model, settings)
    folder = Path(work_dir) / f"scoring_{uuid.uuid4().hex}"
    folder.mkdir(parents=True)
    rules = used_blocking(settings, model.present)
    prepared = str(folder / "people")
    with_block_keys(evidence(people, settings), rules).write.parquet(prepared)
    stored = people.sparkSession.read.parquet(prepared)
    records = stored.count()
    if records < 2 or not rules or not model.comparisons:
        return people.sparkSession.createDataFrame([], EDGE_SCHEMA)
    if chosen_engine(people.sparkSession, settings, records) is Engine.DUCKDB:
        return score_duckdb.edges(stored, records, rules, model, settings, folder)
    return score_spark.edges(stored, records, rules, model, settings, folder)


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
