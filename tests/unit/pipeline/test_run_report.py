"""What a person is told of a run beside its counts."""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

from pyspark.sql import Row

from lakehouse.errors import ExitCode
from lakehouse.pipeline.audience_destinations import Removals
from lakehouse.pipeline.freshness import Freshness
from lakehouse.pipeline.ingestion import Claim, empty_snapshots
from lakehouse.pipeline.run_report import run_report
from lakehouse.pipeline.runner import RunOutcome
from lakehouse.settings.sources import LoadKind, Source


def test_files_that_match_no_source_are_counted_and_the_first_named() -> None:
    files = [f"2026-01-05/gest-{number}.csv" for number in range(1, 8)]

    (warning,) = run_report(RunOutcome("day-1", unmatched_files=files)).warnings

    assert warning.startswith("7 file(s) below the landing folder match no source")
    assert [file for file in files if file in warning] == files[:5]
    assert "gest-5.csv and 2 more." in warning
    assert "file_pattern" in warning


def test_few_such_files_are_all_named_beside_the_rejected_ones() -> None:
    rejected = [("2026-01-05/guest-1.csv", "missing_required_column", "name")]
    outcome = RunOutcome("day-1", rejected_files=rejected, unmatched_files=["notes.txt"])

    first, second = run_report(outcome).warnings

    assert first.startswith("2026-01-05/guest-1.csv was rejected (missing_required_column: name)")
    assert "left alone: notes.txt. Rename" in second


def test_a_destination_that_has_customers_who_must_go_is_told_with_their_number() -> None:
    owed = {("marketing_customer", "/outbox"): 1_200, ("care_customer", "/desk"): 1}
    told = {("marketing_customer", "/told"): 7}

    report = run_report(RunOutcome("day-1"), Removals(told, owed))
    first, second = report.warnings

    assert report.lines[-1] == (
        "/told was told by removed.csv to let go of 7 customers of marketing_customer."
    )
    assert first.startswith("/desk has 1 customers of care_customer who are not in it any more.")
    assert second.startswith("/outbox has 1,200 customers of marketing_customer")
    assert "jobs/export_audiences.py" in second


def test_a_snapshot_without_records_is_told() -> None:
    empty = [("2026-01-06/crm-contact.csv", "crm_contact")]

    (warning,) = run_report(RunOutcome("day-2", empty_snapshots=empty)).warnings

    assert warning.startswith("2026-01-06/crm-contact.csv has no records, though each file of crm")
    assert "still counts" in warning


def test_files_without_a_byte_are_counted_and_the_first_named() -> None:
    files = [f"2026-01-05/crm-{number}.csv" for number in range(1, 8)]

    (warning,) = run_report(RunOutcome("day-1", empty_files=files)).warnings

    assert warning.startswith("7 file(s) below the landing folder have not one byte")
    assert [file for file in files if file in warning] == files[:5]
    assert "crm-5.csv and 2 more." in warning


def test_empty_files_of_snapshot_feeds_are_found_whether_new_or_the_same_bytes_again() -> None:
    crm, order = ("crm_contact", LoadKind.SNAPSHOT), ("shop_order", LoadKind.DELTA)
    sources = cast(
        Sequence[Source], [SimpleNamespace(name=n, load_kind=kind) for n, kind in (crm, order)]
    )

    def row(feed: str, file: str, status: str, count: int) -> Row:
        return Row(feed=feed, source_file=file, status=status, record_count=count)

    files = {
        "crm_contact": [
            row("crm_contact", "full", "ingested", 3),
            row("crm_contact", "empty", "ingested", 0),
            row("crm_contact", "empty again", "duplicate", 0),
            row("crm_contact", "not readable", "rejected", 0),
        ],
        "shop_order": [row("shop_order", "no orders today", "ingested", 0)],
    }

    found = empty_snapshots(Claim(files, 1, ()), sources)

    assert found == [("empty", "crm_contact"), ("empty again", "crm_contact")]


def test_a_run_that_knows_all_its_files_warns_of_nothing() -> None:
    assert run_report(RunOutcome("day-1")).warnings == []


def test_a_feed_whose_newest_row_is_older_than_its_limit_is_told() -> None:
    newest = datetime(2026, 1, 1, tzinfo=UTC)
    late = Freshness("shop_order", newest, 96.0, 48, row_count=10, stale_row_count=7)

    (warning,) = run_report(RunOutcome("day-1", late_feeds=[late])).warnings

    assert warning.startswith(
        "shop_order is late: its newest row is 96 hours old, 48 are allowed; 7 of"
    )


def test_a_stopped_product_is_told_with_its_reason_and_the_scheduler_by_an_exit_code() -> None:
    why = "1 rule(s) of severity fail are broken: serve.care: small_group (3 of 9 rows)."

    report = run_report(RunOutcome("day-1", stopped_products={"serve.care": why}))

    assert report.warnings[0].startswith("serve.care is stopped, and keeps the rows")
    assert why in report.warnings[0]
    assert report.exit_code == ExitCode.PRODUCT_STOPPED
    assert run_report(RunOutcome("day-1")).exit_code == ExitCode.OK
