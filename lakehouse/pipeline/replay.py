"""Held rows given another chance after the mend of a rule or of a source's description.

Rows that a silver gate held need no hand: silver is built anew from bronze by every run, so the next run
judges them again. A record that was held before bronze never came there: replay cuts its landing file
again under today's conf, judges it by the rules of bronze, and appends the held records that are sound
now, each under its old file and number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.bronze.landing import inspected_files, listed_files
from lakehouse.bronze.record_frames import parsed
from lakehouse.errors import LakehouseError
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.held import PLACE, held_records
from lakehouse.pipeline.ingestion import (
    FeedBook,
    appended_count,
    feed_books,
    landing_uri,
    require_landing_folder,
    staged_records,
    without_suppressed,
)
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.suppression import suppressed_now
from lakehouse.quality.bronze_suite import SEQUENCE_AT
from lakehouse.quality.quarantine import good_rows, held_rows
from lakehouse.settings.sources import Source
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import FEED_BOOK, LANDING_FILE

_FILE = "source_file string, file_hash string"
GONE = "is gone: put it back, or deliver its records in a new file"
CHANGED = "has other bytes than when its records were held: put it back as it was"
RENUMBERED = (
    "yields a different number of records under the current source description, so row numbers no "
    "longer match; deliver its records in a new file"
)
REFUSED = "is rejected under the current source description; fix the description"


@dataclass
class Replayed:
    """By feed the books of the held records tried, and by landing file why it could not be."""

    books: list[FeedBook] = field(default_factory=list)
    skipped_files: dict[str, str] = field(default_factory=dict)


def replay(lake: Lake, run_id: str, as_of: date, table: str | None, reason: str | None) -> Replayed:
    """Appends the held records that are sound now, released as one, and returns what became of all.

    `table` and `reason` narrow what is tried. A record that bronze has already is left out.

    Raises:
        InputError: there is no landing folder.
        BooksError: a held record is neither sound nor still bad; nothing is released.
    """
    with lake.locks.run():
        attempt = attempts.begin(lake, run_id, as_of)
        try:
            return _replay(lake, attempt, table, reason)
        except LakehouseError as error:
            attempts.fail(lake, attempt, error.code)
            raise


def _replay(lake: Lake, attempt: Attempt, table: str | None, reason: str | None) -> Replayed:
    done, versions = Replayed(), {}
    sources = [s for s in lake.settings.sources if table in (None, s.bronze_table.name)]
    held = held_records(lake, attempt.base.versions)
    if reason is not None:
        held = held.where(F.array_contains("reasons", reason))
    rewritten = _rewritten(lake, attempt)
    files = _usable_files(lake, sources, held, rewritten, done.skipped_files)
    for source in sources:
        if source.name in files:
            name = source.bronze_table.name
            usable = files[source.name]
            book, versions[name] = _append(lake, attempt, source, held, usable, rewritten)
            done.books.append(book)
    versions[FEED_BOOK.name] = feed_books(lake, attempt, done.books)
    attempts.release(lake, attempt, versions, reason="replay")
    attempts.settle(lake, attempt)
    return done


def _rewritten(lake: Lake, attempt: Attempt) -> DataFrame:
    """source_file, file_hash, delivered_hash of files that erasures wrote anew.

    What is held of them is known by the hash of the file as it was delivered.
    """
    ledger = lake.released(attempt.base, LANDING_FILE.name)
    delivered = F.col("original_hash").alias("delivered_hash")
    rewritten = ledger.where(F.col("original_hash").isNotNull())
    return rewritten.select("source_file", "file_hash", delivered).distinct()


def _as_delivered(found: DataFrame, rewritten: DataFrame) -> DataFrame:
    """Files or records by the hash of their file as it was delivered."""
    joined = found.join(F.broadcast(rewritten), on=["source_file", "file_hash"], how="left")
    delivered = F.coalesce("delivered_hash", "file_hash").alias("file_hash")
    return joined.select(*(delivered if c == "file_hash" else F.col(c) for c in found.columns))


def _usable_files(
    lake: Lake,
    sources: Sequence[Source],
    held: DataFrame,
    rewritten: DataFrame,
    skipped: dict[str, str],
) -> dict[str, list[Row]]:
    """By feed the files of held records that can be cut again; the others go into `skipped`."""
    landing = lake.settings.lake.landing
    require_landing_folder(landing)
    feeds = {source.bronze_table.name: source.name for source in sources}
    files = (
        held.where(F.col("table_name").isin(*feeds))
        .select("table_name", "source_file", "file_hash", "modified_at", "record_count")
        .distinct()
        .collect()
    )
    paths = {
        landing_uri(landing, file.source_file): (file.source_file, feeds[file.table_name])
        for file in files
    }
    found = _found_files(lake, paths, sources, rewritten)
    usable: dict[str, list[Row]] = {}
    for file in files:
        fault = _fault(file, found.get(file.source_file))
        if fault is None:
            usable.setdefault(feeds[file.table_name], []).append(file)
        else:
            skipped[file.source_file] = fault
    return usable


def _found_files(
    lake: Lake,
    paths: Mapping[str, tuple[str, str]],
    sources: Sequence[Source],
    rewritten: DataFrame,
) -> dict[str, Row]:
    """By name, what is known of those files of `paths` (path → source_file, feed) that are there."""
    # Of whatever day: a run has taken them already.
    listed = listed_files(lake.spark, lake.settings.lake.landing, sources, date.max)
    there = listed.where(F.col("path").isin(*paths)).select("path").collect()
    if not there:
        return {}
    present = {row.path: paths[row.path] for row in there}
    found = _as_delivered(inspected_files(lake.spark, present, sources), rewritten)
    return {row.source_file: row for row in found.collect()}


def _fault(file: Row, found: Row | None) -> str | None:
    if found is None:
        return GONE
    if found.file_hash != file.file_hash:
        return CHANGED
    if not found.is_readable or found.missing_columns or found.repeated_columns:
        return REFUSED
    if found.record_count != file.record_count:
        return RENUMBERED
    return None


def _append(
    lake: Lake,
    attempt: Attempt,
    source: Source,
    held: DataFrame,
    files: Sequence[Row],
    rewritten: DataFrame,
) -> tuple[FeedBook, int]:
    """Appends what of `files` was held and is sound now; the feed's book and bronze's version."""
    spec = source.bronze_table
    tried = held.join(
        F.broadcast(local_frame(lake.spark, [(f.source_file, f.file_hash) for f in files], _FILE)),
        on=["source_file", "file_hash"],
        how="left_semi",
    ).where(F.col("table_name") == spec.name)
    parsed_records = _as_delivered(_cut_again(lake, source, files), rewritten).persist()
    try:
        records, stopped = _not_erased(lake, attempt, source, parsed_records, tried)
        secret = lake.settings.lake.secret.get_secret_value()
        # All records first: a snapshot's moment is what most of its file says, held or not.
        every, _ = staged_records(records, source, attempt, files, secret)
        staged = every.join(tried, on=PLACE, how="left_semi")
        bad = records.where(F.col("reason").isNotNull())
        malformed = bad.join(tried, on=PLACE, how="left_semi").count()
        still_held = malformed + held_rows(staged).count()
        good = good_rows(staged).drop(SEQUENCE_AT)
        version = lake.tables.write(good, spec, attempt.key(spec.name))
    finally:
        parsed_records.unpersist()
    # Each count from another place: the log of held rows, the table, the parser and the rules.
    book = FeedBook(
        feed=source.name,
        in_count=tried.count(),
        good_count=appended_count(lake, spec, version, attempt),
        quarantined_count=still_held,
        duplicate_count=0,
        rejected_count=stopped,
        suppressed_count=stopped,
    )
    return book, version


def _cut_again(lake: Lake, source: Source, files: Sequence[Row]) -> DataFrame:
    """Every record of the files under today's conf."""
    landing = lake.settings.lake.landing
    paths = {landing_uri(landing, file.source_file): file.source_file for file in files}
    return parsed(lake.spark, source, paths)


def _not_erased(
    lake: Lake, attempt: Attempt, source: Source, records: DataFrame, tried: DataFrame
) -> tuple[DataFrame, int]:
    """The records but for those of people who were erased, and how many of these were tried."""
    kept, found = without_suppressed(lake, attempt, source, records, suppressed_now(lake))
    if not found:
        return kept, 0
    theirs = records.join(kept.select(*PLACE), on=PLACE, how="left_anti")
    return kept, theirs.join(tried, on=PLACE, how="left_semi").count()
