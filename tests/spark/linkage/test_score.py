"""Scored pairs and clusters: the same by both engines, and right about the hard cases."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import LinkageError
from lakehouse.linkage.artefact import latest_model, load_model, save_model
from lakehouse.linkage.components import connected, connected_on_spark, grouped, grouped_on_spark
from lakehouse.linkage.evaluate import evaluate
from lakehouse.linkage.guards import shared_identifier, without_shared_values
from lakehouse.linkage.link import LinkageState
from lakehouse.linkage.model import TrainedModel
from lakehouse.settings.linkage import LinkageSettings

from .conftest import by, frame, linked_after, made_people, trained


def by_pair(edges: DataFrame) -> dict[tuple[str, str], Row]:
    return {(row.record_key_l, row.record_key_r): row for row in edges.collect()}


@pytest.fixture(scope="module")
def states(
    people: DataFrame,
    model: TrainedModel,
    settings: LinkageSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, LinkageState]:
    return {
        engine: linked_after(people, model, by(settings, engine), tmp_path_factory.mktemp(engine))
        for engine in ("duckdb", "spark")
    }


def test_both_engines_find_the_same_pairs_with_the_same_weights(
    states: dict[str, LinkageState],
) -> None:
    duckdb, spark = (by_pair(states[engine].scored_edge) for engine in ("duckdb", "spark"))
    assert duckdb.keys() == spark.keys()
    assert len(duckdb) >= 900
    for pair, row in duckdb.items():
        other = spark[pair]
        assert row.match_weight == pytest.approx(other.match_weight, abs=1e-6)
        assert row.support == pytest.approx(other.support, abs=1e-6)
        assert (row.gammas, row.contradiction, row.found_by) == (
            other.gammas,
            other.contradiction,
            other.found_by,
        )


def test_both_engines_build_the_same_clusters_and_find_the_people(
    people: DataFrame, states: dict[str, LinkageState]
) -> None:
    found = {engine: state.cluster for engine, state in states.items()}
    rows = {e: sorted(tuple(r) for r in f.collect()) for e, f in found.items()}
    assert rows["duckdb"] == rows["spark"]
    truth = people.select(
        F.col("record_key").alias("record_id"), F.col("person").alias("entity_id")
    )
    scores = evaluate(found["duckdb"].withColumnRenamed("record_key", "record_id"), truth)
    assert scores.precision >= 0.99
    assert scores.recall >= 0.95


def test_the_order_of_the_records_changes_neither_model_nor_edges(
    spark: SparkSession,
    people: DataFrame,
    model: TrainedModel,
    settings: LinkageSettings,
    states: dict[str, LinkageState],
    tmp_path: Path,
) -> None:
    backwards = frame(spark, list(reversed(made_people(300))))
    again = trained(backwards, settings)
    assert again.version == model.version
    found = by_pair(linked_after(backwards, again, settings, tmp_path).scored_edge)
    assert {p: r.match_weight for p, r in found.items()} == pytest.approx(
        {p: r.match_weight for p, r in by_pair(states["duckdb"].scored_edge).items()}, abs=1e-9
    )


def _clusters(
    spark: SparkSession,
    extra: list[tuple[str | None, ...]],
    model: TrainedModel,
    settings: LinkageSettings,
    work: Path,
) -> dict[str, str]:
    people = frame(spark, made_people(300) + extra)
    found = linked_after(people, model, settings, work).cluster
    return {r.record_key: r.cluster_id for r in found.where("record_key like 'x%'").collect()}


HOME = ("7 elm st", "99999", "rome")


def test_twins_who_share_all_but_the_given_name_stay_two_people(
    spark: SparkSession, model: TrainedModel, settings: LinkageSettings, tmp_path: Path
) -> None:
    twins = [
        ("x1", "anna", "anna", "rossini", "1990-05-05", "rossini@home.org", "39111", *HOME, ""),
        ("x2", "greta", "greta", "rossini", "1990-05-05", "rossini@home.org", "39111", *HOME, ""),
    ]
    found = _clusters(spark, twins, model, settings, tmp_path)
    assert found["x1"] != found["x2"]


def test_father_and_son_of_one_name_stay_two_people(
    spark: SparkSession, model: TrainedModel, settings: LinkageSettings, tmp_path: Path
) -> None:
    pair = [
        ("x1", "paul", "paul", "rossini", "1950-05-05", None, "39111", *HOME, ""),
        ("x2", "paul", "paul", "rossini", "1981-02-17", None, "39111", *HOME, ""),
    ]
    found = _clusters(spark, pair, model, settings, tmp_path)
    assert found["x1"] != found["x2"]


def test_a_shared_family_email_does_not_join_its_members(
    spark: SparkSession, model: TrainedModel, settings: LinkageSettings, tmp_path: Path
) -> None:
    family = [
        ("x1", "anna", "anna", "rossini", "1970-01-09", "rossini@home.org", "39111", *HOME, ""),
        ("x2", "hugo", "hugo", "rossini", "1972-03-08", "rossini@home.org", "39222", *HOME, ""),
        ("x3", "leo", "leo", "rossini", "2001-07-30", "rossini@home.org", None, *HOME, ""),
    ]
    assert len(set(_clusters(spark, family, model, settings, tmp_path).values())) == 3


def test_a_recycled_phone_does_not_join_its_two_owners(
    spark: SparkSession, model: TrainedModel, settings: LinkageSettings, tmp_path: Path
) -> None:
    owners = [
        ("x1", "anna", "anna", "rossini", "1970-01-09", "anna@home.org", "39111", *HOME, ""),
        (
            "x2",
            "nils",
            "nils",
            "verdi",
            "1992-03-08",
            "nils@else.org",
            "39111",
            "4 oak st",
            "11111",
            "oslo",
            "",
        ),
    ]
    found = _clusters(spark, owners, model, settings, tmp_path)
    assert found["x1"] != found["x2"]


def test_an_email_alone_joins_a_record_that_has_nothing_else(
    spark: SparkSession, model: TrainedModel, settings: LinkageSettings, tmp_path: Path
) -> None:
    pair = [
        (
            "x1",
            "anna",
            "anna",
            "rossini",
            "1970-01-09",
            "anna.rossini@home.org",
            "39111",
            *HOME,
            "",
        ),
        ("x2", None, None, None, None, "anna.rossini@home.org", None, None, None, None, ""),
    ]
    found = _clusters(spark, pair, model, settings, tmp_path)
    assert found["x1"] == found["x2"]


def test_a_value_that_too_many_people_share_is_no_evidence(
    spark: SparkSession, settings: LinkageSettings
) -> None:
    rows = [(f"r{i}", chr(97 + i), chr(98 + i), "info@firm.org") for i in range(9)] + [
        ("s", "z", "z", "z@z.org")
    ]
    people = spark.createDataFrame(
        rows,
        "record_key string, given_name_match string, family_name_match string, email_match string",
    )
    limit = settings.guards.sharing[0]
    shared = shared_identifier(people, [limit], "secret").persist()
    assert [(r.identifier, r.people_count) for r in shared.collect()] == [("email_match", 9)]
    kept = without_shared_values(people, shared, [limit], "secret").where("email_match is not null")
    assert [r.record_key for r in kept.collect()] == ["s"]


def test_a_model_for_other_comparisons_is_refused(
    people: DataFrame, model: TrainedModel, settings: LinkageSettings, tmp_path: Path
) -> None:
    other = replace(
        model, comparisons={n: lv for n, lv in model.comparisons.items() if n != "email"}
    )
    with pytest.raises(LinkageError, match="email"):
        linked_after(people, other, settings, tmp_path)


def test_a_saved_model_is_the_same_when_it_is_read(model: TrainedModel, tmp_path: Path) -> None:
    path = save_model(model, tmp_path, "2026-03-02")
    save_model(model, tmp_path, "2026-02-27")
    assert latest_model(tmp_path) == path
    loaded = load_model(path)
    assert dict(loaded.comparisons) == dict(model.comparisons)
    assert (loaded.version, loaded.prior, loaded.join_weight) == (
        model.version,
        model.prior,
        model.join_weight,
    )


def test_groups_on_spark_are_those_found_locally(spark: SparkSession, tmp_path: Path) -> None:
    edges = [
        (f"r{i:02d}", f"r{(i * 7 + 3) % 40:02d}", float(i % 9))
        for i in range(40)
        if i != (i * 7 + 3) % 40
    ]
    stored = spark.createDataFrame(edges, "record_key_l string, record_key_r string, margin double")
    found = {
        r.record_key: r.group_key for r in connected_on_spark(stored, tmp_path / "all").collect()
    }
    assert found == connected((left, right) for left, right, _ in edges)
    found = {
        r.record_key: r.group_key for r in grouped_on_spark(stored, 5, tmp_path / "cut").collect()
    }
    assert found == grouped(edges, 5)


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_hardly_any_records_are_no_error(
    spark: SparkSession, settings: LinkageSettings, engine: str, count: int, tmp_path: Path
) -> None:
    people = frame(spark, made_people(1)[:count])
    model = trained(people, settings)
    state = linked_after(people, model, by(settings, engine), tmp_path)
    assert state.cluster.count() == count
