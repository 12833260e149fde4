"""What a steward is asked, sees of it and decides, on a lake that was released with three doubts."""

from dataclasses import replace

import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import ConflictError, NotFoundError
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.reviews import task_report, tasks_report
from lakehouse.pipeline.stewardship import decide, decisions, review_task, review_tasks, withdraw
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import LINK_OVERRIDE, RELEASE, REVIEW_TASK, RUN
from lakehouse.tables.silver import PERSON_RECORD
from tests.support.lake import DAY_1, small_lake_at

SAID = {"given_name": "A**"}


def task(pair: str, reason: str, priority: float) -> dict[str, object]:
    """A task named like its pair, each record of which is a customer: `ab` asks about a and b."""
    left, right = pair
    return {
        "task_id": pair,
        "kind": "uncertain_pair",
        "reason": reason,
        "record_key_l": left,
        "record_key_r": right,
        "customer_id_l": left.upper(),
        "customer_id_r": right.upper(),
        "record_count": 2,
        "join_margin": -1.5,
        "match_probability": 0.8,
        "priority": priority,
        "weights": {"email": -2.0, "given_name": 6.5},
        "masked_l": SAID,
        "masked_r": SAID | {"birth_date": "1980-**-**"},
    }


TASKS = [
    task("ab", "near_threshold", 0.5),
    task("bc", "near_threshold", 2.0),
    task("de", "group_cut", 1.0),
]


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    home = tmp_path_factory.mktemp("review")
    specs = (RUN, RELEASE, LINK_OVERRIDE, PERSON_RECORD, REVIEW_TASK)
    made = replace(small_lake_at(home, home).lake, specs={spec.name: spec for spec in specs})
    people = [
        (*(k if c == "record_key" else None for c in PERSON_RECORD.column_names),) for k in "abcde"
    ]
    tasks = [tuple(row[c] for c in REVIEW_TASK.column_names) for row in TASKS]
    attempt = attempts.begin(made, "day-1", DAY_1)
    versions = {}
    for spec, rows in ((PERSON_RECORD, people), (REVIEW_TASK, tasks)):
        frame = local_frame(spark, rows, spec.ddl().replace(" not null", ""))
        versions[spec.name] = made.tables.write(frame, spec, attempt.key(spec.name))
    attempts.release(made, attempt, versions)
    return made


def open_tasks(lake: Lake) -> set[str]:
    return {row.task_id for row in review_tasks(lake).collect()}


def test_the_list_counts_all_tasks_and_begins_with_the_most_urgent(lake: Lake) -> None:
    tasks = review_tasks(lake)
    counts, urgent = tasks_report(tasks, None, most=2).grids
    assert [tuple(row) for row in counts.rows] == [
        ("uncertain_pair", "group_cut", 1, 2),
        ("uncertain_pair", "near_threshold", 2, 4),
    ]
    assert [row[0] for row in urgent.rows] == ["bc", "de"]
    chosen = tasks_report(tasks, "near_threshold", most=9).grids[1]
    assert [row[0] for row in chosen.rows] == ["bc", "ab"]
    with pytest.raises(NotFoundError, match="choose from group_cut, near_threshold"):
        tasks_report(tasks, "no_such_reason", most=9)


def test_a_task_shows_both_records_and_what_each_comparison_weighs(lake: Lake) -> None:
    report = task_report(review_task(lake, "ab"))
    about, said, weights = report.grids
    assert [row[1:] for row in about.rows] == [("a", "b"), ("A", "B")]
    assert list(said.rows) == [("given_name", "A**", "A**"), ("birth_date", "-", "1980-**-**")]
    assert list(weights.rows) == [("given_name", 6.5), ("email", -2.0)]
    assert "1.5 bits below joining" in report.lines[0]


def test_a_decided_task_is_closed_until_the_decision_is_withdrawn(lake: Lake) -> None:
    for decision in ("skip", "different"):
        decide(lake, "a", "b", decision, by="maria", reason="spoke to them")
        assert open_tasks(lake) == {"bc", "de"}
        with pytest.raises(NotFoundError, match="No open review task 'ab'"):
            review_task(lake, "ab")
        assert [row.decision for row in decisions(lake).collect()] == [decision]
    withdraw(lake, "a", "b", by="maria", reason="not so sure")
    assert open_tasks(lake) == {"ab", "bc", "de"}


def test_a_pair_that_was_skipped_stands_in_no_other_decisions_way(lake: Lake) -> None:
    decide(lake, "d", "e", "skip", by="jo", reason="unclear")
    decide(lake, "d", "c", "same", by="jo", reason="one passport")
    decide(lake, "e", "c", "same", by="jo", reason="one passport")
    with pytest.raises(ConflictError, match=r"c and d are same \(.*\); c and e are same"):
        decide(lake, "d", "e", "different", by="jo", reason="two passports")


def test_when_all_is_decided_nothing_is_to_be_reviewed(lake: Lake) -> None:
    for task_id in open_tasks(lake):
        decide(lake, *task_id, "skip", by="jo", reason="later")
    assert tasks_report(review_tasks(lake), None, most=9).lines == ["Nothing is to be reviewed."]
