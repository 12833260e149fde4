"""What the demo and the bench tell of their runs."""

from dataclasses import replace

import pytest

from lakehouse.errors import ExitCode
from lakehouse.linkage.evaluate import Evaluation
from lakehouse.pipeline import bench
from lakehouse.pipeline.demo_company import DemoOutcome
from lakehouse.pipeline.demo_report import demo_report
from lakehouse.pipeline.ingestion import FeedBook
from lakehouse.pipeline.runner import RunOutcome
from lakehouse.quality.gate import GateOutcome, Verdict
from lakehouse.report import Report
from lakehouse.settings.load import load_settings

SETTINGS = load_settings("test")
DAY_1 = RunOutcome(
    "day-1",
    books=[FeedBook("crm_contact", 10, 8, 2, 0, 0), FeedBook("shop_order", 5, 5, 0, 0, 0)],
    outcomes=[GateOutcome("bronze.crm_contact", Verdict.PASS, (), 8, 0, {}, seconds=2.0)],
    step_seconds={"claim": 1.0, "bronze.crm_contact": 4.0, "silver.order": 5.0},
    seconds=7.0,
)
DAY_2 = RunOutcome(
    "day-2",
    books=[FeedBook("crm_contact", 4, 3, 0, 0, 1)],
    rejected_files=[("2026-01-06/shop_order-1.jsonl", "missing_required_column", "order_id")],
    outcomes=[
        GateOutcome("silver.order", Verdict.QUARANTINE, (), 20, 2, {"negative_amount": 2}),
    ],
    step_seconds={"claim": 2.0, "silver.order": 6.0},
    seconds=8.0,
)
OUTCOME = DemoOutcome(
    runs=[DAY_1, DAY_2],
    people=Evaluation(30, 20, 20, 19, 0.9, 0.8),
    households=Evaluation(12, 8, 4, 4, 1.0, 0.5),
    recall_by_distortion={"twins": (4, 0.75), "accents": (9, 1.0)},
    true_attributes={"postcode": (11, 0.9), "given_name": (12, 0.75)},
    true_facts={"receipt told_again": (8, 0.875), "bought from a list": (4, 1.0)},
    planted=5,
    held_as_planted=4,
    held_unplanted=1,
    row_counts={
        "bronze.crm_contact": 11,
        "silver.order": 18,
        "gold.customer": 12,
        "serve.newsletter_audience": 7,
        "ops.run": 4,
    },
)


def rows_by_title(report: Report) -> dict[str, list[tuple[object, ...]]]:
    return {grid.title.split(":")[0]: [tuple(row) for row in grid.rows] for grid in report.grids}


def test_the_demo_reports_books_over_all_days_and_the_gates_of_the_last_which_it_names() -> None:
    report = demo_report(OUTCOME, SETTINGS)
    told = rows_by_title(report)

    assert told["Records by feed, all days"] == [
        ("crm_contact", 14, 11, 2, 0, 1, "balanced"),
        ("shop_order", 5, 5, 0, 0, 0, "balanced"),
    ]
    assert told["Gates on 2026-01-06, the last day"] == [
        ("silver.order", "quarantine", 20, 2, "negative_amount 2")
    ]


def test_the_demo_tells_layers_people_and_distortions() -> None:
    told = rows_by_title(demo_report(OUTCOME, SETTINGS))

    layers = {"bronze": 11, "silver": 18, "linkage": 0, "gold": 12, "serve": 7, "ops": 4}
    assert told["Rows per layer"] == [*layers.items()]
    people = dict(told["People found against the known truth"])
    assert people["customers"] == 12
    assert people["pairwise precision"] == people["pairwise recall"] == 0.95
    assert (people["household precision"], people["household recall"]) == (1.0, 0.5)
    assert told["Recall by kind of distortion"] == [("accents", 9, 1.0), ("twins", 4, 0.75)]


def test_the_demo_tells_the_slowest_steps_day_by_day() -> None:
    steps = rows_by_title(demo_report(OUTCOME, SETTINGS))["Seconds by step"]

    assert steps[:3] == [
        ("silver.order", 5.0, 6.0),
        ("bronze.crm_contact", 4.0, 0.0),
        ("claim", 1.0, 2.0),
    ]


def test_the_demo_says_what_was_held_unlike_planted_and_which_file_was_rejected() -> None:
    report = demo_report(OUTCOME, SETTINGS)

    assert any("4 of 5 planted bad rows are held" in line for line in report.lines)
    assert any("1 other rows are held" in line for line in report.lines)
    (warning,) = report.warnings
    assert "shop_order-1.jsonl was rejected (missing_required_column: order_id)" in warning


def test_the_demo_and_the_bench_end_by_the_worst_exit_code_of_their_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped = replace(DAY_1, stopped_products={"serve.care_customer": "A rule is broken."})
    outcome = replace(OUTCOME, runs=[stopped, DAY_2])
    monkeypatch.setattr(bench, "demo_outcome", lambda settings, **asked: outcome)

    told = bench.bench_report(SETTINGS, customers=100, seed=1, erased=[])

    assert demo_report(outcome, SETTINGS).exit_code == ExitCode.PRODUCT_STOPPED
    assert told.exit_code == ExitCode.PRODUCT_STOPPED
    assert told.warnings[0].startswith("serve.care_customer is stopped")
    # A file that is rejected fails alone.
    assert demo_report(OUTCOME, SETTINGS).exit_code == ExitCode.OK


def test_the_bench_tells_seconds_and_rows_a_second_by_layer_and_the_gates_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench, "demo_outcome", lambda settings, **asked: OUTCOME)

    report = bench.bench_report(SETTINGS, customers=100, seed=1, erased=[1000])

    (stages,) = report.grids
    assert [tuple(row) for row in stages.rows] == [
        ("claim", 1.0, 0, 0),
        ("bronze", 4.0, 11, 3),
        ("silver", 5.0, 18, 4),
    ]
    assert report.lines[1] == "The gates took 2 s, 20 % of all steps' time."


def test_the_demo_reports_how_often_the_golden_record_is_true() -> None:
    told = rows_by_title(demo_report(OUTCOME, SETTINGS))

    assert told["Golden attributes that are true"] == [
        ("given_name", 12, 0.75),
        ("postcode", 11, 0.9),
    ]


def test_the_demo_reports_how_many_planted_facts_gold_tells_rightly() -> None:
    told = rows_by_title(demo_report(OUTCOME, SETTINGS))

    assert told["Planted facts that gold tells rightly"] == [
        ("bought from a list", 4, 1.0),
        ("receipt told again", 8, 0.875),
    ]
