"""Records held before bronze come there by a replay, once conf is mended and not before."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline import commands, runner
from lakehouse.pipeline.erased_landing import prepare_landing, settle_landing
from lakehouse.pipeline.lake import Lake, open_lake
from lakehouse.pipeline.replay import replay
from lakehouse.report import Report
from lakehouse.settings.sources import FormatOptions
from lakehouse.storage.releases import current_release
from lakehouse.tables.erasure import ERASED_ROW
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import ERASURE, LANDING_FILE
from tests.support.lake import DAY_1, DAY_2, small_settings

SUBSCRIBERS = "newsletter_subscriber"
SUBSCRIBER = "subscriber_id,email,first_name,postcode,country,status,subscribed_on,updated_at"
MOMENTS = {"S1": "2026-01-04T10:00:00Z", "S2": "04.01.2026", "S3": "2026-01-07T10:00:00Z"}
PRODUCTS = "catalogue_product"
PRODUCT = "product_id,product_name,category,brand,currency,list_price,snapshot_at"


def product(number: int, name: str, snapshot_at: str = "2026-01-05T03:00:00Z") -> str:
    return f"P{number},{name},drinks,Own,EUR,4.50,{snapshot_at}"


def deliver(home: Path, file: str, *lines: str) -> None:
    """A file in windows-1252, where é is a byte that UTF-8 does not have."""
    path = home / "landing" / "2026-01-05" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("\n".join(lines).encode("windows-1252"))


def lake_of(home: Path, feed: str) -> Lake:
    """A lake of one feed, and of the tables that its runs as far as bronze need."""
    made = open_lake(small_settings(home, home, feeds=(feed,)))
    table = f"bronze.{feed}"
    needed = {name: s for name, s in made.specs.items() if name == table or name.startswith("ops.")}
    return replace(made, specs=needed)


def mended(lake: Lake, **described: object) -> Lake:
    """The lake with a truer description of its feed."""
    (source,) = lake.settings.sources
    sources = (source.model_copy(update=described),)
    return replace(lake, settings=lake.settings.model_copy(update={"sources": sources}))


def ids_in_bronze(lake: Lake, feed: str) -> list[str]:
    """The first columns of the released rows."""
    versions = current_release(lake.tables).versions
    rows = lake.tables.read(f"bronze.{feed}", versions[f"bronze.{feed}"]).collect()
    return sorted(row[0] for row in rows)


def books(lake: Lake, run_id: str) -> list[tuple[int, int, int, bool]]:
    """In, good, held and whether they balance, of each released book of the run, or of its kind."""
    version = current_release(lake.tables).versions["ops.feed_book"]
    rows = lake.tables.read("ops.feed_book", version).where(F.col("run_id").startswith(run_id))
    return [
        (row.in_count, row.good_count, row.quarantined_count, row.is_balanced)
        for row in rows.orderBy("run_id").collect()
    ]


def appended(lake: Lake, run_id: str, day: date, reason: str | None = None) -> int:
    return sum(book.good_count for book in replay(lake, run_id, day, None, reason).books)


@pytest.mark.slow
def test_a_version_held_for_its_moment_is_appended_when_it_can_be_read_and_has_come(
    spark: SparkSession, tmp_path: Path
) -> None:
    (tmp_path / "landing").mkdir()
    lake = lake_of(tmp_path, SUBSCRIBERS)
    runner.run(lake, "nothing-came", DAY_1, ["bronze"])
    assert books(lake, "nothing-came") == [(0, 0, 0, True)]

    lines = [f"{i},{i}@example.org,Ann,,GB,active,2026-01-01,{at}" for i, at in MOMENTS.items()]
    deliver(tmp_path, f"{SUBSCRIBERS}-1.csv", SUBSCRIBER, *lines)
    runner.run(lake, "day-1", DAY_1, ["bronze"])

    assert ids_in_bronze(lake, SUBSCRIBERS) == ["S1"]
    rows = lake.tables.read("ops.quarantine").select("source_row_number", F.explode("reasons"))
    assert {tuple(row) for row in rows.collect()} == {
        (2, "unreadable_sequence"),
        (3, "future_sequence"),
    }
    assert books(lake, "day-1") == [(3, 1, 2, True)]

    formats = ("dd.MM.yyyy", "yyyy-MM-dd'T'HH:mm:ssX")
    mended_lake = mended(lake, sequence_formats=formats)
    assert appended(mended_lake, "replay-mended", DAY_1) == 1
    assert ids_in_bronze(lake, SUBSCRIBERS) == ["S1", "S2"]
    assert books(lake, "replay-mended") == [(2, 1, 1, True)]

    assert appended(mended_lake, "replay-next-day", DAY_2, "future_sequence") == 1
    assert ids_in_bronze(lake, SUBSCRIBERS) == ["S1", "S2", "S3"]


@pytest.fixture
def misread(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake that took a catalogue for UTF-8, which is mended since; commands open this one."""
    # The moment of a snapshot is the file's: that the held P2 has none of its own does not matter.
    records = (product(1, "Tea"), product(2, "Café", "unknown"), "P3,cut off", product(7, "Rice"))
    deliver(tmp_path, f"{PRODUCTS}-kept.csv", PRODUCT, *records)
    deliver(tmp_path, f"{PRODUCTS}-gone.csv", PRODUCT, product(4, "Rosé"))
    deliver(tmp_path, f"{PRODUCTS}-changed.csv", PRODUCT, product(5, "Purée"))
    lake = lake_of(tmp_path, PRODUCTS)
    runner.run(lake, "day-1", DAY_1, ["bronze"])
    truer = mended(lake, encoding="windows-1252")
    monkeypatch.setattr(commands, "open_lake", lambda _settings: truer)
    return truer


@pytest.mark.slow
def test_a_file_that_is_cut_otherwise_now_is_left_alone_as_its_numbers_mean_other_records(
    misread: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_header = mended(misread, options=FormatOptions(header=False))
    monkeypatch.setattr(commands, "open_lake", lambda _settings: without_header)

    report = replay_by_command(without_header)

    assert ids_in_bronze(misread, PRODUCTS) == ["P1", "P7"]
    assert sorted(warning.partition(";")[0] for warning in report.warnings) == [
        f"2026-01-05/{PRODUCTS}-{name}.csv yields a different number of records under the current "
        "source description, so row numbers no longer match"
        for name in ("changed", "gone", "kept")
    ]


def replay_by_command(lake: Lake) -> Report:
    return commands.quarantine_replay(lake.settings, table=None, reason=None, as_of=DAY_2)


def held(lake: Lake) -> dict[str, int]:
    """The list of what is held, by reason."""
    (grid,) = commands.quarantine_list(lake.settings).grids
    return {str(reason): int(str(rows)) for _, _, reason, rows in grid.rows}


@pytest.mark.slow
def test_a_mended_description_takes_in_what_is_sound_now_and_a_second_replay_changes_nothing(
    misread: Lake, tmp_path: Path
) -> None:
    lake = misread
    assert held(lake) == {"bad_encoding": 3, "too_few_columns": 1}
    (tmp_path / "landing" / "2026-01-05" / f"{PRODUCTS}-gone.csv").unlink()
    deliver(tmp_path, f"{PRODUCTS}-changed.csv", PRODUCT, product(6, "Milk"))

    report = replay_by_command(lake)

    assert ids_in_bronze(lake, PRODUCTS) == ["P1", "P2", "P7"]
    assert held(lake) == {"bad_encoding": 2, "too_few_columns": 1}
    assert books(lake, "replay-") == [(2, 1, 1, True)]
    assert [warning.partition(":")[0] for warning in report.warnings] == [
        f"2026-01-05/{PRODUCTS}-changed.csv has other bytes than when its records were held",
        f"2026-01-05/{PRODUCTS}-gone.csv is gone",
    ]

    # The changed file is another file: that it is sound mends no record of the one before it.
    runner.run(lake, "day-2", DAY_2, ["bronze"])
    assert ids_in_bronze(lake, PRODUCTS) == ["P1", "P2", "P6", "P7"]

    replay_by_command(lake)

    assert ids_in_bronze(lake, PRODUCTS) == ["P1", "P2", "P6", "P7"]
    assert held(lake) == {"bad_encoding": 2, "too_few_columns": 1}
    assert books(lake, "replay-") == [(2, 1, 1, True), (1, 0, 1, True)]


def erased(lake: Lake, file: str, number: int) -> None:
    """Takes a record out of its landing file, as the run of an erasure does."""
    attempt = attempts.begin(lake, "erase-1", DAY_1)
    ledger = lake.released(attempt.base, LANDING_FILE.name)
    (known,) = ledger.where(F.col("source_file") == file).collect()
    row = ("erase-1", f"bronze.{SUBSCRIBERS}", file, known.file_hash, number)
    rows = local_frame(lake.spark, [row], ERASED_ROW.ddl())
    versions = {LANDING_FILE.name: prepare_landing(lake, attempt, rows)}
    attempts.release(lake, attempt, versions, reason=ERASURE)
    attempts.settle(lake, attempt)
    done = settle_landing(lake, "erase-1", current_release(lake.tables).versions)
    assert done == {file: "rewritten"}


@pytest.mark.slow
def test_what_is_held_of_a_file_is_taken_after_an_erasure_took_somebody_else_out_of_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines = [f"{i},{i}@example.org,Ann,,GB,active,2026-01-01,{at}" for i, at in MOMENTS.items()]
    deliver(tmp_path, f"{SUBSCRIBERS}-1.csv", SUBSCRIBER, *lines)
    lake = lake_of(tmp_path, SUBSCRIBERS)
    runner.run(lake, "day-1", DAY_1, ["bronze"])
    erased(lake, f"2026-01-05/{SUBSCRIBERS}-1.csv", 1)

    formats = ("dd.MM.yyyy", "yyyy-MM-dd'T'HH:mm:ssX")
    done = replay(mended(lake, sequence_formats=formats), "replay", DAY_1, None, None)

    assert done.skipped_files == {}
    assert ids_in_bronze(lake, SUBSCRIBERS) == ["S1", "S2"]
    assert books(lake, "replay") == [(2, 1, 1, True)]
    assert (
        b"S1@example.org"
        not in (tmp_path / "landing" / "2026-01-05" / f"{SUBSCRIBERS}-1.csv").read_bytes()
    )
