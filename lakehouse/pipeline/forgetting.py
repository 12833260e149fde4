"""What a run does otherwise that erases people: bronze, quarantine and decisions lose their rows before it
builds, what tables keep of their last release comes without them, and all that follows is made anew.

Everything is found from the release that the run starts from, so that a run that was killed finds it again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.linkage.identity_event import erased_event
from lakehouse.pipeline.attempt import LOG_TABLES, Attempt
from lakehouse.pipeline.erased_landing import prepare_landing, rejected_files
from lakehouse.pipeline.erased_values import erased_value_marks
from lakehouse.pipeline.held import PLACE
from lakehouse.pipeline.lake import Lake, in_parallel
from lakehouse.pipeline.subject_rows import (
    bronze_rows,
    held_rows_of,
    keys_of,
    mentioning,
    suppressions,
)
from lakehouse.privacy.erasure_marks import CUSTOMER, KEY, RECORD, VALUE
from lakehouse.tables.audience import AUDIENCE_EXPORT
from lakehouse.tables.conform import conformed
from lakehouse.tables.erasure import ERASED_ROW, ERASURE_MARK, ERASURE_TABLES, SUPPRESSION
from lakehouse.tables.linkage import (
    CLUSTER,
    ERASED,
    IDENTITY_EVENT,
    IDENTITY_MAP,
    OVERSIZED_BLOCK,
    RECORD_EVIDENCE,
    SCORED_EDGE,
    TERM_FREQUENCY,
    TOUCHED_RECORD,
)
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import LANDING_FILE, QUARANTINE
from lakehouse.tables.spec import Layer, TableSpec, WriteMode

KEY_COLUMNS = (
    "record_key",
    "person_record_key",
    "record_key_l",
    "record_key_r",
    "customer_id",
    "other_customer_id",
)
"""Columns by which a row of a log is about a person."""

_COMPARED = frozenset(
    spec.name for spec in (RECORD_EVIDENCE, OVERSIZED_BLOCK, SCORED_EDGE, CLUSTER, TERM_FREQUENCY)
)
"""What linkage looks into to see who is gone: nothing of these people goes on from there."""


def is_about_people(spec: TableSpec) -> bool:
    """True of a log with rows about single people: it is never made anew, so that these are deleted."""
    is_log = spec.write_mode is WriteMode.APPEND and spec.layer is not Layer.BRONZE
    # An export's destination can be told to let her go only as long as it is known that she went there.
    is_apart = spec in (*ERASURE_TABLES, QUARANTINE, AUDIENCE_EXPORT)
    return is_log and not is_apart and bool({*KEY_COLUMNS} & {*spec.column_names})


@dataclass(frozen=True)
class Forgetting:
    """The erasures that one run carries out together, each by its id."""

    lake: Lake
    erasure_ids: Sequence[str]

    def begin(self, attempt: Attempt) -> Mapping[str, int]:
        """Erases what the run builds from, and returns the versions of the tables that are without it."""
        lake = self.lake
        self._write_marks(RECORD, KEY, keys_of(lake, attempt, self._marks(RECORD)), attempt)
        keys = self._marks(RECORD, KEY).persist()
        told = suppressions(lake, attempt, keys)
        self._log(told, SUPPRESSION, SUPPRESSION.name, attempt)
        self._write_marks(CUSTOMER, CUSTOMER, self._customers(attempt), attempt)
        found = bronze_rows(lake, attempt, keys).distinct().persist()
        values = erased_value_marks(lake, attempt, found, self._marks(RECORD), self.erasure_ids[0])
        self._write_marks(VALUE, VALUE, values, attempt)
        marks = self._marks(VALUE).select(F.col("key").alias("mark"))
        held = held_rows_of(lake, attempt, self.erasure_ids, self.told_of(attempt), marks)
        erased = found.unionByName(held.of_files).distinct()
        whole = self._rejected_files(attempt, marks)
        self._log(erased.unionByName(whole), ERASED_ROW, ERASED_ROW.name, attempt)
        rows = lake.tables.read(ERASED_ROW.name).where(F.col("run_id") == attempt.run_id)
        rows = rows.distinct().persist()
        ledger = prepare_landing(lake, attempt, rows)
        versions = {LANDING_FILE.name: ledger}
        for table in [row.table_name for row in rows.select("table_name").distinct().collect()]:
            if table.startswith(f"{Layer.BRONZE}."):
                places = rows.where(F.col("table_name") == table).select(*PLACE)
                versions[table] = self._deleted(lake.specs[table], places)
        versions[QUARANTINE.name] = self._deleted(QUARANTINE, held.rows)
        versions |= self._forget(spec for spec in self._logs() if spec.name not in LOG_TABLES)
        versions[IDENTITY_EVENT.name] = self._tell_erased(attempt)
        # Kept, they would be planned anew whenever a row of marks goes: at the proof, from logs that are cut.
        lake.spark.catalog.clearCache()
        return versions

    def end(self, attempt: Attempt, versions: Mapping[str, int]) -> Mapping[str, int]:
        """The versions of all tables that the run has written, sealed.

        What only told its own steps that the people are gone is taken out first.
        """
        self._deleted(TOUCHED_RECORD, self._records().select("record_key"))
        tables = sorted({*versions, TOUCHED_RECORD.name})
        threads = self.lake.settings.lake.parallel_steps
        found = in_parallel(
            lambda table: self.lake.tables.sealed(table, attempt.run_id), tables, threads
        )
        return dict(zip(tables, found, strict=True))

    def without(self, table: str, before: DataFrame, attempt: Attempt) -> DataFrame:
        """What a table has of the last release, without these people where it would go on."""
        if table in _COMPARED:
            return before
        column = "record_key" if table == IDENTITY_MAP.name else "customer_id"
        if column not in before.columns:
            return before
        gone = self._marks(RECORD, CUSTOMER)
        if table.startswith(f"{Layer.SERVE}."):
            # A product tells no record from another: of who lives on its last rows may show an erased one.
            gone = gone.unionByName(self._customers_of(attempt))
        named = F.broadcast(gone.select(F.col("key").alias(column)).distinct())
        return before.join(named, on=column, how="left_anti").select(*before.columns)

    def without_decisions(self, log: DataFrame) -> DataFrame:
        """The log's rows, but for decisions that name a record of these people beside somebody else's.

        What linkage tells of who stays would go on naming them. The log loses these rows after the run.
        """
        for column in {"record_key_l", "record_key_r"} & {*log.columns}:
            named = self._marks(RECORD).select(F.col("key").alias(column)).distinct()
            log = log.join(F.broadcast(named), on=column, how="left_anti").select(*log.columns)
        return log

    def told_of(self, attempt: Attempt) -> DataFrame:
        """erasure_id, key: by which a held row is about these people, or a customer partly made of them."""
        return self._marks(RECORD, KEY, CUSTOMER).unionByName(self._customers_of(attempt))

    def _marks(self, *kinds: str) -> DataFrame:
        """erasure_id, key: the marks of these kinds, once each."""
        log = self.lake.logged(ERASURE_MARK)
        of_run = F.col("erasure_id").isin(*self.erasure_ids) & F.col("kind").isin(*kinds)
        return log.where(of_run).select("erasure_id", F.col("mark").alias("key")).distinct()

    def _rejected_files(self, attempt: Attempt, marks: DataFrame) -> DataFrame:
        """Rows of ops.erased_row: the rejected files in which one of these values stands."""
        ledger = self.lake.released(attempt.base, LANDING_FILE.name)
        rows = [
            (attempt.run_id, LANDING_FILE.name, name, file_hash, 0)
            for name, file_hash in rejected_files(self.lake, ledger, lambda: marks)
        ]
        return local_frame(self.lake.spark, rows, ERASED_ROW.ddl())

    def _write_marks(self, part: str, kind: str, marks: DataFrame, attempt: Attempt) -> None:
        rows = marks.select("erasure_id", F.lit(kind).alias("kind"), F.col("key").alias("mark"))
        self._log(rows.distinct(), ERASURE_MARK, f"{ERASURE_MARK.name}:{part}", attempt)

    def _tell_erased(self, attempt: Attempt) -> int:
        """Logs of each living customer who goes that the id is erased; the version that says so."""
        known = self._known(attempt).where(F.col("valid_to").isNull())
        gone = self._marks(CUSTOMER).select(F.col("key").alias("customer_id")).distinct()
        customers = (
            known.join(F.broadcast(gone), on="customer_id", how="left_semi")
            .groupBy("customer_id")
            .agg(F.count(F.lit(1)).alias("record_count"))
        )
        rows = erased_event(customers, attempt.run_id, attempt.as_of)
        return self._log(rows, IDENTITY_EVENT, f"{IDENTITY_EVENT.name}:erased", attempt)

    def _log(self, rows: DataFrame, spec: TableSpec, write: str, attempt: Attempt) -> int:
        self.lake.tables.create(spec)
        return self.lake.tables.write(conformed(rows, spec).coalesce(1), spec, attempt.key(write))

    def _customers(self, attempt: Attempt) -> DataFrame:
        """erasure_id, key: customers who never had a record of anybody else."""
        others = (
            self._known(attempt)
            .join(F.broadcast(self._records()), on="record_key", how="left_anti")
            .select(F.col("customer_id").alias("key"))
        )
        return self._customers_of(attempt).join(others, on="key", how="left_anti")

    def _customers_of(self, attempt: Attempt) -> DataFrame:
        """erasure_id, key: customers whose any of these people's records is or ever was."""
        theirs = self._known(attempt).join(
            F.broadcast(self._records()), on="record_key", how="inner"
        )
        return theirs.select("erasure_id", F.col("customer_id").alias("key")).distinct()

    def _known(self, attempt: Attempt) -> DataFrame:
        return self.lake.read_at(IDENTITY_MAP.name, attempt.base_version(IDENTITY_MAP.name))

    def _records(self) -> DataFrame:
        return self._marks(RECORD).withColumnRenamed("key", "record_key")

    def drop_marks(self) -> None:
        """Deletes what an earlier run marked that came to nothing: others than these may have been in it."""
        kinds = [(i, kind) for i in self.erasure_ids for kind in (KEY, CUSTOMER, VALUE)]
        stale = local_frame(self.lake.spark, kinds, "erasure_id string, kind string")
        self._deleted(ERASURE_MARK, stale)

    def forget_decisions(self) -> None:
        """Deletes what was decided about these people, once they are gone.

        Such logs stand outside of releases: a run that is rolled back would not put them back, and who is
        still there would be without her restriction.
        """
        self._forget(spec for spec in self._logs() if spec.name in LOG_TABLES)

    def _logs(self) -> Iterator[TableSpec]:
        for spec in self.lake.specs.values():
            if is_about_people(spec) and self.lake.tables.exists(spec.name):
                yield spec

    def _forget(self, logs: Iterable[TableSpec]) -> dict[str, int]:
        """Deletes the rows about these people from these logs; the versions without them."""
        keys = self._marks(RECORD, KEY, CUSTOMER).select("key").distinct()
        versions = {}
        for spec in logs:
            columns = [name for name in KEY_COLUMNS if name in spec.column_names]
            log = self.lake.tables.read(spec.name)
            if spec == IDENTITY_EVENT:
                # A run that was killed told it already, and goes on.
                log = log.where(F.col("event") != ERASED)
            rows = mentioning(log, columns, keys)
            versions[spec.name] = self._deleted(spec, rows.select(*spec.primary_key))
        return versions

    def _deleted(self, spec: TableSpec, keys: DataFrame) -> int:
        return self.lake.tables.delete(spec, keys).version
