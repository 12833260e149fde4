"""Scoring in the driver: stock Splink on DuckDB over one table, spilling to disk when it must."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
from pyspark.sql import DataFrame

from lakehouse.linkage.blocking import key_column, largest_block
from lakehouse.linkage.components import grouped
from lakehouse.linkage.edge_sql import block_sizes_select, capped_keys, edge_select
from lakehouse.linkage.engine import PEOPLE_TABLE, database, linker, predicted, register_pairs
from lakehouse.linkage.model import UNIQUE_ID, TrainedModel, splink_settings
from lakehouse.settings.linkage import LinkageSettings

Rules = Sequence[Sequence[str]]


def edges(
    people: DataFrame,
    records: int,
    rules: Rules,
    model: TrainedModel,
    settings: LinkageSettings,
    folder: Path,
) -> DataFrame:
    """Scored pairs of the frame, which lies as parquet in `folder`/people; written beside it."""
    limits = settings.limits
    result = folder / "edges.parquet"
    with database(limits.memory_limit, limits.threads, folder / "spill") as connection:
        source = f"read_parquet('{_escaped(folder / 'people')}/*.parquet')"
        connection.execute(f"create table {PEOPLE_TABLE} as select * from {source}")  # noqa: S608
        if records:
            cap_blocks(connection, len(rules), records, settings)
        score_tables(connection, rules, model, settings)
        connection.execute(f"copy scored to '{_escaped(result)}' (format parquet)")
    return people.sparkSession.read.parquet(str(result))


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")


def cap_blocks(
    connection: duckdb.DuckDBPyConnection, rule_count: int, records: int, settings: LinkageSettings
) -> None:
    """Null the keys of blocks that are too large, in the table `prepared`."""
    capped = []
    for index in range(rule_count):
        sizes = connection.execute(block_sizes_select(index)).fetchall()
        capped.append(capped_keys(index, largest_block(sizes, records, settings.guards)))
    keys = [key_column(index) for index in range(rule_count)]
    connection.execute(
        f"create or replace table {PEOPLE_TABLE} as"  # noqa: S608
        f" select * exclude ({', '.join(keys)}), {', '.join(capped)} from {PEOPLE_TABLE}"
        if keys
        else "select 1"
    )


def score_tables(
    connection: duckdb.DuckDBPyConnection,
    rules: Rules,
    model: TrainedModel,
    settings: LinkageSettings,
) -> None:
    """Score the table `prepared` with capped keys into the table `scored`."""
    keys = [key_column(index) for index in range(len(rules))]
    built = linker(connection, splink_settings(settings, model, blocking_columns=keys))
    first = predicted(built, model.review_weight)
    connection.execute(f"create table scored as {edge_select(first, settings, model, rules)}")
    joining = connection.execute(
        "select record_key_l, record_key_r, joining_weight from scored"  # noqa: S608
        f" where contradiction is null and joining_weight >= {model.join_weight}"
    ).fetchall()
    groups = grouped(joining, model.join_weight, settings.guards.max_cluster_records)
    if not groups:
        return
    connection.execute("create table member (record_key varchar, group_key varchar)")
    _insert_members(connection, groups)
    connection.execute(
        f"""create table pair_in_group as
        select l.{UNIQUE_ID} as join_key_l, r.{UNIQUE_ID} as join_key_r, 'group' as match_key
        from member l join member r using (group_key)
        left join scored s on s.record_key_l = l.{UNIQUE_ID} and s.record_key_r = r.{UNIQUE_ID}
        where l.{UNIQUE_ID} < r.{UNIQUE_ID} and s.record_key_l is null"""  # noqa: S608
    )
    register_pairs(connection, built, "pair_in_group")
    second = predicted(built, None)
    connection.execute(f"insert into scored {edge_select(second, settings, model, rules)}")


def _insert_members(connection: duckdb.DuckDBPyConnection, groups: dict[str, str]) -> None:
    members = pa.table({"record_key": list(groups), "group_key": list(groups.values())})
    connection.register("member_arrow", members)
    connection.execute("insert into member select record_key, group_key from member_arrow")
    connection.unregister("member_arrow")
