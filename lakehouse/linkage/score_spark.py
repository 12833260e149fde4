"""Scoring spread over Spark's tasks: each task scores its own blocks with Splink's DuckDB backend.

Records are copied once per block that has at least two of them, shuffled by block, and turned into
pairs only inside a task: a pair is scored by the task of the first rule that gives it, so that none
is scored twice and nothing has to be deduplicated afterwards.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.linkage.blocking import key_column, largest_block
from lakehouse.linkage.components import grouped_on_spark
from lakehouse.linkage.edge_sql import EDGE_SCHEMA, edge_select, task_pairs_select
from lakehouse.linkage.engine import (
    PEOPLE_TABLE,
    database,
    linker,
    predicted,
    register_frequencies,
    register_pairs,
)
from lakehouse.linkage.model import (
    UNIQUE_ID,
    TrainedModel,
    frequency_columns,
    splink_settings,
)
from lakehouse.settings.linkage import LinkageSettings

Rules = Sequence[Sequence[str]]
Batches = Iterable[pa.RecordBatch]


def edges(
    people: DataFrame,
    records: int,
    rules: Rules,
    model: TrainedModel,
    settings: LinkageSettings,
    folder: Path,
) -> DataFrame:
    """Scored pairs of the frame; written into `folder`, which workers see too."""
    spark = people.sparkSession
    compared = with_frequencies(people, frequency_columns(settings, model.present)).select(
        UNIQUE_ID, *model.columns, *(f"tf_{c}" for c in frequency_columns(settings, model.present))
    )
    compared.write.parquet(str(folder / "compared"))
    compared = spark.read.parquet(str(folder / "compared"))
    members = _block_members(people, len(rules), records, settings)
    first = _scored(
        compared.join(members, on=UNIQUE_ID, how="inner"),
        rules,
        model,
        settings,
        model.review_weight,
    )
    first.write.parquet(str(folder / "first"))
    first = spark.read.parquet(str(folder / "first"))
    joining = first.where(F.col("contradiction").isNull()).select(
        "record_key_l", "record_key_r", F.col("joining_weight").alias("match_weight")
    )
    groups = grouped_on_spark(
        joining, model.join_weight, settings.guards.max_cluster_records, folder / "groups"
    )
    second = _scored(
        compared.join(_group_members(groups), on=UNIQUE_ID, how="inner"), (), model, settings, None
    ).join(first, on=[f"{UNIQUE_ID}_l", f"{UNIQUE_ID}_r"], how="left_anti")
    second.write.parquet(str(folder / "second"))
    return first.unionByName(spark.read.parquet(str(folder / "second")))


def with_frequencies(people: DataFrame, columns: Sequence[str]) -> DataFrame:
    """The frame with tf_<column>: the share of the known values of the column that are this one."""
    counted = people
    for column in columns:
        # Counted in the frame as it came: in what has been joined so far, each column would triple the plan.
        known = people.where(F.col(column).isNotNull())
        total = known.agg(F.count("*").alias("total"))
        shares = (
            known.groupBy(column)
            .count()
            .crossJoin(F.broadcast(total))
            .select(column, (F.col("count").cast("double") / F.col("total")).alias(f"tf_{column}"))
        )
        counted = counted.join(shares, on=column, how="left")
    return counted


def _block_members(
    people: DataFrame, rule_count: int, records: int, settings: LinkageSettings
) -> DataFrame:
    """One row per record and usable block of it: record_key, rule_number, block_keys (of all
    rules).
    """
    keys = F.array(*(F.col(key_column(i)) for i in range(rule_count)))
    placed = people.select(UNIQUE_ID, F.posexplode(keys).alias("rule_number", "block_key")).where(
        F.col("block_key").isNotNull()
    )
    sizes = placed.groupBy("rule_number", "block_key").agg(F.count("*").alias("records"))
    histogram = sizes.groupBy("rule_number", "records").agg(F.count("*").alias("blocks")).collect()
    caps = [
        largest_block(
            ((row["records"], row["blocks"]) for row in histogram if row["rule_number"] == rule),
            records,
            settings.guards,
        )
        for rule in range(rule_count)
    ]
    fits = reduce(
        lambda found, rule: found.when(
            F.col("rule_number") == rule, F.col("records") <= caps[rule]
        ),
        range(rule_count),
        F.when(F.lit(False), F.lit(False)),
    )
    usable = sizes.where(fits & (F.col("records") > 1)).select("rule_number", "block_key")
    own = placed.join(usable, on=["rule_number", "block_key"], how="left_semi")
    by_rule = F.map_from_entries(F.collect_list(F.struct("rule_number", "block_key")))
    rule_numbers = F.array(*(F.lit(i) for i in range(rule_count)))
    return (
        own.groupBy(UNIQUE_ID)
        .agg(by_rule.alias("by_rule"))
        .select(
            UNIQUE_ID,
            F.transform(rule_numbers, lambda rule: F.try_element_at("by_rule", rule)).alias(
                "block_keys"
            ),
            F.explode(F.map_keys("by_rule")).alias("rule_number"),
        )
    )


def _group_members(groups: DataFrame) -> DataFrame:
    """A group as the one block of its records."""
    return groups.select(
        UNIQUE_ID, F.array("group_key").alias("block_keys"), F.lit(0).alias("rule_number")
    )


def _scored(
    members: DataFrame,
    rules: Rules,
    model: TrainedModel,
    settings: LinkageSettings,
    least_weight: float | None,
) -> DataFrame:
    partitions = -(-members.count() // settings.limits.records_per_task)
    block = F.element_at("block_keys", F.col("rule_number") + 1)
    spread = members.repartition(max(partitions, 1), "rule_number", block)
    task = scoring_task(rules, model, settings, least_weight)
    return spread.mapInArrow(task, EDGE_SCHEMA)


def scoring_task(
    rules: Rules, model: TrainedModel, settings: LinkageSettings, least_weight: float | None
) -> Callable[[Batches], Batches]:
    """What one task does with the rows of its blocks: rows of linkage.scored_edge come back."""

    def score(batches: Batches) -> Batches:
        held = [batch for batch in batches if batch.num_rows]
        if not held:
            return
        with database(settings.limits.task_memory_limit, threads=1) as connection:
            connection.register("arrived", pa.Table.from_batches(held))
            connection.execute(
                f"create table block as select {UNIQUE_ID}, rule_number, block_keys from arrived"  # noqa: S608
            )
            connection.execute(
                f"create table {PEOPLE_TABLE} as"  # noqa: S608
                " select distinct on (record_key) * exclude (rule_number, block_keys) from arrived"
            )
            connection.unregister("arrived")
            held.clear()
            connection.execute(f"create table pair as {task_pairs_select(max(len(rules), 1))}")
            if not rules:
                connection.execute("update pair set match_key = 'group'")
            built = linker(connection, splink_settings(settings, model))
            register_frequencies(connection, built, frequency_columns(settings, model.present))
            register_pairs(connection, built, "pair")
            table = predicted(built, least_weight)
            rows = connection.execute(edge_select(table, settings, model, rules))
            reader: pa.RecordBatchReader = rows.to_arrow_reader(50_000)
            yield from reader

    return score
