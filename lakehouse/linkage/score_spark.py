"""Scoring spread over Spark's tasks: each task scores its own blocks with Splink's DuckDB backend.

Records are copied once per block that has at least two of them, shuffled by block, and turned into
pairs only inside a task: a pair is scored by the task of the first rule that gives it, so that none
is scored twice and nothing has to be deduplicated afterwards.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.errors import words_withheld
from lakehouse.linkage.blocking import key_column
from lakehouse.linkage.components import MUST_JOIN, SHUFFLED, groups_of
from lakehouse.linkage.edge_sql import (
    EDGE_SCHEMA,
    FOUND_BY_GROUP,
    edge_select,
    task_pairs_select,
)
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

Batches = Iterable[pa.RecordBatch]
_PAIR = ["record_key_l", "record_key_r"]


def found_in_blocks(job: ScoringJob) -> DataFrame:
    """The pairs that blocking finds and that touch a record, scored: EDGE_SCHEMA."""
    people = _read(job, "people")
    keys = [key_column(n) for n in job.rules]
    members = _stored(job, "members", _block_members(people, keys, _read(job, "oversized")))
    return _stored(job, IN_BLOCKS, _scored_blocks(people.drop(*keys), members, job))


def found_in_groups(job: ScoringJob) -> tuple[DataFrame, DataFrame]:
    """The pairs within groups that nobody has scored yet, scored; and kept ones that lie in no group now.

    The former are of EDGE_SCHEMA, the latter are record_key_l, record_key_r.
    """
    kept, found = _read(job, "kept"), _read(job, IN_BLOCKS)
    is_of_group = F.col("found_by") == FOUND_BY_GROUP
    first = found.select(*kept.columns).unionByName(kept.where(~is_of_group))
    joining = _joining(first, _read(job, "decisions"))
    inside = _pairs_in_groups(groups_of(joining, job.settings, job.folder))
    parted = (
        kept.where(is_of_group)
        .select(*_PAIR)
        .join(inside.hint(SHUFFLED), on=_PAIR, how="left_anti")
    )
    known = found.select(*_PAIR).unionByName(kept.select(*_PAIR))
    missing = _stored(job, "missing", inside.join(known.hint(SHUFFLED), on=_PAIR, how="left_anti"))
    compared = _read(job, "people").drop(*(key_column(n) for n in job.rules))
    scored = _stored(job, IN_GROUPS, _scored_pairs(compared, missing, job))
    return scored, _stored(job, PARTED, parted)


def _read(job: ScoringJob, name: str) -> DataFrame:
    return job.spark.read.parquet(str(job.folder / name))


def _stored(job: ScoringJob, name: str, frame: DataFrame) -> DataFrame:
    """The frame written out and read back: what follows must not score again."""
    frame.write.parquet(str(job.folder / name))
    return _read(job, name)


def _joining(first: DataFrame, decisions: DataFrame) -> DataFrame:
    """The pairs that hold groups together: decided so, or scored so and not decided otherwise."""
    decided = decisions.where(F.col("decision") == "same").select(
        *_PAIR, F.lit(MUST_JOIN).alias("margin")
    )
    scored = (
        first.where(F.col("contradiction").isNull() & (F.col("join_margin") >= 0))
        .join(F.broadcast(decisions), on=_PAIR, how="left_anti")
        .select(*_PAIR, F.col("join_margin").alias("margin"))
    )
    return decided.unionByName(scored)


def _pairs_in_groups(groups: DataFrame) -> DataFrame:
    """record_key_l, record_key_r, group_key: all pairs within a group."""
    left = groups.select(F.col(UNIQUE_ID).alias("record_key_l"), "group_key")
    right = groups.select(F.col(UNIQUE_ID).alias("record_key_r"), "group_key")
    return left.join(right.hint(SHUFFLED), on="group_key", how="inner").where(
        F.col("record_key_l") < F.col("record_key_r")
    )


def _block_members(people: DataFrame, keys: Sequence[str], oversized: DataFrame) -> DataFrame:
    """One row per record: record_key, block_keys (by rule the block that it is compared in, else null).

    Left out are blocks that are too large, and those without a touched record or with one record.
    """
    placed = (
        people.select(
            UNIQUE_ID,
            "is_touched",
            F.posexplode(F.array(*(F.col(key) for key in keys))).alias("rule_number", "block_key"),
        )
        .where(F.col("block_key").isNotNull())
        .join(oversized.select("block_key"), on="block_key", how="left_anti")
    )
    block = Window.partitionBy("block_key")
    own = placed.select(
        UNIQUE_ID,
        "rule_number",
        "block_key",
        (F.count("*").over(block) > 1).alias("is_shared"),
        F.bool_or("is_touched").over(block).alias("has_touched"),
    ).where(F.col("is_shared") & F.col("has_touched"))
    by_rule = F.map_from_entries(F.collect_list(F.struct("rule_number", "block_key")))
    rule_numbers = F.array(*(F.lit(n) for n in range(len(keys))))
    return (
        own.groupBy(UNIQUE_ID)
        .agg(by_rule.alias("by_rule"))
        .select(
            UNIQUE_ID,
            F.transform(rule_numbers, lambda rule: F.try_element_at("by_rule", rule)).alias(
                "block_keys"
            ),
        )
    )


def _scored_blocks(compared: DataFrame, members: DataFrame, job: ScoringJob) -> DataFrame:
    placed = F.sum(F.size(F.array_compact("block_keys"))).alias("placed")
    tasks = _tasks(members.agg(placed).collect()[0].placed or 0, job)
    # Copied after the join: before it, all copies would be sorted.
    shipped = (
        compared.join(members.hint(SHUFFLED), on=UNIQUE_ID, how="inner")
        .select("*", F.posexplode("block_keys").alias("rule_number", "block_key"))
        .where(F.col("block_key").isNotNull())
        .repartition(tasks, "block_key")
        .drop("block_key")
    )
    score = _block_task(list(job.rules.values()), job.model, job.settings, job.release_number)
    return shipped.mapInArrow(score, EDGE_SCHEMA)


def _scored_pairs(compared: DataFrame, pairs: DataFrame, job: ScoringJob) -> DataFrame:
    """The pairs scored, with the records of a group in one task."""
    tasks = _tasks(pairs.count(), job)
    task: Column = F.pmod(F.xxhash64("group_key"), F.lit(tasks)).alias("task")
    sides = [pairs.select(F.col(side).alias(UNIQUE_ID), task) for side in _PAIR]
    shipped = compared.join(
        reduce(DataFrame.unionByName, sides).distinct(), on=UNIQUE_ID, how="inner"
    )
    score = _pair_task(list(job.rules.values()), job.model, job.settings, job.release_number)
    return (
        shipped.groupBy("task")
        .cogroup(pairs.select(*_PAIR, task).groupBy("task"))
        .applyInArrow(score, EDGE_SCHEMA)
    )


def _tasks(rows: int, job: ScoringJob) -> int:
    return max(-(-rows // job.settings.limits.records_per_task), 1)


def _block_task(
    rules: Sequence[Sequence[str]],
    model: TrainedModel,
    settings: LinkageSettings,
    release_number: int,
) -> Callable[[Batches], Batches]:
    """What one task does with the rows of its blocks: rows of linkage.scored_edge come back."""

    def score(batches: Batches) -> Batches:
        held = [batch for batch in batches if batch.num_rows]
        if not held:
            return
        memory = settings.limits.task_memory_limit
        with words_withheld(), database(memory, threads=1) as connection:
            connection.register("arrived", pa.Table.from_batches(held))
            connection.execute(
                f"create table {PEOPLE_TABLE} as"  # noqa: S608
                " select distinct on (record_key) * exclude (rule_number, block_keys) from arrived"
            )
            connection.execute(
                f"""create table block as select p.rowid as id, a.is_touched, a.rule_number,
                a.block_keys[a.rule_number + 1] as block_key, a.block_keys
                from arrived a join {PEOPLE_TABLE} p using ({UNIQUE_ID})"""  # noqa: S608
            )
            connection.unregister("arrived")
            held.clear()
            connection.execute(f"create table pair as {task_pairs_select(len(rules))}")
            built = linker(connection, splink_settings(settings, model))
            register_frequencies(connection, built, frequency_columns(settings, model.present))
            register_pairs(connection, built, "pair")
            table = predicted(built, model.kept_from(settings.thresholds))
            rows = connection.execute(edge_select(table, settings, model, rules, release_number))
            reader: pa.RecordBatchReader = rows.to_arrow_reader(50_000)
            yield from reader

    return score


def _pair_task(
    rules: Sequence[Sequence[str]],
    model: TrainedModel,
    settings: LinkageSettings,
    release_number: int,
) -> Callable[[pa.Table, pa.Table], pa.Table]:
    """What one task does with the pairs that it is given, and their records."""

    def score(people: pa.Table, pairs: pa.Table) -> pa.Table:
        memory = settings.limits.task_memory_limit
        with words_withheld(), database(memory, threads=1) as connection:
            connection.register("arrived", people)
            connection.register("given", pairs)
            connection.execute(
                f"create table {PEOPLE_TABLE} as select * exclude (task) from arrived"  # noqa: S608
            )
            connection.execute(
                "create table pair as select record_key_l as join_key_l,"
                " record_key_r as join_key_r, 'group' as match_key from given"
            )
            built = linker(connection, splink_settings(settings, model))
            register_frequencies(connection, built, frequency_columns(settings, model.present))
            register_pairs(connection, built, "pair")
            table = predicted(built, None)
            rows = connection.execute(edge_select(table, settings, model, rules, release_number))
            return rows.to_arrow_table()

    return score
