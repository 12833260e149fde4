"""The demo as `make demo` runs it, of few customers: all feeds, three days, held against the truth."""

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline.demo_company import DemoOutcome, demo_outcome
from lakehouse.pipeline.demo_report import demo_report
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from tests.support.lake import small_settings

pytestmark = pytest.mark.slow

CUSTOMERS, SEED, DAYS = 150, 3, 3
ALL_FEEDS = tuple(source.name for source in load_settings("test").sources)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Every feed, and the places side by side, as the demo wants them."""
    home, beside = tmp_path_factory.mktemp("demo"), tmp_path_factory.mktemp("beside")
    more = {"logging.folder": str(beside / "logs"), "quality.data_docs": str(beside / "docs")}
    return small_settings(home, home, feeds=ALL_FEEDS, whole=True, **more)


@pytest.fixture(scope="module")
def outcome(spark: SparkSession, settings: Settings) -> DemoOutcome:
    return demo_outcome(settings, customers=CUSTOMERS, seed=SEED, days=DAYS)


def test_the_rows_held_are_the_rows_planted_each_for_its_reason(outcome: DemoOutcome) -> None:
    assert outcome.planted > 50
    assert outcome.held_as_planted == outcome.planted
    assert outcome.held_unplanted == 0


def test_every_book_of_every_day_balances(outcome: DemoOutcome) -> None:
    assert [run.status for run in outcome.runs] == [attempts.SUCCEEDED] * DAYS
    assert {book.feed for run in outcome.runs for book in run.books} == set(ALL_FEEDS)
    assert [str(b) for run in outcome.runs for b in run.books if not b.is_balanced] == []


def test_the_feed_that_loses_a_column_fails_alone(outcome: DemoOutcome) -> None:
    rejected = [
        [(reason, columns) for _, reason, columns in r.rejected_files] for r in outcome.runs
    ]
    assert rejected[:2] == [[], []]
    ((reason, columns),) = rejected[2]
    assert reason == "missing_required_column"
    assert columns


def test_people_are_found(outcome: DemoOutcome) -> None:
    assert outcome.people is not None
    assert outcome.people.precision >= 0.99
    assert outcome.people.recall >= 0.9
    # A customer is whom the records of one or more people were found to be: about as many as there are.
    assert CUSTOMERS * 0.9 < outcome.row_counts["gold.customer"] < CUSTOMERS * 1.5


def test_planted_facts_are_told_rightly(outcome: DemoOutcome) -> None:
    shares = {name: share for name, (_, share) in outcome.true_facts.items()}

    # A second telling is found where account and loyalty card were found to be one person's.
    assert shares.pop("receipt told_again") >= 0.6
    assert shares.pop("bought from a list") >= 0.95
    assert len(shares) >= 3
    assert set(shares.values()) == {1.0}


def test_the_report_tells_what_came_of_it(outcome: DemoOutcome, settings: Settings) -> None:
    report = demo_report(outcome, settings)
    grids = {grid.title.split(":")[0]: grid for grid in report.grids}

    assert {row[0] for row in grids["Records by feed, all days"].rows} == set(ALL_FEEDS)
    assert {row[-1] for row in grids["Records by feed, all days"].rows} == {"balanced"}
    assert [row[0] for row in grids["Rows per layer"].rows] == [
        *("bronze", "silver", "linkage", "gold", "serve", "ops")
    ]
    assert all(int(str(row[1])) > 0 for row in grids["Rows per layer"].rows)
    assert dict(grids["People found against the known truth"].rows)["pairwise precision"] >= 0.99
    assert len(grids["Recall by kind of distortion"].rows) >= 15
    (warning,) = report.warnings
    assert "missing_required_column" in warning
    assert any(f"{outcome.planted} of {outcome.planted} planted" in line for line in report.lines)
