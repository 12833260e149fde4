"""The one place that runs Splink: linkers on DuckDB, in the driver or in a Spark task.

Both engines score with Splink's DuckDB backend. It needs neither a jar nor a SparkContext, and
there is one dialect, so that a pair's weight cannot depend on the engine.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from pyspark.sql import SparkSession
from splink import DuckDBAPI, Linker, SettingsCreator

from lakehouse.linkage.model import TrainedModel
from lakehouse.settings.linkage import Engine, LinkageSettings

PEOPLE_TABLE = "prepared"
IN_BLOCKS, IN_GROUPS, PARTED = "in_blocks", "in_groups", "parted"
"""Where in a job's folder its pairs are left that blocking finds, those that groups need beside, and the kept
ones whose group is no more."""
_MUTED = logging.CRITICAL + 1


@dataclass(frozen=True)
class ScoringJob:
    """What an engine is to score, written out where driver and workers see it.

    Attributes:
        spark: the session.
        folder: holds, as parquet, people (record_key, is_touched, the model's columns, tf_<column>,
            a key column per rule) and oversized (block_key); for groups also kept (record_key_l,
            record_key_r, join_margin, contradiction and found_by of what the last run found of pairs that are
            looked at again) and decisions (record_key_l, record_key_r, decision).
        rules: blocking rules by their place in conf.
        model: the model that scores.
        settings: conf.
        release_number: of the release that this run will make.
    """

    spark: SparkSession
    folder: Path
    rules: Mapping[int, Sequence[str]]
    model: TrainedModel
    settings: LinkageSettings
    release_number: int


def chosen_engine(spark: SparkSession, settings: LinkageSettings, records: int) -> Engine:
    """`duckdb` or `spark`: the engine of conf, or what `auto` means for so many records here."""
    if settings.engine is not Engine.AUTO:
        return settings.engine
    local = str(spark.conf.get("spark.master", "")).startswith("local")
    return (
        Engine.DUCKDB if local and records <= settings.limits.duckdb_up_to_records else Engine.SPARK
    )


@contextmanager
def database(
    memory_limit: str, threads: int, spill: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB that spills into `spill`; closed at the end."""
    connection = duckdb.connect()
    try:
        connection.execute(f"set memory_limit = '{memory_limit}'")
        connection.execute("set preserve_insertion_order = false")
        if threads:
            connection.execute(f"set threads = {threads}")
        if spill is not None:
            spill.mkdir(parents=True, exist_ok=True)
            connection.execute(f"set temp_directory = '{str(spill).replace(chr(39), chr(39) * 2)}'")
        yield connection
    finally:
        connection.close()


def linker(connection: duckdb.DuckDBPyConnection, settings: SettingsCreator) -> Linker:
    """A Splink linker over the table `prepared` of the connection."""
    people = DuckDBAPI(connection).register(PEOPLE_TABLE, dataset_display_name="people")
    built = Linker(people, settings, log_level=_MUTED, validate_settings=False)
    logging.getLogger("splink").setLevel(_MUTED)
    return built


def register_frequencies(
    connection: duckdb.DuckDBPyConnection, built: Linker, columns: Sequence[str]
) -> None:
    """Give the linker value frequencies that stand beside each value as tf_<column>.

    A Spark task sees only its own blocks, so it cannot count for itself.
    """
    for column in columns:
        table = f"frequency_{column}"
        connection.execute(
            f"create or replace table {table} as"  # noqa: S608
            f" select {column}, any_value(tf_{column}) as tf_{column}"
            f" from {PEOPLE_TABLE} where {column} is not null group by {column}"
        )
        frequencies = DuckDBAPI(connection).register(table, dataset_display_name=table)
        built.table_management.register_term_frequency_lookup(frequencies, column)


def register_pairs(connection: duckdb.DuckDBPyConnection, built: Linker, table: str) -> None:
    """Make the linker score exactly the pairs (join_key_l, join_key_r, match_key) of `table`."""
    pairs = DuckDBAPI(connection).register(table, dataset_display_name=table)
    built.table_management.register_blocked_pairs_for_predict(pairs)


def predicted(built: Linker, least_weight: float | None) -> str:
    """Name of the table of scored pairs, with Splink's match_weight, mw_* and gamma_* columns."""
    table = built.inference.predict(threshold_match_weight=least_weight, warning_mode="never")
    return str(table.physical_name)
