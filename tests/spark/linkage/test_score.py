"""Scored pairs and clusters: the same by both engines, and right about the hard cases."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import LinkageError
from lakehouse.linkage.artefact import latest_model, load_model, save_model
from lakehouse.linkage.blocking import rule_name
from lakehouse.linkage.components import connected, grouped, groups_of
from lakehouse.linkage.evaluate import evaluate
from lakehouse.linkage.guards import (
    SHARED_IDENTIFIER_SCHEMA,
    shared_identifier,
    shared_values_of,
    without_shared_values,
)
from lakehouse.linkage.link import LinkageState
from lakehouse.linkage.model import TrainedModel
from lakehouse.linkage.score import check_model
from lakehouse.settings.linkage import ComparisonKind, ComparisonRule, LinkageSettings
from lakehouse.tables.local_frame import local_frame

from .conftest import COLUMNS, by, frame, linked_after, made_people, trained


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


@pytest.mark.slow
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


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_rules_that_the_model_does_not_use_find_no_pairs(
    people: DataFrame, model: TrainedModel, settings: LinkageSettings, tmp_path: Path, engine: str
) -> None:
    others = tuple({rule_name(rule) for rule in settings.blocking} - {"phone_match"})
    by_phone = replace(model, unused_blocking=others)

    edges = linked_after(people, by_phone, by(settings, engine), tmp_path).scored_edge

    found = {row.found_by for row in edges.select("found_by").distinct().collect()}
    assert "phone_match" in found
    assert found <= {"phone_match", "group"}


def test_training_leaves_out_a_rule_that_finds_many_pairs_and_no_people(
    people: DataFrame, settings: LinkageSettings
) -> None:
    """Every sixteenth record is of one town; who is one person shares far more than that."""
    asked = settings.model_copy(update={"blocking": (*settings.blocking, ("city_match",))})

    chosen = trained(people, asked)

    assert "city_match" in chosen.unused_blocking
    (told,) = (rule for rule in chosen.card["blocking"] if rule["rule"] == "city_match")
    assert told["new_pairs"] > 1000 * told["new_true_pairs"]
    assert chosen.card["estimated_blocking_recall"] > 0.9
    (said,) = (w for w in chosen.card["warnings"] if "city_match is not used" in w)
    assert said.startswith(
        f"the blocking rule city_match is not used: of {told['new_pairs']} pairs"
    )


@pytest.fixture(scope="module")
def of_strangers(spark: SparkSession, settings: LinkageSettings) -> TrainedModel:
    """A model of 300 people with one record each, of whom every hundredth has a suffix."""
    suffixes = {0: "ii", 100: "jr", 200: "jr"}
    rows = [(*row, suffixes.get(number)) for number, row in enumerate(made_people(300)[::3])]
    schema = ", ".join(f"{name} string" for name in (*COLUMNS, "name_suffix"))
    asked = {"blocking": (*settings.blocking, ("city_match",)), "least_fill": 0.02}
    return trained(local_frame(spark, rows, schema), settings.model_copy(update=asked))


def test_training_leaves_out_no_rule_where_nobody_has_two_records(
    of_strangers: TrainedModel,
) -> None:
    (told,) = (rule for rule in of_strangers.card["blocking"] if rule["rule"] == "city_match")
    assert told["new_pairs"] > 1000 * told["new_true_pairs"]
    assert of_strangers.unused_blocking == ()
    assert of_strangers.card["estimated_blocking_recall"] is None


def test_training_says_that_a_contradiction_holds_for_nothing_as_few_records_have_its_column(
    of_strangers: TrainedModel,
) -> None:
    assert "name_suffix" not in of_strangers.comparisons
    said = (
        "the contradiction generation_suffix holds for nothing: fewer than 2 % of the records have"
    )
    assert f"{said} name_suffix" in of_strangers.card["warnings"]


def home(number: int) -> tuple[str, str, str]:
    """A street, postcode and town that nobody else has."""
    return (f"{number} elm st", f"9999{number}", f"rome {number}")


# All at once, each story with a surname, phone and home of its own.
HARD_CASES: dict[str, list[tuple[str | None, ...]]] = {
    "twins": [
        ("anna", "anna", "rossini", "1990-05-05", "rossini@home.org", "39111", *home(1)),
        ("greta", "greta", "rossini", "1990-05-05", "rossini@home.org", "39111", *home(1)),
    ],
    "father and son": [
        ("paul", "paul", "bellini", "1950-05-05", None, "39222", *home(2)),
        ("paul", "paul", "bellini", "1981-02-17", None, "39222", *home(2)),
    ],
    "shared family e-mail": [
        ("anna", "anna", "puccini", "1970-01-09", "puccini@home.org", "39331", *home(3)),
        ("hugo", "hugo", "puccini", "1972-03-08", "puccini@home.org", "39332", *home(3)),
        ("leo", "leo", "puccini", "2001-07-30", "puccini@home.org", None, *home(3)),
    ],
    "recycled phone": [
        ("anna", "anna", "salieri", "1970-01-09", "anna@home.org", "39444", *home(4)),
        ("nils", "nils", "verdi", "1992-03-08", "nils@else.org", "39444", *home(5)),
    ],
    "e-mail alone": [
        ("anna", "anna", "busoni", "1970-01-09", "anna.busoni@home.org", "39666", *home(6)),
        (None, None, None, None, "anna.busoni@home.org", None, None, None, None),
    ],
}


@pytest.fixture(scope="module")
def customers_found(
    spark: SparkSession,
    model: TrainedModel,
    settings: LinkageSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, int]:
    """By hard case, the number of customers that its records become."""
    rows = [
        (f"x/{case}/{number}", *values, "")
        for case, records in HARD_CASES.items()
        for number, values in enumerate(records)
    ]
    work = tmp_path_factory.mktemp("hard_cases")
    state = linked_after(frame(spark, made_people(300) + rows), model, settings, work)
    clusters: dict[str, set[str]] = {case: set() for case in HARD_CASES}
    for row in state.cluster.where("record_key like 'x/%'").collect():
        clusters[row.record_key.split("/")[1]].add(row.cluster_id)
    return {case: len(found) for case, found in clusters.items()}


def test_twins_who_share_all_but_the_given_name_stay_two_people(
    customers_found: dict[str, int],
) -> None:
    assert customers_found["twins"] == 2


def test_father_and_son_of_one_name_stay_two_people(customers_found: dict[str, int]) -> None:
    assert customers_found["father and son"] == 2


def test_a_shared_family_email_does_not_join_its_members(customers_found: dict[str, int]) -> None:
    assert customers_found["shared family e-mail"] == 3


def test_a_recycled_phone_does_not_join_its_two_owners(customers_found: dict[str, int]) -> None:
    assert customers_found["recycled phone"] == 2


def test_an_email_alone_joins_a_record_that_has_nothing_else(
    customers_found: dict[str, int],
) -> None:
    assert customers_found["e-mail alone"] == 1


def test_a_value_that_too_many_people_share_is_no_evidence(
    spark: SparkSession, settings: LinkageSettings
) -> None:
    rows = [(f"r{i}", chr(97 + i), chr(98 + i), "info@firm.org") for i in range(9)] + [
        ("s", "z", "z", "z@z.org")
    ]
    people = local_frame(
        spark,
        rows,
        "record_key string, given_name_match string, family_name_match string, email_match string",
    )
    limit = settings.guards.sharing[0]
    shared = shared_identifier(people, [limit], "secret").persist()
    assert [(r.identifier, r.people_count) for r in shared.collect()] == [("email_match", 9)]
    carried = shared_values_of(people.where("record_key in ('r0', 's')"), shared, [limit], "secret")
    assert [tuple(row) for row in carried.collect()] == [("r0", "email_match", 9)]
    kept = without_shared_values(people, shared, [limit], "secret").where("email_match is not null")
    assert [r.record_key for r in kept.collect()] == ["s"]


def test_the_engine_chooses_how_values_that_many_share_are_looked_up(
    spark: SparkSession, settings: LinkageSettings
) -> None:
    people = local_frame(spark, [("a", "info@firm.org")], "record_key string, email_match string")
    shared = local_frame(spark, [], SHARED_IDENTIFIER_SCHEMA)
    kept = without_shared_values(people, shared, settings.guards.sharing[:1], "secret")
    # Told to broadcast them, it would do so with a seventh of a large company's addresses.
    assert "Hint" not in kept._jdf.queryExecution().analyzed().toString()


def test_a_model_for_other_comparisons_is_refused(
    people: DataFrame, model: TrainedModel, settings: LinkageSettings, tmp_path: Path
) -> None:
    other = replace(
        model, comparisons={n: lv for n, lv in model.comparisons.items() if n != "email"}
    )
    with pytest.raises(LinkageError, match="email"):
        linked_after(people, other, settings, tmp_path)


@pytest.mark.slow
def test_a_field_that_conf_gains_is_compared_once_a_model_was_trained_with_it(
    spark: SparkSession, model: TrainedModel, settings: LinkageSettings, tmp_path: Path
) -> None:
    kind = ComparisonKind.EXACT
    rule = ComparisonRule(name="second_phone", kind=kind, columns=("secondary_phone",))
    gained = settings.model_copy(
        update={
            "comparisons": (*settings.comparisons, rule),
            "blocking": (*settings.blocking, ("secondary_phone",)),
        }
    )
    people = frame(spark, made_people(60)).withColumn("secondary_phone", F.sha2("person", 256))

    with pytest.raises(LinkageError, match="second_phone"):
        check_model(model, gained)
    state = linked_after(people, trained(people, gained), by(gained, "duckdb"), tmp_path)

    assert by_pair(state.scored_edge)["p0000a", "p0000b"].gammas["second_phone"] == 1


def test_a_saved_model_is_the_same_when_it_is_read(model: TrainedModel, tmp_path: Path) -> None:
    model = replace(model, unused_blocking=("city_match",))
    path = save_model(model, tmp_path, "2026-03-02")
    save_model(model, tmp_path, "2026-02-27")
    assert latest_model(tmp_path) == path
    loaded = load_model(path)
    assert dict(loaded.comparisons) == dict(model.comparisons)
    assert (loaded.version, loaded.prior, loaded.join_weight, loaded.unused_blocking) == (
        *(model.version, model.prior, model.join_weight),
        model.unused_blocking,
    )


@pytest.mark.parametrize("pairs_in_one_task", [0, 1_000])
def test_groups_on_spark_are_those_found_locally(
    spark: SparkSession, settings: LinkageSettings, pairs_in_one_task: int, tmp_path: Path
) -> None:
    edges = [
        (f"r{i:02d}", f"r{(i * 7 + 3) % 40:02d}", float(i % 4))
        for i in range(40)
        if i != (i * 7 + 3) % 40
    ]
    # All equally strong: to be cut by name.
    edges += [(f"s{i}", f"s{j}", 3.0) for i in range(7) for j in range(i + 1, 7)]
    edges.append(("s0", "weakly held", 0.0))
    stored = local_frame(spark, edges, "record_key_l string, record_key_r string, margin double")
    limits = settings.limits.model_copy(update={"pairs_in_one_task": pairs_in_one_task})
    guards = settings.guards.model_copy(update={"max_cluster_records": 5})
    few = settings.model_copy(update={"limits": limits, "guards": guards})
    rows = groups_of(stored, few, tmp_path).collect()
    found = {r.record_key: r.group_key for r in rows if r.group_key}
    assert {r.record_key: r.component_id for r in rows} == connected(
        (left, right) for left, right, _ in edges
    )
    assert found == grouped(edges, 5)
    assert [found[f"s{i}"] for i in range(7)] == ["s0"] * 5 + ["s5"] * 2
    assert [r.record_key for r in rows if r.group_key is None] == ["weakly held"]


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_hardly_any_records_are_no_error(
    spark: SparkSession, settings: LinkageSettings, engine: str, count: int, tmp_path: Path
) -> None:
    people = frame(spark, made_people(1)[:count])
    model = trained(people, settings)
    state = linked_after(people, model, by(settings, engine), tmp_path)
    assert state.cluster.count() == count


@pytest.mark.parametrize("engine", ["duckdb", pytest.param("spark", marks=pytest.mark.slow)])
def test_two_accounts_of_a_system_that_knows_everybody_once_are_two_customers(
    spark: SparkSession,
    model: TrainedModel,
    settings: LinkageSettings,
    tmp_path: Path,
    engine: str,
) -> None:
    rows = frame(spark, made_people(20))
    system = F.when(F.col("record_key").endswith("c"), "shop").otherwise("crm")
    people = rows.withColumn("source_system", system)
    guards = settings.guards.model_copy(update={"systems_without_duplicates": ("crm",)})
    guarded = by(settings, engine).model_copy(update={"guards": guards})

    state = linked_after(people, model, guarded, tmp_path)

    clusters: dict[str, set[str]] = {}
    for row in state.cluster.collect():
        clusters.setdefault(row.cluster_id, set()).add(row.record_key)
    assert not [
        members for members in clusters.values() if len({m[-1] for m in members} - {"c"}) > 1
    ]
    pairs = by_pair(state.scored_edge)
    told = {
        row.contradiction for (left, right), row in pairs.items() if left[-1] + right[-1] == "ab"
    }
    assert told == {"same_system"}
    joined = {right for left, right in pairs if left[:-1] == right[:-1] and right[-1] == "c"}
    assert len(joined) == 20


def test_a_closed_account_and_the_one_opened_since_are_one_customer_and_two_open_ones_are_two(
    spark: SparkSession, model: TrainedModel, settings: LinkageSettings, tmp_path: Path
) -> None:
    rows = [row for row in made_people(20) if str(row[0])[-1] in "ab"]
    key = F.col("record_key")
    # Of every second person the account a is closed; of the others nothing is said.
    is_closed = key.endswith("a") & (F.substring(key, 2, 4).cast("int") % 2 == 0)
    people = frame(spark, rows).select(
        "*",
        F.lit("crm").alias("source_system"),
        F.when(is_closed, False).alias("is_account_active"),
    )
    guards = settings.guards.model_copy(update={"systems_without_duplicates": ("crm",)})
    guarded = by(settings, "duckdb").model_copy(update={"guards": guards})

    state = linked_after(people, model, guarded, tmp_path)

    cluster = {row.record_key: row.cluster_id for row in state.cluster.collect()}
    is_one = {n: cluster[f"p{n:04d}a"] == cluster[f"p{n:04d}b"] for n in range(20)}
    assert is_one == {n: n % 2 == 0 for n in range(20)}


def test_a_family_name_and_an_address_join_nobody_who_may_be_the_wife(
    spark: SparkSession, model: TrainedModel, settings: LinkageSettings, tmp_path: Path
) -> None:
    home = ("7 linden st", "10115", "berlin", "household")
    rows = [
        ("h1", None, None, "abelbauer", None, None, None, *home),
        ("h2", "greta", "greta", "abelbauer", None, None, None, *home),
        ("h3", "greta", "greta", "abelbauer", None, None, None, *home),
    ]
    people = frame(spark, [*made_people(20), *rows])
    state = linked_after(people, model, by(settings, "duckdb"), tmp_path)
    pairs = by_pair(state.scored_edge)
    asked = {pair: row.match_weight - row.join_margin for pair, row in pairs.items()}
    assert asked["h1", "h2"] == pytest.approx(model.join_weight + 20)
    assert asked["h2", "h3"] < asked["h1", "h2"]
    assert pairs["h1", "h2"].join_margin < 0


def test_two_national_ids_are_two_people_however_alike_all_else_is(
    spark: SparkSession, settings: LinkageSettings, tmp_path: Path
) -> None:
    twin = ("anna", "anna", "zimmer", "1980-02-03", None, None, "1 elm st", "10001", "bonn", "t")
    rows = frame(spark, [*made_people(100), ("t1", *twin), ("t2", *twin)])
    # A number of its own per person; the twins' names, dates and homes are the same, their numbers are not.
    own = F.when(F.col("person") == "t", F.col("record_key")).otherwise(F.col("person"))
    people = rows.withColumn("national_id", F.substring(F.sha2(own, 256), 1, 9))

    state = linked_after(people, trained(people, settings), by(settings, "duckdb"), tmp_path)

    assert by_pair(state.scored_edge)["t1", "t2"].contradiction == "other_national_id"
    found = {row.record_key: row.cluster_id for row in state.cluster.collect()}
    assert found["t1"] != found["t2"]
    assert found["p0000a"] == found["p0000b"]
