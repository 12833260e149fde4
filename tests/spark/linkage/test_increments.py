"""A run that scores what changed ends where a run over everything ends."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.linkage.blocking import oversized_block
from lakehouse.linkage.cluster import cluster
from lakehouse.linkage.evidence import touched_record
from lakehouse.linkage.link import DECISION_SCHEMA, LinkageState, guarded_evidence, no_state
from lakehouse.linkage.model import TrainedModel
from lakehouse.linkage.score import Increment, scored_edge
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.tables.local_frame import local_frame

from .conftest import by, frame, linked_after, made_people

Row = tuple[str | None, ...]
HOME = ("7 elm st", "99999", "rome")


def row(key: str, given: str, family: str, born: str | None, email: str | None) -> Row:
    return (key, given, given, family, born, email, None, *HOME, "")


def everything_anew(
    people: DataFrame,
    frequencies: DataFrame,
    model: TrainedModel,
    settings: LinkageSettings,
    work: Path,
    decisions: list[tuple[str, str, str]],
) -> tuple[DataFrame, DataFrame]:
    """Edges and clusters of one run over all records, with the value frequencies of another."""
    spark = people.sparkSession
    decided = local_frame(spark, decisions, DECISION_SCHEMA)
    evidence = guarded_evidence(people, decided, settings, "tests").persist()
    none = no_state(spark)
    oversized = oversized_block(evidence, settings, work)
    touched = touched_record(
        evidence, none.record_evidence, oversized, none.oversized_block, is_full=True
    )
    increment = Increment(evidence, touched, oversized, frequencies, none.scored_edge, none.cluster)
    edges = scored_edge(increment, model, settings, secret="tests", work_dir=work)
    edges.write.parquet(str(work / "edges_anew"))
    edges = spark.read.parquet(str(work / "edges_anew"))
    return edges, cluster(evidence, edges, touched, none.cluster, settings, work)


def partition(clusters: DataFrame) -> dict[str, tuple[str, str]]:
    return {r.record_key: (r.cluster_id, r.component_id) for r in clusters.collect()}


def weights(edges: DataFrame) -> dict[tuple[str, str], tuple[float, str, str | None]]:
    return {
        (r.record_key_l, r.record_key_r): (round(r.join_margin, 6), r.found_by, r.override)
        for r in edges.collect()
    }


def batches(rnd: random.Random, people: list[Row]) -> list[list[Row]]:
    """Three days: records come late, change, go, and come back; the last day holds `people`."""
    days: list[list[Row]] = [[], [], list(people)]
    for record in people:
        fate = rnd.random()
        other = rnd.choice(people)
        if fate < 0.5:
            days[0].append(record)
            days[1].append(record)
        elif fate < 0.65:
            days[1].append(record)
        elif fate < 0.8:
            # Another's name and address until the last day.
            changed = (record[0], *other[1:])
            days[0].append(changed)
            days[1].append(changed)
        elif fate < 0.9:
            days[0].append(record)
    gone = [(f"gone{n}", *rnd.choice(people)[1:]) for n in range(5)]
    days[0] += gone
    days[1] += gone[:2]
    return days


@pytest.mark.parametrize(
    ("engine", "seed"), [("duckdb", 1), pytest.param("spark", 3, marks=pytest.mark.slow)]
)
def test_any_order_of_arrival_ends_in_the_partition_of_one_run_over_all(
    engine: str,
    seed: int,
    spark: SparkSession,
    model: TrainedModel,
    settings: LinkageSettings,
    tmp_path: Path,
) -> None:
    rnd = random.Random(seed)  # noqa: S311 (made-up people)
    people = made_people(30, seed=seed)
    shared = [
        row(f"firm{n}", name, f"{name}son", None, "info@firm.org")
        for n, name in enumerate(("anna", "bruno", "carla", "dimitri", "elena", "frank", "greta"))
    ]
    people += shared
    decisions = [("p0001a", "p0002a", "same"), ("p0003a", "p0003b", "different")]
    last, chosen = None, by(settings, engine)
    for number, day in enumerate(batches(rnd, people), start=1):
        last = linked_after(
            frame(spark, day),
            model,
            chosen,
            tmp_path,
            last,
            decisions if number > 1 else [],
            run=number,
        )
    assert last is not None
    edges, clusters = everything_anew(
        frame(spark, people), last.term_frequency, model, chosen, tmp_path / "anew", decisions
    )
    assert partition(last.cluster) == partition(clusters)
    assert weights(last.scored_edge) == weights(edges)
    assert partition(clusters)["p0001a"][0] == partition(clusters)["p0002a"][0]
    assert partition(clusters)["p0003a"][0] != partition(clusters)["p0003b"][0]


@pytest.fixture(scope="module")
def first_day(
    people: DataFrame,
    model: TrainedModel,
    settings: LinkageSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> LinkageState:
    return linked_after(people, model, settings, tmp_path_factory.mktemp("first_day"))


def causes(state: LinkageState) -> dict[str, str]:
    return {r.record_key: r.cause for r in state.touched_record.collect()}


@pytest.mark.slow
def test_the_first_run_looks_at_every_record(first_day: LinkageState) -> None:
    assert set(causes(first_day).values()) == {"new"}


@pytest.mark.slow
def test_a_run_scores_no_pair_of_two_records_that_it_did_not_touch(
    spark: SparkSession,
    first_day: LinkageState,
    model: TrainedModel,
    settings: LinkageSettings,
    tmp_path: Path,
) -> None:
    people = made_people(300)
    changed = (people[0][0], *people[0][1:5], "new@mail.org", *people[0][6:])
    late = ("late", *people[3][1:])
    today = [changed, *people[2:], late]
    state = linked_after(frame(spark, today), model, settings, tmp_path, first_day, run=2)

    touched = {"p0000a": "changed", "p0000b": "deleted", "late": "new"}
    assert causes(state) == touched
    scored = state.scored_edge.where("scored_in_release = 2").collect()
    assert scored
    assert all(touched.keys() & {r.record_key_l, r.record_key_r} for r in scored)
    assert not state.scored_edge.where("'p0000b' in (record_key_l, record_key_r)").count()


@pytest.mark.slow
def test_a_run_without_changes_scores_nothing_and_changes_nothing(
    people: DataFrame,
    first_day: LinkageState,
    model: TrainedModel,
    settings: LinkageSettings,
    tmp_path: Path,
) -> None:
    state = linked_after(people, model, settings, tmp_path, first_day, run=2)
    assert not causes(state)
    assert not state.scored_edge.where("scored_in_release = 2").count()
    assert partition(state.cluster) == partition(first_day.cluster)
    assert weights(state.scored_edge) == weights(first_day.scored_edge)


@pytest.mark.slow
def test_edges_of_an_older_model_stay_and_say_so_until_a_full_run(
    people: DataFrame,
    first_day: LinkageState,
    model: TrainedModel,
    settings: LinkageSettings,
    tmp_path: Path,
) -> None:
    newer = replace(model, version="newer")
    state = linked_after(people, newer, settings, tmp_path, first_day, run=2)
    assert {r.model_version for r in state.scored_edge.collect()} == {model.version}
    full = settings.model_copy(update={"full": True})
    anew = linked_after(people, newer, full, tmp_path / "full", first_day, run=3)
    assert {r.model_version for r in anew.scored_edge.collect()} == {"newer"}
    assert partition(anew.cluster) == partition(first_day.cluster)


@pytest.mark.slow
def test_an_email_that_crosses_its_sharing_limit_touches_all_who_carry_it(
    spark: SparkSession,
    first_day: LinkageState,
    model: TrainedModel,
    settings: LinkageSettings,
    tmp_path: Path,
) -> None:
    names = ("anna", "bruno", "carla", "dimitri", "elena", "frank", "greta")
    firm = [
        row(f"firm{n}", name, f"{name}son", None, "info@firm.org") for n, name in enumerate(names)
    ]
    before = linked_after(
        frame(spark, made_people(300) + firm[:6]), model, settings, tmp_path, first_day, run=2
    )
    crossed = linked_after(
        frame(spark, made_people(300) + firm), model, settings, tmp_path, before, run=3
    )
    assert causes(crossed) == {f"firm{n}": "sharing" for n in range(6)} | {"firm6": "new"}
    back = linked_after(
        frame(spark, made_people(300) + firm[:6]), model, settings, tmp_path, crossed, run=4
    )
    assert causes(back) == {f"firm{n}": "sharing" for n in range(6)} | {"firm6": "deleted"}


@pytest.mark.slow
def test_a_block_that_crosses_its_size_touches_its_members(
    spark: SparkSession,
    first_day: LinkageState,
    model: TrainedModel,
    settings: LinkageSettings,
    tmp_path: Path,
) -> None:
    tight = settings.model_copy(
        update={"guards": settings.guards.model_copy(update={"max_block_records": 4})}
    )
    crowd = [row(f"c{n}", "anna", "rossini", f"19{50 + n}-05-05", None) for n in range(5)]
    four = linked_after(frame(spark, crowd[:4]), model, tight, tmp_path, run=1)
    assert not four.oversized_block.count()
    five = linked_after(frame(spark, crowd), model, tight, tmp_path, four, run=2)
    assert five.oversized_block.count()
    assert causes(five) == {f"c{n}": "block_size" for n in range(4)} | {"c4": "new"}


@pytest.mark.slow
def test_a_decision_that_is_withdrawn_is_gone_with_the_next_run(
    people: DataFrame,
    first_day: LinkageState,
    model: TrainedModel,
    settings: LinkageSettings,
    tmp_path: Path,
) -> None:
    said = [("p0010a", "p0020a", "same")]
    joined = linked_after(people, model, settings, tmp_path, first_day, said, run=2)
    names = partition(joined.cluster)
    assert names["p0010a"][0] == names["p0020a"][0]
    assert causes(joined) == {"p0010a": "override", "p0020a": "override"}
    withdrawn = linked_after(people, model, settings, tmp_path, joined, run=3)
    assert partition(withdrawn.cluster) == partition(first_day.cluster)
