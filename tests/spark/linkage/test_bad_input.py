"""Input that nobody would hand in on purpose: a right answer, or a clear error."""

import logging
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.linkage.model import TrainedModel
from lakehouse.settings.linkage import LinkageSettings
from tests.spark.linkage.conftest import COLUMNS, by, frame, linked_after, made_people, trained

HOSTILE = ["o'brien", 'a "quoted" id', "'; drop table people; --", "数据 🙂", "back\\slash", "%s{}"]
NOTHING = (None,) * (len(COLUMNS) - 1)


@pytest.mark.parametrize("engine", ["duckdb", pytest.param("spark", marks=pytest.mark.slow)])
def test_ids_with_quotes_and_scripts_records_without_values_and_decisions_about_nobody(
    spark: SparkSession,
    settings: LinkageSettings,
    model: TrainedModel,
    engine: str,
    tmp_path: Path,
) -> None:
    twins = [(key, *row[1:]) for key in HOSTILE for row in made_people(7)[-3:-2]]
    rows = [*made_people(5), *twins, *((f"empty {n}", *NOTHING) for n in range(3))]
    state = linked_after(
        frame(spark, rows),
        model,
        by(settings, engine),
        tmp_path,
        decisions=[("gone", "o'brien", "same"), ("never", "there", "different")],
    )
    clusters: dict[str, set[str]] = {}
    for row in state.cluster.collect():
        clusters.setdefault(row.cluster_id, set()).add(row.record_key)
    assert sorted(key for found in clusters.values() for key in found) == sorted(r[0] for r in rows)
    assert set(HOSTILE) in clusters.values()
    assert [{f"empty {n}"} in clusters.values() for n in range(3)] == [True] * 3


def test_of_records_that_are_all_equal_it_is_said_that_nothing_tells_them_apart_but_a_steward(
    spark: SparkSession,
    settings: LinkageSettings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = [(f"r{n:02d}", *made_people(1)[0][1:]) for n in range(40)]
    people = frame(spark, rows)
    with caplog.at_level(logging.WARNING, logger="lakehouse"):
        model = trained(people, settings)
    decisions = [("r00", "r01", "same"), ("r02", "r03", "different")]
    state = linked_after(people, model, settings, tmp_path, decisions=decisions)
    assert "Nothing tells these 40 records apart" in caplog.text
    found = {row.record_key: row.cluster_id for row in state.cluster.collect()}
    assert found == {key: key for key, *_ in rows} | {"r01": "r00"}
    said = {(e.record_key_l, e.record_key_r): e.override for e in state.scored_edge.collect()}
    assert said == {("r00", "r01"): "same", ("r02", "r03"): "different"}


def test_a_table_of_nulls_leaves_every_record_alone(
    spark: SparkSession, settings: LinkageSettings, tmp_path: Path
) -> None:
    people = frame(spark, [(f"empty {n}", *NOTHING) for n in range(3)])
    state = linked_after(people, trained(people, settings), settings, tmp_path)
    assert {r.record_key: r.cluster_id for r in state.cluster.collect()} == {
        f"empty {n}": f"empty {n}" for n in range(3)
    }


@pytest.mark.slow
def test_a_block_of_a_hundred_thousand_is_left_out_whole_and_reported(
    spark: SparkSession, settings: LinkageSettings, model: TrainedModel, tmp_path: Path
) -> None:
    number = F.col("id").cast("string")
    values = {"record_key": number, "given_name_match": F.lit("anna"),
              "given_name_root": F.lit("anna"), "family_name_match": F.lit("abel"),
              "email_match": F.concat(number, F.lit("@mail.org"))}  # fmt: skip
    people = spark.range(100_000).select(
        *(values.get(name, F.lit(None)).cast("string").alias(name) for name in COLUMNS)
    )
    state = linked_after(people, model, settings, tmp_path)
    left_out = {(r.blocking_rule, r.record_count) for r in state.oversized_block.collect()}
    assert ("given_name_match + family_name_match", 100_000) in left_out
    assert state.scored_edge.count() == 0
    assert state.cluster.select("cluster_id").distinct().count() == 100_000
