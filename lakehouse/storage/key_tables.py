"""Data keys, each wrapped by a master key, in tables beside the lake that keep no history.

The keys of `bronze.crm_contact` lie in `<keys>/bronze/crm_contact`, one for each record of the source;
those of decisions and requests in `<keys>/ops/…`, one for each row; those of silver and linkage, which
every run makes anew, in `<keys>/ops/run`, one for each run. A key that is dropped is gone with the file
that held it.
Keys are random and come into a plan by a join: a literal would be printed with it.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock

import pyarrow as pa
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import words_withheld
from lakehouse.settings.places import local_path
from lakehouse.storage.delta_tables import DeltaTables, WriteKey
from lakehouse.storage.kill_points import KillPoints
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.storage.maintenance import vacuum_before
from lakehouse.storage.session import is_local
from lakehouse.storage.wrapping import RUN_KEYS, unwrapped
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.spec import Column, Sensitivity, TableSpec, WriteMode

_ID_BYTES, _KEY_BYTES = 16, 32
_MADE = "record string, key_id string, data_key binary"


def key_table(table: str) -> TableSpec:
    """The table of the data keys of this one."""
    return TableSpec(
        name=table,
        description=f"One row per data key of {table}.",
        columns=(
            # As personal as can be, so that Delta's log quotes none.
            Column("record", "string", "Whose key it is.", Sensitivity.DIRECT_IDENTIFIER),
            Column("key_id", "string", "Random name of the key.", Sensitivity.DIRECT_IDENTIFIER),
            Column("wrapped_key", "binary", "The key, encrypted by the master key."),
            Column("master_version", "int", "Version of the master key."),
        ),
        primary_key=("key_id",),
        owner="privacy",
        retention_days=3650,
        purposes=("operations",),
        write_mode=WriteMode.APPEND,
    )


class KeyTables:
    """The data keys of one lake."""

    def __init__(
        self, spark: SparkSession, folder: str, lock_kind: str, masters: Mapping[int, bytes]
    ) -> None:
        self._spark = spark
        self._folder = folder
        self._masters = masters
        self._locks = Locks(folder, lock_kind)
        # Its kill points are none of a run's.
        self._tables = DeltaTables(spark, Locations(folder), self._locks, KillPoints(None))
        self._known: set[str] = set()
        self._run_lock = Lock()
        self._runs: dict[str, tuple[str, bytes]] = {}
        self._runs_at: str | None = None

    def exists(self, table: str) -> bool:
        """True if there are keys for this table, or were."""
        if table not in self._known and self._tables.exists(table):
            self._known.add(table)
        return table in self._known

    def of_records(self, table: str, *, now: bool = True) -> DataFrame:
        """record, key_id, data_key: the keys of this table, when the frame is read or as they are `now`.

        A local session reads them as they are now as files; elsewhere frames live longer than keys may.
        """
        version = self._tables.version(table) if now and is_local(self._spark) else None
        rows = self._tables.read(table, version).join(
            F.broadcast(self._master_frame()), on="master_version", how="left"
        )
        lacking = F.raise_error(F.lit("A master key of this lake's data keys is not in conf."))
        master = F.coalesce("master_key", lacking)
        key = F.aes_decrypt(*_gcm("wrapped_key", master, F.col("key_id").cast("binary")))
        return rows.select("record", "key_id", key.alias("data_key"))

    def made_for(self, table: str, records: DataFrame) -> DataFrame:
        """record, key_id, data_key: the keys of this table once each of `records` (record) has one.

        Whoever calls it keeps others from the table: a record that has a key already keeps it.
        """
        spec = key_table(table)
        self._tables.create(spec)
        known = self._tables.read(table, self._tables.version(table)).select("record")
        new = records.distinct().join(known, on="record", how="left_anti")
        self._write(self._wrapped(new.mapInArrow(_with_keys, _MADE)), spec)
        return self.of_records(table).dropDuplicates(["record"])

    def of_run(self, number: int) -> DataFrame:
        """key_id, data_key: the one key of the run of this number, made if it has none yet."""
        record = str(number)
        with self._run_lock:
            if record not in self._run_keys():
                made = local_frame(self._spark, [(record,)], "record string")
                with self._locks.table(f"{RUN_KEYS}.made"):
                    self.made_for(RUN_KEYS, made)
            return self._run_frame([self._run_keys()[record]])

    def of_all_runs(self) -> DataFrame:
        """key_id, data_key: the keys of all runs that have one still."""
        with self._run_lock:
            return self._run_frame(list(self._run_keys().values()))

    def keep_only(self, table: str, used: DataFrame) -> int:
        """Drops the keys of this table that are not in `used` (key_id), for good; returns how many."""
        known = self._tables.read(table).select("key_id")
        unused = known.join(used.distinct(), on="key_id", how="left_anti")
        dropped = self._tables.delete(key_table(table), unused).row_count
        # Also when nothing was left to drop: one that was killed may have left the files.
        self._forget_history(table)
        return dropped

    def rewrap(self, table: str) -> int:
        """Wraps those keys of this table anew that another than the newest master key wraps; how many."""
        is_old = F.col("master_version") != max(self._masters)
        count = self._tables.read(table).where(is_old).count()
        if count:
            spec = replace(key_table(table), write_mode=WriteMode.OVERWRITE)
            self._write(self._wrapped(self.of_records(table)), spec)
        self._forget_history(table)
        return count

    def _write(self, keys: DataFrame, spec: TableSpec) -> None:
        # Numbered by the table itself: a lake that was put back from a copy counts its runs anew.
        number = self._tables.version(spec.name) + 1
        self._tables.write(keys, spec, WriteKey("c360:keys", number, ""))

    def _forget_history(self, table: str) -> None:
        vacuum_before(self._spark, self._tables, [table], datetime.now(UTC))

    def _master_frame(self, newest: bool = False) -> DataFrame:
        chosen = [max(self._masters)] if newest else sorted(self._masters)
        rows = [(version, self._masters[version]) for version in chosen]
        return local_frame(self._spark, rows, "master_version int, master_key binary")

    def _wrapped(self, keys: DataFrame) -> DataFrame:
        rows = keys.crossJoin(F.broadcast(self._master_frame(newest=True)))
        bound = F.col("key_id").cast("binary")
        wrapped = F.aes_encrypt(*_gcm("data_key", F.col("master_key"), F.lit(b""), bound))
        return rows.select("record", "key_id", wrapped.alias("wrapped_key"), "master_version")

    def _run_keys(self) -> dict[str, tuple[str, bytes]]:
        """By run, its key's id and the key; read again when they have changed."""
        if not self.exists(RUN_KEYS):
            return {}
        newest = self._newest_commit(RUN_KEYS)
        if newest is None or newest != self._runs_at:
            self._runs = {
                row.record: (
                    row.key_id,
                    unwrapped(self._masters, row.master_version, row.key_id, row.wrapped_key),
                )
                for row in self._tables.read(RUN_KEYS).collect()
            }
            self._runs_at = newest
        return self._runs

    def _newest_commit(self, table: str) -> str | None:
        """What changes with each commit; None where only Spark could tell."""
        folder = local_path(f"{Locations(self._folder).path(table)}/_delta_log")
        if folder is None:
            return None
        return max((path.name for path in folder.glob("*.json")), default=None)

    def _run_frame(self, keys: list[tuple[str, bytes]]) -> DataFrame:
        return local_frame(self._spark, keys, "key_id string, data_key binary")


def _gcm(content: str, key: SparkColumn, *more: SparkColumn) -> tuple[SparkColumn, ...]:
    return F.col(content), key, F.lit("GCM"), F.lit("DEFAULT"), *more


def _with_keys(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Each record with a key of its own and the key's name, from the operating system's generator."""
    with words_withheld():
        for batch in batches:
            count = batch.num_rows
            ids, keys = os.urandom(count * _ID_BYTES), os.urandom(count * _KEY_BYTES)
            yield pa.RecordBatch.from_arrays(
                [
                    batch.column(0),
                    pa.array(
                        [ids[i * _ID_BYTES : (i + 1) * _ID_BYTES].hex() for i in range(count)]
                    ),
                    pa.array(
                        [keys[i * _KEY_BYTES : (i + 1) * _KEY_BYTES] for i in range(count)],
                        type=pa.binary(),
                    ),
                ],
                names=["record", "key_id", "data_key"],
            )
