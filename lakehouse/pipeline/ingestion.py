"""The bronze layer's steps: take the new landing files once, feed by feed, and keep the books."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.bronze.landing import (
    DUPLICATE,
    INGESTED,
    REJECTED,
    delivery_day,
    inspected_files,
    landing_file,
    listed_files,
    new_files,
)
from lakehouse.bronze.record_frames import good_records, malformed_records, parsed
from lakehouse.columns.dates import parsed_moment
from lakehouse.errors import BooksError, InputError
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.held import PLACE
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.suppression import records_told, suppressed_rows
from lakehouse.quality.bronze_suite import SEQUENCE_AT, bronze_suite
from lakehouse.quality.gate import GateOutcome, gate, require_passed
from lakehouse.quality.quarantine import flagged, good_rows
from lakehouse.quality.records import quarantined
from lakehouse.quality.rules import Suite
from lakehouse.settings.places import is_uri, local_path
from lakehouse.settings.sources import LoadKind, Source
from lakehouse.silver.row_links import describes_people
from lakehouse.tables.conform import conformed
from lakehouse.tables.erasure import SUPPRESSION
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import FEED_BOOK, LANDING_FILE, QUARANTINE
from lakehouse.tables.spec import TableSpec


@dataclass(frozen=True)
class FeedBook:
    """Records of one feed in one run, by what became of them."""

    feed: str
    in_count: int
    good_count: int
    quarantined_count: int
    duplicate_count: int
    rejected_count: int
    suppressed_count: int = 0

    def __str__(self) -> str:
        return (
            f"{self.feed} has {self.in_count} in, {self.good_count} good, "
            f"{self.quarantined_count} quarantined, {self.duplicate_count} duplicate, "
            f"{self.rejected_count} rejected"
        )

    @property
    def is_balanced(self) -> bool:
        """True if nothing came in that is not accounted for."""
        accounted = self.good_count + self.quarantined_count + self.duplicate_count
        return self.in_count == accounted + self.rejected_count


@dataclass(frozen=True)
class Claim:
    """The landing files that this run takes: ledger rows by feed, and the ledger's version.

    `unmatched` are the paths, sorted, of files that no source's pattern matches; they are left alone.
    """

    files: Mapping[str, Sequence[Row]]
    version: int
    unmatched: Sequence[str]


def claim(lake: Lake, attempt: Attempt, sources: Sequence[Source]) -> Claim:
    """Writes this run's rows of the ledger, or reads them back when a resumed run wrote them.

    Raises:
        InputError: there is no landing folder.
    """
    tables = lake.tables
    ledger = tables.read(LANDING_FILE.name, attempt.base_version(LANDING_FILE.name))
    rows, unmatched = landed_files(lake, ledger, sources, attempt.as_of, attempt.run_id)
    version = tables.write(rows.coalesce(1), LANDING_FILE, attempt.key(LANDING_FILE.name))
    taken = tables.read(LANDING_FILE.name, version).where(F.col("run_id") == attempt.run_id)
    files: dict[str, list[Row]] = defaultdict(list)
    for row in taken.collect():
        files[row.feed].append(row)
    return Claim(files, version, unmatched)


def landed_files(
    lake: Lake, ledger: DataFrame, sources: Sequence[Source], as_of: date, run_id: str
) -> tuple[DataFrame, Sequence[str]]:
    """Rows of ops.landing_file for what has landed and `ledger` does not know, and the paths of no source.

    Raises:
        InputError: there is no landing folder.
    """
    landing = lake.settings.lake.landing
    require_landing_folder(landing)
    # Matched against all sources: a file of one that this run leaves out has its source all the same.
    listed = listed_files(lake.spark, landing, lake.settings.sources, as_of)
    is_chosen = F.col("feed").isNull() | F.col("feed").isin([source.name for source in sources])
    # What a run takes is bounded by what was delivered since the last one.
    new = new_files(listed.where(is_chosen), ledger).select("path", "source_file", "feed").collect()
    paths = {row.path: (row.source_file, row.feed) for row in new if row.feed is not None}
    unmatched = sorted(row.source_file for row in new if row.feed is None)
    if not paths:
        return local_frame(lake.spark, (), LANDING_FILE.ddl()), unmatched
    inspected = inspected_files(lake.spark, paths, sources)
    return conformed(landing_file(inspected, ledger, run_id), LANDING_FILE), unmatched


def empty_snapshots(claimed: Claim, sources: Sequence[Source]) -> list[tuple[str, str]]:
    """File and feed of what is sound but has no records, where such a file should tell of everybody.

    Also of a file that is a duplicate: all that hold a header alone are of the same bytes.
    """
    snapshots = [s.name for s in sources if s.load_kind is LoadKind.SNAPSHOT]
    return [
        (row.source_file, row.feed)
        for name in snapshots
        for row in claimed.files.get(name, ())
        if row.status != REJECTED and row.record_count == 0
    ]


@dataclass
class IngestedFeed:
    """What became of a feed's files: its book, the versions written, the gate of the new rows."""

    book: FeedBook
    versions: dict[str, int] = field(default_factory=dict)
    outcomes: list[GateOutcome] = field(default_factory=list)


def ingest(
    lake: Lake,
    attempt: Attempt,
    source: Source,
    files: Sequence[Row],
    suppressed: DataFrame | None = None,
) -> IngestedFeed:
    """Appends a feed's sound records to bronze and holds those that are malformed or break its suite.

    Records of people whom `suppressed` (of `suppressed_now`) lists go nowhere, and count as rejected.

    Raises:
        QualityGateError: a rule of severity `fail` is broken; nothing of the feed was written.
    """
    paths = ingested_paths(lake, files)
    if not paths:
        return IngestedFeed(_book(source.name, files, good=0, held=0))
    spec = source.bronze_table
    secret = lake.settings.lake.secret.get_secret_value()
    every = parsed(lake.spark, source, paths).persist()
    try:
        records, stopped = without_suppressed(lake, attempt, source, every, suppressed)
        # The first action over the cache: what cannot be read is told here, not within the gate.
        malformed = _malformed_count(records, files)
        flagged_records, suite = staged_records(records, source, attempt, files, secret)
        staged = flagged_records.persist()
        try:
            outcome = gate(staged, suite)
            require_passed([outcome])
            if malformed or outcome.held_count:
                _hold(lake, attempt, source, records, staged)
            sound = good_rows(staged).drop(SEQUENCE_AT)
            version = lake.tables.write(sound, spec, attempt.key(spec.name))
        finally:
            staged.unpersist()
    finally:
        every.unpersist()
    good, held = appended_count(lake, spec, version, attempt), malformed + outcome.held_count
    book = _book(source.name, files, good=good, held=held, suppressed=stopped)
    return IngestedFeed(book, {spec.name: version}, [outcome])


def ingested_paths(lake: Lake, files: Sequence[Row]) -> dict[str, str]:
    """Where those of the ledger's rows lie that are neither duplicates nor rejected, and their names."""
    return {
        landing_uri(lake.settings.lake.landing, row.source_file): row.source_file
        for row in files
        if row.status == INGESTED
    }


def _hold(
    lake: Lake, attempt: Attempt, source: Source, records: DataFrame, staged: DataFrame
) -> None:
    """Writes to quarantine the records that are malformed and those that a rule holds."""
    spec, now = source.bronze_table, datetime.now(UTC)
    cut = malformed_records(records, source, attempt.run_id)
    held = conformed(cut.withColumn("quarantined_at", F.lit(now)), QUARANTINE).unionByName(
        quarantined(staged, spec, attempt.run_id, now)
        .drop("source_feed")
        .withColumn("source_feed", F.lit(source.name))
    )
    key = attempt.key(f"{QUARANTINE.name}:{spec.name}")
    lake.tables.write(held, QUARANTINE, key, part=f":{spec.name}")


def without_suppressed(
    lake: Lake,
    attempt: Attempt,
    source: Source,
    records: DataFrame,
    suppressed: DataFrame | None,
) -> tuple[DataFrame, int]:
    """The records but for those of people who were erased, and how many these are.

    Person records that they go by anew are suppressed too, lest what refers to them come in.
    """
    if suppressed is None:
        return records, 0
    rows = suppressed_rows(lake, attempt, source, records, suppressed).persist()
    count = rows.count()
    if count and describes_people(source):
        theirs = records.where(F.col("reason").isNull()).join(rows, on=PLACE, how="left_semi")
        told = records_told(lake, attempt, source, theirs, suppressed)
        key = attempt.key(f"{SUPPRESSION.name}:{source.name}")
        lake.tables.write(conformed(told, SUPPRESSION).coalesce(1), SUPPRESSION, key)
    return records.join(F.broadcast(rows), on=PLACE, how="left_anti"), count


def appended_count(lake: Lake, spec: TableSpec, version: int, attempt: Attempt) -> int:
    """The rows of a bronze table's version that the attempt's run has appended.

    Books count what the table holds, not the frame that was written: what is lost between the two
    would balance else. Delta's statistics of `run_id` spare the files of other runs.
    """
    rows = lake.tables.read(spec.name, version)
    return rows.where(F.col("run_id") == attempt.run_id).count()


def staged_records(
    records: DataFrame, source: Source, attempt: Attempt, files: Sequence[Row], secret: str
) -> tuple[DataFrame, Suite]:
    """The records that are not malformed as flagged rows of bronze, and the suite that judges them.

    Beside bronze's columns stand the gate's flags and `SEQUENCE_AT`. No record can be later than the
    run's day or, if that is later, the day on which one of `files` (rows of the ledger) was delivered:
    a run for a past day also takes files that came since in folders without a date, and what these
    tell has happened.
    """
    spec = source.bronze_table
    days = [delivery_day(row.source_file, row.modified_at) for row in files]
    suite = bronze_suite(source, max(attempt.as_of, *days))
    sound = good_records(records, source, attempt.run_id, secret)
    frame = conformed(sound.withColumn("ingested_at", F.lit(datetime.now(UTC))), spec)
    moment = parsed_moment(F.trim(source.sequence), source.sequence_formats)
    timed = frame.withColumn(SEQUENCE_AT, moment)
    if source.load_kind is LoadKind.SNAPSHOT:
        timed = snapshots_timed(timed)
    return flagged(timed, suite, spec), suite


def snapshots_timed(records: DataFrame) -> DataFrame:
    """The records with their file's `SEQUENCE_AT`, which is what most of those that can be read say.

    A snapshot stands and falls as a whole: who is held out of one that counts would be gone.
    """
    moments = records.groupBy("source_file").agg(F.mode(SEQUENCE_AT, True).alias(SEQUENCE_AT))
    return records.drop(SEQUENCE_AT).join(F.broadcast(moments), on="source_file", how="inner")


def feed_books(lake: Lake, attempt: Attempt, books: Sequence[FeedBook]) -> int:
    """Records the books of all feeds and returns the table's version.

    Raises:
        BooksError: a feed's books do not balance.
    """
    columns = FEED_BOOK.column_names
    rows = [
        tuple(
            {"run_id": attempt.run_id, "is_balanced": b.is_balanced, **vars(b)}[c] for c in columns
        )
        for b in books
    ]
    frame = local_frame(lake.spark, rows, FEED_BOOK.ddl()).coalesce(1)
    version = lake.tables.write(frame, FEED_BOOK, attempt.key(FEED_BOOK.name))
    unbalanced = [str(book) for book in books if not book.is_balanced]
    if unbalanced:
        raise BooksError(
            f"The books do not balance: {'; '.join(unbalanced)}. Nothing was published.",
            "keep the landing files as they are and report this: the parser and the independent "
            "count disagree on them.",
        )
    return version


def _malformed_count(records: DataFrame, files: Sequence[Row]) -> int:
    found = records.agg(
        F.count_if(F.col("reason").isNotNull()).alias("malformed"),
        F.collect_set("file_hash").alias("hashes"),
    ).collect()[0]
    if not set(found.hashes) <= {row.file_hash for row in files}:
        raise InputError(
            f"A file of {files[0].feed} changed between being counted and being read.",
            "deliver files whole, by renaming them into the landing folder, and run again.",
        )
    return int(found.malformed)


def _book(
    feed: str, files: Sequence[Row], *, good: int, held: int, suppressed: int = 0
) -> FeedBook:
    def total(status: str) -> int:
        return sum(row.record_count for row in files if row.status == status)

    return FeedBook(
        feed=feed,
        in_count=sum(row.record_count for row in files),
        good_count=good,
        quarantined_count=held,
        duplicate_count=total(DUPLICATE),
        rejected_count=total(REJECTED) + suppressed,
        suppressed_count=suppressed,
    )


def require_landing_folder(landing: str) -> None:
    """Returns if the landing folder is there, or is on an object store, which has no folders.

    Raises:
        InputError: there is no landing folder.
    """
    folder = local_path(landing)
    if folder is not None and not folder.is_dir():
        raise InputError(
            f"There is no landing folder {landing}.", "set lake.landing, or deliver files there."
        )


def landing_uri(landing: str, source_file: str) -> str:
    """The file as Spark's `binaryFile` names it, by which contents are joined to their files."""
    root = landing.rstrip("/") if is_uri(landing) else f"file:{landing.rstrip('/')}"
    return f"{re.sub(':/{3,}', ':/', root)}/{source_file}"
