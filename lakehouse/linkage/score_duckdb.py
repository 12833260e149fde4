"""Scoring in the driver: stock Splink on DuckDB over one table, spilling to disk when it must."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyspark.sql import DataFrame

from lakehouse.linkage.blocking import key_column
from lakehouse.linkage.components import MUST_JOIN, grouped
from lakehouse.linkage.edge_sql import edge_select, pairs_select, usable_key
from lakehouse.linkage.engine import (
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


def edges(job: ScoringJob) -> DataFrame:
    """The pairs of the job: kept ones, and those that this run scored."""
    limits = job.settings.limits
    result = job.folder / "edges.parquet"
    with database(limits.memory_limit, limits.threads, job.folder / "spill") as connection:
        keys = [key_column(n) for n in job.rules]
        _load(connection, "oversized", job.folder)
        _load(connection, "decisions", job.folder)
        _load(connection, "kept", job.folder)
        usable = ", ".join(usable_key(key) for key in keys)
        connection.execute(
            f"create table {PEOPLE_TABLE} as select * exclude ({', '.join(keys)}), {usable}"  # noqa: S608
            f" from {_files(job.folder / 'people')}"
        )
        _score(connection, job, keys)
        connection.execute(f"copy scored to '{_escaped(result)}' (format parquet)")
    return job.spark.read.parquet(str(result))


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


def _score(connection: duckdb.DuckDBPyConnection, job: ScoringJob, keys: Sequence[str]) -> None:
    """Makes the table `scored` from `prepared`, `kept` and `decisions`."""
    rules, model, settings = list(job.rules.values()), job.model, job.settings
    built = linker(connection, splink_settings(settings, model))
    register_frequencies(connection, built, frequency_columns(settings, model.present))
    connection.execute(f"create table pair_in_block as {pairs_select(keys)}")
    register_pairs(connection, built, "pair_in_block")
    first = predicted(built, model.kept_from(settings.thresholds))
    connection.execute("drop table pair_in_block")
    connection.execute("create table scored as select * from kept where found_by <> 'group'")
    select = edge_select(first, settings, model, rules, job.release_number)
    connection.execute(f"insert into scored by name {select}")
    groups = grouped(_joining(connection), settings.guards.max_cluster_records)
    if not groups:
        return
    members = pa.table({"record_key": list(groups), "group_key": list(groups.values())})
    connection.register("member", members)
    connection.execute(
        """insert into scored by name
        select k.* from kept k
        join member l on k.record_key_l = l.record_key
        join member r on k.record_key_r = r.record_key and l.group_key = r.group_key
        where k.found_by = 'group'"""
    )
    connection.execute(
        f"""create table pair_in_group as
        select l.{UNIQUE_ID} as join_key_l, r.{UNIQUE_ID} as join_key_r, 'group' as match_key
        from member l join member r using (group_key)
        left join scored s on s.record_key_l = l.{UNIQUE_ID} and s.record_key_r = r.{UNIQUE_ID}
        where l.{UNIQUE_ID} < r.{UNIQUE_ID} and s.record_key_l is null"""  # noqa: S608
    )
    register_pairs(connection, built, "pair_in_group")
    second = predicted(built, None)
    select = edge_select(second, settings, model, rules, job.release_number)
    connection.execute(f"insert into scored by name {select}")


def _joining(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, float]]:
    """The pairs that hold groups together: decided so, or scored so and not decided otherwise."""
    return connection.execute(
        f"""select record_key_l, record_key_r, '{MUST_JOIN}'::double from decisions
        where decision = 'same'
        union all
        select s.record_key_l, s.record_key_r, s.join_margin from scored s
        anti join decisions d using (record_key_l, record_key_r)
        where s.contradiction is null and s.join_margin >= 0"""  # noqa: S608
    ).fetchall()
