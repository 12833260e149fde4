"""Scoring in the driver: stock Splink on DuckDB over one table, spilling to disk when it must."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyspark.sql import DataFrame

from lakehouse.linkage.blocking import key_column
from lakehouse.linkage.components import MUST_JOIN, grouped
from lakehouse.linkage.edge_sql import FOUND_BY_GROUP, edge_select, pairs_select, usable_key
from lakehouse.linkage.engine import (
    IN_BLOCKS,
    IN_GROUPS,
    PARTED,
    PEOPLE_TABLE,
    ScoringJob,
    database,
    linker,
    predicted,
    register_frequencies,
    register_pairs,
)
from lakehouse.linkage.model import UNIQUE_ID, TrainedModel, frequency_columns, splink_settings
from lakehouse.settings.linkage import LinkageSettings

_PAIR = "record_key_l, record_key_r"
_PAIRS_IN_GROUPS = f"""
    create table together as
    select l.{UNIQUE_ID} as record_key_l, r.{UNIQUE_ID} as record_key_r
    from member l join member r using (group_key) where l.{UNIQUE_ID} < r.{UNIQUE_ID};
    create table pair as
    select record_key_l as join_key_l, record_key_r as join_key_r, '{FOUND_BY_GROUP}' as match_key
    from together
    anti join kept using ({_PAIR})
    anti join {IN_BLOCKS} using ({_PAIR})
"""  # noqa: S608


def found_in_blocks(job: ScoringJob) -> DataFrame:
    """The pairs that blocking finds and that touch a record, scored: EDGE_SCHEMA."""
    keys = [key_column(n) for n in job.rules]
    with _database(job) as connection:
        _load(connection, "oversized", job.folder)
        usable = ", ".join(usable_key(key) for key in keys)
        connection.execute(
            f"create table {PEOPLE_TABLE} as select * exclude ({', '.join(keys)}), {usable}"  # noqa: S608
            f" from {_files(job.folder / 'people')}"
        )
        connection.execute(f"create table pair as {pairs_select(keys)}")
        least = job.model.kept_from(job.settings.thresholds)
        _write(connection, job, IN_BLOCKS, _scored(connection, job, least))
    return _read(job, IN_BLOCKS)


def found_in_groups(job: ScoringJob) -> tuple[DataFrame, DataFrame]:
    """The pairs within groups that nobody has scored yet, scored; and kept ones that lie in no group now.

    The former are of EDGE_SCHEMA, the latter are record_key_l, record_key_r.
    """
    with _database(job) as connection:
        _load(connection, "kept", job.folder)
        _load(connection, "decisions", job.folder)
        connection.execute(f"create view {IN_BLOCKS} as from {_files(job.folder / IN_BLOCKS)}")
        groups = grouped(_joining(connection), job.settings.guards.max_cluster_records)
        columns = [pa.array(list(names), pa.string()) for names in (groups, groups.values())]
        connection.register("member", pa.table(columns, ["record_key", "group_key"]))
        connection.execute(_PAIRS_IN_GROUPS)
        parted = f"""select {_PAIR} from kept anti join together using ({_PAIR})
            where found_by = '{FOUND_BY_GROUP}'"""  # noqa: S608
        _write(connection, job, PARTED, parted)
        connection.execute(
            f"""create table {PEOPLE_TABLE} as select * from {_files(job.folder / "people")}
            where {UNIQUE_ID} in (select join_key_l from pair union all select join_key_r from pair)"""  # noqa: S608
        )
        is_empty = connection.execute("select count(*) = 0 from pair").fetchall()[0][0]
        select = f"from {IN_BLOCKS} limit 0" if is_empty else _scored(connection, job, None)
        _write(connection, job, IN_GROUPS, select)
    return _read(job, IN_GROUPS), _read(job, PARTED)


def pairs(people: pa.Table, model: TrainedModel, settings: LinkageSettings) -> list[dict[str, Any]]:
    """The rows of EDGE_SCHEMA of every two of a few records, whether a blocking rule would find them or not.

    Args:
        people: a row per record: record_key, the model's columns and tf_<column>.
        model: the model that scores.
        settings: conf.
    """
    with database(settings.limits.memory_limit, settings.limits.threads) as connection:
        connection.register("few", people)
        connection.execute(f"create table {PEOPLE_TABLE} as select * from few")  # noqa: S608
        built = linker(connection, splink_settings(settings, model))
        register_frequencies(connection, built, frequency_columns(settings, model.present))
        connection.execute(
            f"""create table every_pair as
            select l.{UNIQUE_ID} as join_key_l, r.{UNIQUE_ID} as join_key_r, 'group' as match_key
            from {PEOPLE_TABLE} l join {PEOPLE_TABLE} r on l.{UNIQUE_ID} < r.{UNIQUE_ID}"""  # noqa: S608
        )
        register_pairs(connection, built, "every_pair")
        found = connection.execute(edge_select(predicted(built, None), settings, model, (), 0))
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _load(connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> None:
    connection.execute(f"create table {name} as select * from {_files(folder / name)}")  # noqa: S608


def _files(folder: Path) -> str:
    return f"read_parquet('{_escaped(folder)}/*.parquet')"


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")


def _database(job: ScoringJob) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    limits = job.settings.limits
    return database(limits.memory_limit, limits.threads, job.folder / "spill")


def _write(connection: duckdb.DuckDBPyConnection, job: ScoringJob, name: str, select: str) -> None:
    folder = job.folder / name
    folder.mkdir()
    connection.execute(f"copy ({select}) to '{_escaped(folder)}/0.parquet' (format parquet)")


def _read(job: ScoringJob, name: str) -> DataFrame:
    return job.spark.read.parquet(str(job.folder / name))


def _scored(
    connection: duckdb.DuckDBPyConnection, job: ScoringJob, least_weight: float | None
) -> str:
    """A SELECT of the columns of EDGE_SCHEMA: the pairs of the table `pair`, from that weight on."""
    model, settings = job.model, job.settings
    built = linker(connection, splink_settings(settings, model))
    register_frequencies(connection, built, frequency_columns(settings, model.present))
    register_pairs(connection, built, "pair")
    table = predicted(built, least_weight)
    return edge_select(table, settings, model, list(job.rules.values()), job.release_number)


def _joining(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, float]]:
    """The pairs that hold groups together: decided so, or scored so and not decided otherwise."""
    return connection.execute(
        f"""with first as (
            select {_PAIR}, join_margin, contradiction from {IN_BLOCKS}
            union all
            select {_PAIR}, join_margin, contradiction from kept where found_by <> '{FOUND_BY_GROUP}'
        )
        select {_PAIR}, '{MUST_JOIN}'::double from decisions where decision = 'same'
        union all
        select {_PAIR}, join_margin from first anti join decisions using ({_PAIR})
        where contradiction is null and join_margin >= 0"""  # noqa: S608
    ).fetchall()
