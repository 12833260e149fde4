"""A run that scores what changed ends where a run over everything ends."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from lakehouse.linkage.blocking import oversized_block, rule_name
from lakehouse.linkage.cluster import cluster
from lakehouse.linkage.evidence import touched_record
from lakehouse.linkage.increment import Increment
from lakehouse.linkage.link import DECISION_SCHEMA, LinkageState, guarded_evidence, no_state
from lakehouse.linkage.model import TrainedModel, expected_parameters
from lakehouse.linkage.score import scored_edge
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.tables.local_frame import local_frame

from .conftest import COLUMNS, by, frame, linked_after, made_people

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
    rows = edges.collect()
    found = {
        (r.record_key_l, r.record_key_r): (round(r.join_margin, 6), r.found_by, r.override)
        for r in rows
    }
    assert len(found) == len(rows), "a pair is there twice"
    return found


FATES = ("stays", "stays", "stays", "comes late", "is another first", "is away for a day", "goes")
IDENTIFIED = (*COLUMNS, "national_id", "name_suffix", "loyalty_number", "source_system")


def identified(record: Row) -> Row:
    """The record of `made_people` with identifiers, a suffix and a system, some of which part people."""
    number, letter = int(record[0][1:5]), record[0][5]  # type: ignore[index]
    family = number // 2
    # Neighbours in number have ids that differ in one digit.
    national_id = f"{family * 7919 + 10**8}{number % 2}" if letter != "c" or number % 3 else None
    suffix = ("jr" if letter == "a" else "sr") if number % 5 == 0 else None
    loyalty = f"L{family}" if letter == "c" and number % 4 < 2 else None
    system = "crm" if letter == "a" or number % 7 == 0 else "shop"
    return (*record, national_id, suffix, loyalty, system)


def company(seed: int, count: int = 30) -> list[Row]:
    """So many people, and a firm whose members share an e-mail and a home: more than the limits allow."""
    names = ("anna", "bruno", "carla", "dimitri", "elena", "frank", "greta", "hugo")
    firm = [row(f"p9{n:03d}a", g, f"{g}son", None, "info@firm.org") for n, g in enumerate(names)]
    return [identified(record) for record in [*made_people(count, seed=seed), *firm]]


def days_of(people: list[Row], fates: Sequence[str], rnd: random.Random) -> list[list[Row]]:
    """Three days: records come late, change, go, and come back."""
    days: list[list[Row]] = [[], [], []]
    for record, fate in zip(people, fates, strict=True):
        first = (record[0], *rnd.choice(people)[1:]) if fate == "is another first" else record
        if fate != "comes late":
            days[0].append(first)
        if fate != "is away for a day":
            days[1].append(first)
        if fate != "goes":
            days[2].append(record)
    return days


@pytest.fixture(scope="module")
def tight(settings: LinkageSettings) -> LinkageSettings:
    """Limits that so few people cross, up and down: on blocks, on groups, and on who shares a value."""
    guards = settings.guards.model_copy(
        update={
            "max_block_records": 6,
            "max_cluster_records": 4,
            "systems_without_duplicates": ("crm",),
        }
    )
    return settings.model_copy(update={"guards": guards})


def expected_model(settings: LinkageSettings, unused: Sequence[str] = ()) -> TrainedModel:
    """A model of what is expected before any training, for people with all identifiers.

    `unused` names blocking rules that it does without.
    """
    columns = tuple(c for c in IDENTIFIED if c not in ("record_key", "person", "source_system"))
    shares = expected_parameters(settings, frozenset(columns))
    return TrainedModel(
        "expected", "none", columns, shares, 1e-4, 3.0, -3.0, unused_blocking=tuple(unused)
    )


def ends_where_one_run_over_all_does(
    spark: SparkSession,
    days: Sequence[list[Row]],
    model: TrainedModel,
    settings: LinkageSettings,
    work: Path,
) -> None:
    """Runs day by day leave the edges, weights and partition of one run over the last day's records."""
    last = None
    decisions = [
        ("p0001a", "p0002a", "same"),
        ("p0003a", "p0003b", "different"),
        # What is the same as one who is different.
        ("p0004a", "p0005b", "same"),
        ("p0005b", "p0006a", "different"),
    ]
    ddl = ", ".join(f"{name} string" for name in IDENTIFIED)
    for number, day in enumerate(days, start=1):
        said = decisions if number > 1 else []
        people = local_frame(spark, day, ddl)
        last = linked_after(people, model, settings, work, last, said, run=number)
    assert last is not None
    is_as_one_run_leaves_it(last, people, model, settings, work / "anew", decisions)


def is_as_one_run_leaves_it(
    state: LinkageState,
    people: DataFrame,
    model: TrainedModel,
    settings: LinkageSettings,
    work: Path,
    decisions: list[tuple[str, str, str]],
) -> None:
    frequencies = state.term_frequency
    edges, clusters = everything_anew(people, frequencies, model, settings, work, decisions)
    assert partition(state.cluster) == partition(clusters)
    assert weights(state.scored_edge) == weights(edges)


@pytest.mark.parametrize(
    ("engine", "seed"), [("duckdb", 1), pytest.param("spark", 3, marks=pytest.mark.slow)]
)
def test_any_order_of_arrival_ends_in_the_partition_of_one_run_over_all(
    engine: str, seed: int, spark: SparkSession, tight: LinkageSettings, tmp_path: Path
) -> None:
    rnd, people = random.Random(seed), company(seed)  # noqa: S311 (made-up people)
    days = days_of(people, rnd.choices(FATES, k=len(people)), rnd)
    model = expected_model(tight)
    ends_where_one_run_over_all_does(spark, days, model, by(tight, engine), tmp_path)


@pytest.mark.slow
def test_so_does_any_order_of_arrival_by_a_model_that_does_without_some_blocking_rules(
    spark: SparkSession, tight: LinkageSettings, tmp_path: Path
) -> None:
    rnd, people = random.Random(5), company(5, count=12)  # noqa: S311 (made-up people)
    days = days_of(people, rnd.choices(FATES, k=len(people)), rnd)
    # One early in the list of conf and its last one: neither count nor place says which rules are left.
    unused = [rule_name(tight.blocking[place]) for place in (1, -1)]
    model = expected_model(tight, unused)
    ends_where_one_run_over_all_does(spark, days, model, by(tight, "duckdb"), tmp_path)


@pytest.mark.slow
@hypothesis.settings(max_examples=5, deadline=None, derandomize=True, phases=[Phase.generate])
@given(
    fates=st.lists(st.sampled_from(FATES), min_size=98, max_size=98),
    rnd=st.randoms(use_true_random=False),
)
def test_whatever_becomes_of_each_record_the_end_is_that_of_one_run_over_all(
    fates: list[str],
    rnd: random.Random,
    spark: SparkSession,
    tight: LinkageSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    days = days_of(company(1), fates, rnd)
    work = tmp_path_factory.mktemp("increments")
    model = expected_model(tight)
    ends_where_one_run_over_all_does(spark, days, model, by(tight, "duckdb"), work)


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
@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_two_untouched_records_are_scored_if_and_only_if_a_touched_one_brought_them_into_one_group(
    spark: SparkSession,
    model: TrainedModel,
    settings: LinkageSettings,
    tmp_path: Path,
    engine: str,
) -> None:
    chosen, people = by(settings, engine), made_people(10)
    # The e-mail of the first person and the phone of the second.
    bridge = ("bridge", None, None, None, None, people[0][5], people[3][6], None, None, None, "")
    before = linked_after(frame(spark, people), model, chosen, tmp_path, run=1)
    state = linked_after(frame(spark, [*people, bridge]), model, chosen, tmp_path, before, run=2)

    scored = state.scored_edge.where("scored_in_release = 2").collect()
    pairs = {(r.record_key_l, r.record_key_r): r.found_by for r in scored}
    untouched = {pair: by for pair, by in pairs.items() if "bridge" not in pair}
    one, two = ({f"p000{n}{letter}" for letter in "abc"} for n in (0, 1))
    assert untouched
    assert set(untouched.values()) == {"group"}
    assert all(left in one and right in two for left, right in untouched)


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
    fewer = frame(spark, made_people(300) + firm[:6])
    back = linked_after(fewer, model, settings, tmp_path, crossed, run=4)
    assert causes(back) == {f"firm{n}": "sharing" for n in range(6)} | {"firm6": "deleted"}
    is_as_one_run_leaves_it(back, fewer, model, settings, tmp_path / "anew", [])


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
    is_as_one_run_leaves_it(five, frame(spark, crowd), model, tight, tmp_path / "five", [])
    fewer = frame(spark, crowd[:4])
    again = linked_after(fewer, model, tight, tmp_path, five, run=3)
    assert causes(again) == {f"c{n}": "block_size" for n in range(4)} | {"c4": "deleted"}
    is_as_one_run_leaves_it(again, fewer, model, tight, tmp_path / "again", [])


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_customers_whom_a_steward_calls_the_same_become_one_until_that_is_withdrawn(
    engine: str,
    people: DataFrame,
    first_day: LinkageState,
    model: TrainedModel,
    settings: LinkageSettings,
    tmp_path: Path,
) -> None:
    said, chosen = [("p0010a", "p0020a", "same")], by(settings, engine)
    joined = linked_after(people, model, chosen, tmp_path, first_day, said, run=2)
    customer = joined.cluster.where("cluster_id = 'p0010a'").collect()
    both = {f"{person}{letter}" for person in ("p0010", "p0020") for letter in "abc"}
    assert {r.record_key for r in customer} == both
    assert causes(joined) == {"p0010a": "override", "p0020a": "override"}
    is_as_one_run_leaves_it(joined, people, model, chosen, tmp_path / "anew", said)
    withdrawn = linked_after(people, model, chosen, tmp_path, joined, run=3)
    assert partition(withdrawn.cluster) == partition(first_day.cluster)
