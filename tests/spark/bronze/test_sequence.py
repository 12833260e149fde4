"""A record whose moment cannot be read, or has not come, is held before it can freeze its key."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from lakehouse.bronze.record_frames import parsed
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.ingestion import staged_records
from lakehouse.quality.bronze_suite import SEQUENCE_AT
from lakehouse.quality.gate import gate
from lakehouse.quality.quarantine import FLAGS, good_rows, held_rows
from lakehouse.quality.records import quarantined
from lakehouse.settings.sources import Source
from lakehouse.storage.releases import NO_RELEASE
from lakehouse.tables.conform import conformed
from lakehouse.tables.ops import QUARANTINE

DAY = date(2026, 1, 5)
AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
UNREADABLE, FUTURE = ["unreadable_sequence"], ["future_sequence"]

MOMENTS = {
    "yesterday": "2026-01-04T10:00:00Z",
    "padded": " 2026-01-05 ",
    "fast clock": "2026-01-06T23:59:59Z",
    "no such day": "2026-02-30",
    "other form": "05.01.2026",
    "empty": "",
    "tomorrow's tomorrow": "2026-01-07T00:00:00Z",
    "wrong century": "2126-01-05",
}


def guests(load_kind: str, **more: object) -> Source:
    given: dict[str, object] = {
        "source_system": "shop",
        "entity": "guest",
        "description": "A feed of a test.",
        "owner": "tests",
        "readers": ["tests"],
        "format": "csv",
        "file_pattern": "*guest-*",
        "load_kind": load_kind,
        "key": ["id"],
        "sequence": "at",
        "columns": [{"name": n, "description": "."} for n in ("id", "at")],
    }
    return Source(**(given | more))  # type: ignore[arg-type]


class Delivered:
    """Guests by id with their `at`, in a file of the landing folder, flagged as a run flags them."""

    def __init__(self, spark: SparkSession, landing: Path) -> None:
        self._spark = spark
        self._landing = landing

    def staged(
        self, source: Source, moments: dict[str, str], name: str, modified_at: datetime = AT
    ) -> tuple[DataFrame, dict[str, int]]:
        """The flagged rows, and by reason how many the gate holds."""
        path = self._landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("id,at\n" + "".join(f"{i},{at}\n" for i, at in moments.items()))
        os.utime(path, (modified_at.timestamp(), modified_at.timestamp()))
        ledger = [Row(source_file=name, modified_at=modified_at)]
        records = parsed(self._spark, source, {f"file:{path}": name})
        attempt = Attempt("run", 1, DAY, "settings", None, NO_RELEASE)
        staged, suite = staged_records(records, source, attempt, ledger, "a secret of these tests")
        outcome = gate(staged.persist(), suite)
        return staged, {reason: n for reason, n in outcome.reasons.items() if n}


@pytest.fixture
def delivered(spark: SparkSession, tmp_path: Path) -> Delivered:
    return Delivered(spark, tmp_path)


def held(staged: DataFrame) -> dict[str, list[str]]:
    return {row["id"]: row[FLAGS]["reasons"] for row in held_rows(staged).collect()}


@pytest.mark.parametrize("load_kind", ["delta", "event"])
def test_records_whose_moment_cannot_be_read_or_has_not_come_are_held(
    delivered: Delivered, load_kind: str
) -> None:
    staged, reasons = delivered.staged(guests(load_kind), MOMENTS, "2026-01-05/guest-1.csv")

    assert held(staged) == {
        "no such day": UNREADABLE,
        "other form": UNREADABLE,
        "empty": UNREADABLE,
        "tomorrow's tomorrow": FUTURE,
        "wrong century": FUTURE,
    }
    assert reasons == {"unreadable_sequence": 3, "future_sequence": 2}


@pytest.mark.parametrize(
    ("moments", "reason"),
    [
        (("05.01.2026", "unknown", ""), "unreadable_sequence"),
        (("2126-01-05", "2126-01-05", "2026-01-05"), "future_sequence"),
    ],
)
def test_a_snapshot_without_a_moment_or_with_one_that_has_not_come_is_held_as_a_whole(
    delivered: Delivered, moments: tuple[str, ...], reason: str
) -> None:
    told = dict(zip(("ann", "ben", "cyd"), moments, strict=True))

    staged, _ = delivered.staged(guests("snapshot"), told, "2026-01-05/guest-1.csv")

    assert held(staged) == {name: [reason] for name in told}


def test_nobody_is_held_out_of_a_snapshot_that_counts(delivered: Delivered) -> None:
    moments = {"ann": "2026-01-05", "ben": "2026-01-05", "cyd": "unknown", "dee": "2126-01-05"}

    staged, reasons = delivered.staged(guests("snapshot"), moments, "2026-01-05/guest-1.csv")

    assert (held(staged), reasons) == ({}, {})


def test_the_source_says_in_which_form_its_moments_are(delivered: Delivered) -> None:
    source = guests("delta", sequence_formats=["dd.MM.yyyy", "yyyyMMdd"])
    moments = {"dots": "05.01.2026", "bare": "20260105", "iso": "2026-01-05", "later": "07.01.2026"}

    staged, _ = delivered.staged(source, moments, "2026-01-05/guest-1.csv")

    assert held(staged) == {"iso": UNREADABLE, "later": FUTURE}


def test_a_run_for_a_past_day_believes_what_an_undated_file_that_came_since_tells(
    delivered: Delivered,
) -> None:
    march = datetime(2026, 3, 1, 8, tzinfo=UTC)
    moments = {"then": "2026-01-04", "since": "2026-02-20T10:00:00Z", "not yet": "2026-03-03"}

    staged, _ = delivered.staged(guests("delta"), moments, "late/guest-1.csv", march)

    assert held(staged) == {"not yet": FUTURE}


def test_a_file_in_a_dated_folder_tells_nothing_from_after_the_run_whenever_it_came(
    delivered: Delivered,
) -> None:
    march = datetime(2026, 3, 1, 8, tzinfo=UTC)
    moments = {"then": "2025-12-01", "since": "2026-02-20T10:00:00Z"}

    staged, _ = delivered.staged(guests("delta"), moments, "2025-12-01/guest-1.csv", march)

    assert held(staged) == {"since": FUTURE}


def test_what_is_kept_and_what_is_held_has_bronze_s_own_columns(delivered: Delivered) -> None:
    source = guests("delta")
    staged, _ = delivered.staged(source, MOMENTS, "2026-01-05/guest-1.csv")

    kept = conformed(good_rows(staged).drop(SEQUENCE_AT), source.bronze_table)
    payloads = [
        bytes(row.payload).decode()
        for row in conformed(
            quarantined(staged, source.bronze_table, "run", AT), QUARANTINE
        ).collect()
    ]

    assert [row.source for row in kept.collect()] == ["shop_guest"] * 3
    assert len(payloads) == 5
    assert not [text for text in payloads if SEQUENCE_AT in text]
    assert [text for text in payloads if '"at":"05.01.2026"' in text]
