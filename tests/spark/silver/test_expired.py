"""What has outlived its retention goes; whom a source still tells of stays, however old the row."""

from datetime import UTC, datetime, timedelta

from lakehouse.settings.sources import Source
from lakehouse.silver.expired import expired
from tests.spark.silver.conftest import Landed, source

BEFORE = datetime(2026, 1, 10, tzinfo=UTC)
DELETES = {"column": "op", "values": ["delete"]}


def test_of_a_snapshot_feed_old_snapshots_go_and_the_newest_stays_although_it_is_old(
    landed: Landed,
) -> None:
    feed = source("contact", "id name at", load_kind="snapshot")
    rows = [
        {"id": "1", "name": "Ann", "at": "2026-01-01", "file": "first", "day": 1},
        {"id": "2", "name": "Bob", "at": "2026-01-01", "file": "first", "day": 1},
        {"id": "1", "name": "Anne", "at": "2026-01-05", "file": "newest", "day": 5},
        {"id": "3", "name": "Cy", "at": "2025-12-01", "file": "late", "day": 12},
    ]

    found = expired(landed(feed, rows), feed, BEFORE).collect()

    assert {(row.source_file, row.source_row_number) for row in found} == {
        ("first", 1),
        ("first", 2),
    }


def test_of_a_delta_feed_old_versions_go_and_a_deletion_goes_with_the_last_of_its_key(
    landed: Landed,
) -> None:
    deletes = {"column": "op", "values": ["delete"]}
    feed = source("account", "id op at", load_kind="delta", delete_flag=deletes)
    rows = [
        {"id": "1", "op": "upsert", "at": "2026-01-01", "file": "superseded", "day": 1},
        {"id": "1", "op": "upsert", "at": "2026-01-02", "file": "living", "day": 2},
        {"id": "2", "op": "upsert", "at": "2026-01-01", "file": "gone", "day": 1},
        {"id": "2", "op": "delete", "at": "2026-01-03", "file": "its deletion", "day": 3},
        {"id": "3", "op": "delete", "at": "2026-01-03", "file": "needed", "day": 3},
        {"id": "3", "op": "upsert", "at": "2026-01-02", "file": "came late", "day": 12},
    ]

    found = expired(landed(feed, rows), feed, BEFORE).collect()

    assert {row.source_file for row in found} == {"superseded", "gone", "its deletion"}


def test_an_event_is_as_old_as_it_says_and_otherwise_as_its_ingestion(landed: Landed) -> None:
    feed = source("click", "id at")
    rows = [
        {"id": "1", "at": "2026-01-08", "file": "old", "day": 12},
        {"id": "2", "at": "2026-01-11", "file": "new", "day": 12},
        {"id": "3", "at": "yesterday", "file": "unreadable", "day": 12},
        {"id": "4", "at": "yesterday", "file": "unreadable and old", "day": 2},
    ]

    found = expired(landed(feed, rows), feed, BEFORE).collect()

    assert {row.source_file for row in found} == {"old", "unreadable and old"}


def withdrawals(kind: str) -> Source:
    """A feed that fills campaign_event (730 days) always, and consent_event (3,650) where it says `stop`."""
    stop = {"column": "what", "values": ["stop"]}
    feeds = [{"table": "campaign_event", "map": {}}]
    feeds.append({"table": "consent_event", "map": {}, "where": stop})  # type: ignore[dict-item]
    return source("letter", "id what op at", load_kind=kind, feeds=feeds, delete_flag=DELETES)


def test_a_row_that_fills_the_shorter_kept_table_alone_goes_by_that(landed: Landed) -> None:
    feed = withdrawals("event")
    rows = [
        {"id": "1", "what": "open", "at": "2026-01-01", "file": "an open"},
        {"id": "2", "what": " STOP", "at": "2026-01-01", "file": "a withdrawal"},
        {"id": "3", "at": "2026-01-01", "file": "nothing said"},
        {"id": "4", "what": "open", "at": "2026-01-05", "file": "a young open"},
    ]
    ten_years_before = datetime(2026, 1, 3, tzinfo=UTC) - timedelta(days=3650 - 730)

    found = expired(landed(feed, rows), feed, ten_years_before).collect()

    assert {row.source_file for row in found} == {"an open", "nothing said"}


def test_no_older_version_holds_again_because_a_newer_one_went_sooner(landed: Landed) -> None:
    feed = withdrawals("delta")
    rows = [
        {"id": "1", "what": "stop", "at": "2026-01-01", "file": "a withdrawal", "day": 1},
        {"id": "1", "what": "open", "at": "2026-01-02", "file": "taken back", "day": 2},
        {"id": "2", "what": "stop", "at": "2026-01-01", "file": "another", "day": 1},
        {"id": "2", "op": "delete", "at": "2026-01-02", "file": "its deletion", "day": 2},
        {"id": "3", "what": "open", "at": "2026-01-01", "file": "an open", "day": 1},
        {"id": "3", "op": "delete", "at": "2026-01-02", "file": "that one's deletion", "day": 2},
    ]
    ten_years_before = datetime(2026, 1, 10, tzinfo=UTC) - timedelta(days=3650 - 730)

    found = expired(landed(feed, rows), feed, ten_years_before).collect()

    assert {row.source_file for row in found} == {"an open", "that one's deletion"}


def test_a_row_that_fills_no_table_stays_as_long_as_any(landed: Landed) -> None:
    """`bounce` is in neither condition: conf may name it tomorrow, and its file is not read again."""
    feeds = [
        {"table": "campaign_event", "map": {}, "where": {"column": "what", "values": ["open"]}},
        {"table": "consent_event", "map": {}, "where": {"column": "what", "values": ["stop"]}},
    ]
    feed = source("letter", "id what at", load_kind="event", feeds=feeds)
    rows = [
        {"id": "1", "what": "bounce", "at": "2026-01-01", "file": "a bounce"},
        {"id": "2", "what": "bounce", "at": "2015-01-01", "file": "an old bounce"},
    ]
    ten_years_before = datetime(2026, 1, 3, tzinfo=UTC) - timedelta(days=3650)

    found = expired(landed(feed, rows), feed, ten_years_before).collect()

    assert {row.source_file for row in found} == {"an old bounce"}
