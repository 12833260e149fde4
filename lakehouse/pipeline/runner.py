"""One run, from landing files to a release: claim → bronze → silver → linkage → gold → release.

Every step goes the same way: read the versions that this run left, transform, conform, flag, gate,
hold the rows that fail, write the good ones. Transforms never police themselves.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from dataclasses import astuple, dataclass, field
from datetime import UTC, date, datetime
from threading import Lock

from pyspark.errors import (
    AnalysisException,
    ArithmeticException,
    ArrayIndexOutOfBoundsException,
    DateTimeException,
    IllegalArgumentException,
    NumberFormatException,
    ParseException,
    PySparkException,
)
from pyspark.sql import DataFrame, Row

from lakehouse.bronze.landing import REJECTED, empty_files
from lakehouse.errors import ConfigurationError, LakehouseError, QualityGateError, SuiteError
from lakehouse.linkage.guards import no_longer_shared
from lakehouse.linkage.linkage_quality import linkage_quality
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.forgetting import Forgetting
from lakehouse.pipeline.freshness import Freshness, fact_freshness, freshness
from lakehouse.pipeline.ingestion import FeedBook, claim, empty_snapshots, feed_books, ingest
from lakehouse.pipeline.lake import Lake, in_parallel
from lakehouse.pipeline.link_limits import (
    measures,
    require_within_limits,
    warn_of_unshared_values,
)
from lakehouse.pipeline.scratch import clear_spill, own_models, scratch_folder
from lakehouse.pipeline.steps import (
    Inputs,
    Step,
    correction_count,
    made_anew,
    most_awaited_first,
    require_fitting_model,
    selected_steps,
)
from lakehouse.pipeline.suppression import suppressed_now
from lakehouse.quality.checked import all_suites
from lakehouse.quality.docs import write_data_docs
from lakehouse.quality.gate import GateOutcome, gate, require_passed
from lakehouse.quality.quarantine import FLAGS, flagged, good_rows
from lakehouse.quality.records import quality_results, quarantined
from lakehouse.quality.rules import Suite
from lakehouse.settings.models import Settings
from lakehouse.settings.places import local_path
from lakehouse.settings.sources import Source
from lakehouse.silver.row_links import describes_people
from lakehouse.tables.conform import conformed
from lakehouse.tables.gold import CUSTOMER_360
from lakehouse.tables.linkage import (
    CLUSTER,
    IDENTITY_MAP,
    OVERSIZED_BLOCK,
    RECORD_EVIDENCE,
    SCORED_EDGE,
    SHARED_IDENTIFIER,
)
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import (
    CORRECTION_COUNT,
    ERASURE,
    FACT_FRESHNESS,
    FEED_BOOK,
    FRESHNESS,
    LANDING_FILE,
    LINKAGE_QUALITY,
    QUALITY_RESULT,
    QUARANTINE,
)
from lakehouse.tables.spec import TableSpec, WriteMode

log = logging.getLogger(__name__)

ALREADY_DONE = "already done"
_OF_EXPRESSIONS = (
    *(AnalysisException, ArithmeticException, ArrayIndexOutOfBoundsException, DateTimeException),
    *(IllegalArgumentException, NumberFormatException, ParseException),
)
"""What Spark raises of an expression in a data product's file; anything else is no domain's fault."""
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass
class RunOutcome:
    """What a run did: filled as the run goes.

    `stopped_products` has the tables of serve that keep their last release's rows, and why;
    `empty_snapshots` the files of snapshot feeds that have no records, each with its feed; `empty_files`
    those that have not one byte, of any feed or none.
    """

    run_id: str
    status: str = attempts.STARTED
    books: list[FeedBook] = field(default_factory=list)
    rejected_files: list[tuple[str, str, str]] = field(default_factory=list)
    unmatched_files: Sequence[str] = ()
    empty_snapshots: Sequence[tuple[str, str]] = ()
    empty_files: Sequence[str] = ()
    late_feeds: Sequence[Freshness] = ()
    stopped_products: dict[str, str] = field(default_factory=dict)
    outcomes: list[GateOutcome] = field(default_factory=list)
    step_seconds: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def gate_seconds(self) -> float:
        """What Great Expectations took, over all tables."""
        return sum(outcome.seconds for outcome in self.outcomes)


def run(
    lake: Lake,
    run_id: str,
    as_of: date,
    only: Sequence[str] = (),
    forgetting: Forgetting | None = None,
) -> RunOutcome:
    """Carries out the run and returns what it did.

    A run id that has succeeded is left as it is. `only` names layers or tables; others keep their
    released version. With `forgetting` it takes no landing file, but erases people; whoever asks for
    that holds the lake already (`lake.locks.run`), for what comes before and after the run.

    Raises:
        AlreadyRunningError: another run has this lake; nothing was touched.
        QualityGateError: a rule of severity fail is broken; nothing is released.
        LakehouseError: anything else that has a code; nothing is released.
    """
    steps, suites = checked(lake.settings, run_id, only)
    began = time.monotonic()
    outcome = RunOutcome(run_id)
    with lake.locks.run() if forgetting is None else nullcontext():
        attempt = attempts.begin(lake, run_id, as_of, only, made_anew(steps))
        if attempt.is_done:
            outcome.status = ALREADY_DONE
            return outcome
        steps = [s for s in steps if not s.is_retired or attempt.base_version(s.table)]
        work = _Run(lake, attempt, suites, outcome, forgetting)
        try:
            work.carry_out(steps, _chosen_sources(lake.settings.sources, only))
        except Exception as error:
            # Also what nobody foresaw ends in the manifest, and leaves nothing half done.
            work.record_results()
            code = error.code if isinstance(error, LakehouseError) else LakehouseError.code
            attempts.fail(lake, attempt, code)
            raise
        finally:
            clear_spill(lake, attempt.number)
        # Readers see it: from here on nothing is rolled back.
        work.settle(steps)
        outcome.status = attempts.SUCCEEDED
    outcome.seconds = time.monotonic() - began
    return outcome


def checked(
    settings: Settings, run_id: str, only: Sequence[str] = ()
) -> tuple[list[Step], dict[str, Suite]]:
    """The steps of such a run, and the suites: all of it is right, as far as no session is needed to tell.

    Raises:
        ConfigurationError: the run id, a name in `only` or the linkage model cannot be used, or suites and
            data products have faults.
        SuiteError: a suite has a fault, or a data product's gate.
    """
    _check_run_id(run_id)
    suites = all_suites(settings.products)
    steps = selected_steps(settings.sources, only, settings.lake.leave_out, settings.products)
    if any(step.table == SCORED_EDGE.name for step in steps):
        require_fitting_model(settings.linkage)
    return steps, suites


def _check_run_id(run_id: str) -> None:
    if not _RUN_ID.fullmatch(run_id):
        raise ConfigurationError(
            "--run-id may hold letters, digits, dot, dash and underscore, 100 at most.",
            "choose such a name, for instance day-2026-01-05.",
        )
    if run_id.startswith(attempts.REVERT_PREFIX):
        raise ConfigurationError(
            f"--run-id may not begin with {attempts.REVERT_PREFIX}: reverts are recorded under such names.",
            "choose another name, or call `c360 release revert` if that is what you want.",
        )


def _chosen_sources(sources: Sequence[Source], only: Sequence[str]) -> list[Source]:
    if not only or "bronze" in only:
        return list(sources)
    return [source for source in sources if source.bronze_table.name in only]


def _rejected(files: Mapping[str, Sequence[Row]]) -> list[tuple[str, str, str]]:
    """Of the files by feed those rejected: path, reason, and the columns that are missing or there twice."""
    return [
        (row.source_file, row.reason, ", ".join(row.missing_columns or row.repeated_columns or []))
        for rows in files.values()
        for row in rows
        if row.status == REJECTED
    ]


class _Run:
    """The state of one run: which version of each table it has come to."""

    def __init__(
        self,
        lake: Lake,
        attempt: Attempt,
        suites: Mapping[str, Suite],
        outcome: RunOutcome,
        forgetting: Forgetting | None = None,
    ) -> None:
        self._forgetting = forgetting
        self._lake = lake
        self._attempt = attempt
        self._suites = suites
        self._outcome = outcome
        self._threads = lake.settings.lake.parallel_steps
        self._scratch = scratch_folder(lake, attempt.number)
        self._versions: dict[str, int] = {}
        self._log_versions: dict[str, int | None] = {}
        self._log_lock = Lock()

    def carry_out(self, steps: Sequence[Step], sources: Sequence[Source]) -> None:
        self._scratch.mkdir(parents=True, exist_ok=True)
        if self._forgetting is not None:
            with self._timed("erasure"):
                self._versions |= self._forgetting.begin(self._attempt)
        elif sources:
            self._ingest(sources)
        self._build(steps)
        if self._forgetting is not None:
            self._versions |= self._forgetting.end(self._attempt, self._versions)
        if any(step.table == IDENTITY_MAP.name for step in steps):
            self._judge_links()
        self._record(steps)
        reason = "run" if self._forgetting is None else ERASURE
        made = {step.table for step in steps} - self._outcome.stopped_products.keys()
        products = self._lake.settings.products
        definitions = {p.table_name: p.definition for p in products if p.table_name in made}
        attempts.release(self._lake, self._attempt, self._versions, reason, definitions)

    def settle(self, steps: Sequence[Step]) -> None:
        """Writes the manifest of the released run, and tells what the gates cost."""
        attempts.settle(
            self._lake, self._attempt, self._outcome.step_seconds, self._row_counts(steps)
        )
        self._tell_cost()

    def _row_counts(self, steps: Sequence[Step]) -> dict[str, int]:
        # The gate has counted what a step writes anew. Bronze, ops and logs grow by each run.
        specs = (self._lake.specs[step.table] for step in steps)
        built = {s.name for s in specs if s.write_mode is WriteMode.OVERWRITE}
        built -= self._outcome.stopped_products.keys()
        return {o.table: o.good_count for o in self._outcome.outcomes if o.table in built}

    def _tell_cost(self) -> None:
        gates, steps = self._outcome.gate_seconds, sum(self._outcome.step_seconds.values())
        limit = self._lake.settings.quality.cost_limit_percent
        if steps and 100 * gates / steps > limit:
            log.warning(
                "The gates took %.0f %% of the steps' time; conf allows %d %%.",
                100 * gates / steps,
                limit,
            )

    def _ingest(self, chosen: Sequence[Source]) -> None:
        with self._timed("claim"):
            claimed = claim(self._lake, self._attempt, chosen)
        self._versions[LANDING_FILE.name] = claimed.version
        self._outcome.unmatched_files = claimed.unmatched
        self._outcome.rejected_files += _rejected(claimed.files)
        self._outcome.empty_snapshots = empty_snapshots(claimed, chosen)
        for file, feed in self._outcome.empty_snapshots:
            log.warning("%s of the snapshot feed %s has no records.", file, feed)
        landing = local_path(self._lake.settings.lake.landing)
        if landing is not None:
            self._outcome.empty_files = empty_files(landing, self._attempt.as_of)
        sources = [source for source in chosen if source.name in claimed.files]

        def ingest_feed(source: Source) -> FeedBook:
            files = claimed.files[source.name]
            with self._timed(source.bronze_table.name):
                feed = ingest(self._lake, self._attempt, source, files, suppressed)
            self._versions |= feed.versions
            self._outcome.outcomes += feed.outcomes
            return feed.book

        idle = [FeedBook(s.name, 0, 0, 0, 0, 0) for s in chosen if s.name not in claimed.files]
        suppressed = suppressed_now(self._lake)
        if suppressed is not None:
            # Who is suppressed under a new record is known by it to the feeds that refer to that.
            people = [source for source in sources if describes_people(source)]
            self._outcome.books = in_parallel(ingest_feed, people, self._threads)
            sources = [source for source in sources if source not in people]
            suppressed = suppressed_now(self._lake)
        self._outcome.books += [*in_parallel(ingest_feed, sources, self._threads), *idle]
        book_version = feed_books(self._lake, self._attempt, self._outcome.books)
        self._versions[FEED_BOOK.name] = book_version

    def _build(self, steps: Sequence[Step]) -> None:
        waiting = {step.table: step for step in most_awaited_first(steps)}
        running: dict[Future[None], str] = {}
        with ThreadPoolExecutor(max_workers=self._threads) as pool:
            while waiting or running:
                unfinished = {*waiting, *running.values()}
                ready = [s for s in waiting.values() if not unfinished & set(s.reads) - {s.table}]
                for step in ready[: self._threads - len(running)]:
                    del waiting[step.table]
                    running[pool.submit(self._carry_out_step, step)] = step.table
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    del running[future]
                    if future.exception() is not None:
                        pool.shutdown(cancel_futures=True)
                    future.result()

    def _carry_out_step(self, step: Step) -> None:
        with self._timed(step.table):
            if not step.stops_alone:
                self._publish(step)
                return
            try:
                self._publish(step)
            except (QualityGateError, SuiteError, *_OF_EXPRESSIONS) as error:
                self._stop_alone(step, error)

    def _stop_alone(self, step: Step, error: LakehouseError | PySparkException) -> None:
        """Leaves a product as the last release has it, less what may not be told any more."""
        # Spark's message can quote a value; its error class cannot.
        if isinstance(error, LakehouseError):
            why = error.what.removesuffix(" Nothing was published.")
        else:
            why = f"Spark refuses what its file says with {error.getCondition()}."
        self._outcome.stopped_products[step.table] = why
        log.warning("%s is stopped, and the run goes on: %s", step.table, why)
        if step.keep is not None and self._attempt.base_version(step.table):
            spec = self._lake.specs[step.table]
            rows = conformed(step.keep(self._inputs(step)), spec)
            self._lake.tables.fit(spec)
            key = self._attempt.key(f"{spec.name}:kept")
            self._versions[spec.name] = self._lake.tables.write(rows, spec, key)

    def _publish(self, step: Step) -> None:
        spec, suite = self._lake.specs[step.table], self._suites[step.table]
        frame = conformed(step.build(self._inputs(step)), spec)
        staged = flagged(frame, suite, spec).persist()
        try:
            outcome = gate(staged, suite)
            self._outcome.outcomes.append(outcome)
            require_passed([outcome])
            if outcome.held_count:
                self._hold(staged, spec)
            key = self._attempt.key(spec.name)
            good = good_rows(staged) if outcome.held_count else staged.drop(FLAGS)
            if step.stops_alone:
                self._lake.tables.fit(spec)
            self._versions[spec.name] = self._lake.tables.write(good, spec, key)
        finally:
            staged.unpersist()

    def _hold(self, staged: DataFrame, spec: TableSpec) -> None:
        held = quarantined(staged, spec, self._attempt.run_id, datetime.now(UTC))
        key = self._attempt.key(f"{QUARANTINE.name}:{spec.name}")
        self._lake.tables.write(held, QUARANTINE, key, part=f":{spec.name}")

    def _judge_links(self) -> None:
        """Records what the run's links look like, and stops it where that is beyond the limits."""
        settings = self._lake.settings.linkage
        with self._timed(LINKAGE_QUALITY.name):
            shared = SHARED_IDENTIFIER.name
            unshared = no_longer_shared(self._read(shared), self._released(shared))
            quality = linkage_quality(
                self._read(IDENTITY_MAP.name),
                self._released(IDENTITY_MAP.name),
                self._read(RECORD_EVIDENCE.name),
                self._read(SCORED_EDGE.name),
                self._read(CLUSTER.name),
                self._read(OVERSIZED_BLOCK.name),
                unshared,
                review=settings.thresholds.review,
            )
            found = measures(quality, settings.quality)
            run = (self._attempt.run_id, self._attempt.number, self._attempt.as_of)
            rows = [(*run, *astuple(m)) for m in found]
            frame = local_frame(self._lake.spark, rows, LINKAGE_QUALITY.ddl()).coalesce(1)
            key = self._attempt.key(LINKAGE_QUALITY.name)
            self._lake.tables.write(frame, LINKAGE_QUALITY, key)
            warn_of_unshared_values(found, unshared)
            require_within_limits(found)

    def _inputs(self, step: Step) -> Inputs:
        return Inputs(
            spark=self._lake.spark,
            settings=self._lake.settings,
            as_of=self._attempt.as_of,
            run_id=self._attempt.run_id,
            release_number=self._attempt.release_number,
            scratch=self._scratch,
            own_models=own_models(self._lake, self._attempt.number),
            frames={table: self._read(table) for table in step.reads},
            previous={table: self._released(table) for table in step.builds_on},
            made_for=self._attempt.base.made_for,
            forgets=self._forgetting is not None,
        )

    def _read(self, table: str) -> DataFrame:
        if table in attempts.LOG_TABLES:
            log = self._lake.logged(self._lake.specs[table], self._log_version(table))
            return log if self._forgetting is None else self._forgetting.without_decisions(log)
        return self._lake.read_at(table, self._version(table))

    def _log_version(self, table: str) -> int | None:
        """The version that the run's first reader found: what people say meanwhile is for the next run."""
        tables = self._lake.tables
        with self._log_lock:
            if table not in self._log_versions:
                found = tables.version(table) if tables.exists(table) else None
                self._log_versions[table] = found
            return self._log_versions[table]

    def _released(self, table: str) -> DataFrame:
        before = self._lake.read_at(table, self._attempt.base_version(table))
        if self._forgetting is None:
            return before
        return self._forgetting.without(table, before, self._attempt)

    def _version(self, table: str) -> int:
        return self._versions.get(table, self._attempt.base_version(table))

    def _record(self, steps: Sequence[Step]) -> None:
        silver = {s.table: self._read(s.table) for s in steps if s.table.startswith("silver.")}
        records: list[Callable[[], None]] = [self.record_results]
        if silver:
            records += [
                lambda: self._record_corrections(silver),
                lambda: self._record_freshness(silver),
            ]
        if any(step.table == CUSTOMER_360.name and not step.is_retired for step in steps):
            records.append(self._record_fact_freshness)
        in_parallel(lambda record: record(), records, self._threads)
        self._versions[QUARANTINE.name] = self._lake.tables.version(QUARANTINE.name)

    def _record_corrections(self, silver: Mapping[str, DataFrame]) -> None:
        spec = CORRECTION_COUNT
        counts = conformed(correction_count(silver, self._attempt.run_id), spec)
        key = self._attempt.key(spec.name)
        self._versions[spec.name] = self._lake.tables.write(counts, spec, key)

    def _record_fact_freshness(self) -> None:
        spec, attempt = FACT_FRESHNESS, self._attempt
        told = fact_freshness(self._read(CUSTOMER_360.name), attempt.run_id, attempt.as_of)
        written = conformed(told, spec).coalesce(1)
        self._versions[spec.name] = self._lake.tables.write(written, spec, attempt.key(spec.name))

    def _record_freshness(self, silver: Mapping[str, DataFrame]) -> None:
        attempt = self._attempt
        found = freshness(silver, self._lake.settings.sources, attempt.as_of)
        self._outcome.late_feeds = [feed for feed in found if feed.is_late]
        rows = [
            (
                attempt.run_id,
                attempt.as_of,
                feed.source_feed,
                feed.newest_at,
                feed.lag_hours,
                feed.newest_event_at,
                feed.event_lag_hours,
                feed.limit_hours,
                feed.is_late,
                feed.row_count,
                feed.stale_row_count,
            )
            for feed in found
        ]
        frame = local_frame(self._lake.spark, rows, FRESHNESS.ddl()).coalesce(1)
        self._versions[FRESHNESS.name] = self._lake.tables.write(
            frame, FRESHNESS, attempt.key(FRESHNESS.name)
        )

    def record_results(self) -> None:
        """Writes what every gate so far has found, whether the run goes on or not."""
        now = datetime.now(UTC)
        page = self._lake.settings.quality.data_docs / f"{self._attempt.run_id}.html"
        write_data_docs(page, self._attempt.run_id, now, self._outcome.outcomes)
        results = quality_results(
            self._lake.spark, self._outcome.outcomes, self._attempt.run_id, now
        )
        self._lake.tables.write(
            conformed(results, QUALITY_RESULT).coalesce(1),
            QUALITY_RESULT,
            self._attempt.key(QUALITY_RESULT.name),
        )

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        log.info("%s began", step)
        began = time.monotonic()
        state = "failed"
        try:
            yield
            state = "done"
        finally:
            seconds = round(time.monotonic() - began, 3)
            self._outcome.step_seconds[step] = seconds
            log.info("%s %s in %.1f s", step, state, seconds)
