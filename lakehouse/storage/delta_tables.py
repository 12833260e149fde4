"""Delta tables: create, read at a version, write exactly once, go back.

Every write carries `txnAppId = c360:<table or part>` and `txnVersion = <run number>`. Delta skips a
pair that it has seen, or a lower number, in silence (an append says nothing and the rows are gone), so
each write looks afterwards for its own commit in the table's log: the same write was done before, or
it is refused with an error. A local session writes tables as files where it can (`version_files`), with
the same two.
Personal columns are kept out of Delta's statistics: they would stand in its log in clear text, where
no DELETE and no VACUUM reaches them.

What a spec says is to be encrypted is encrypted on its way in and decrypted on its way out (`Encryption`).
Tables by path and by catalog name are written alike. `saveAsTable` would replace the table itself at
every overwrite.
"""

import json
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from delta import DeltaTable
from deltalake import DeltaTable as PlainTable
from deltalake import Schema as PlainSchema
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.errors import SchemaError, WriteConflictError
from lakehouse.settings.places import local_path
from lakehouse.storage.cells import CELL, KEY_ID, encrypted_among
from lakehouse.storage.kill_points import (
    AFTER_COMMIT,
    AFTER_DELETE,
    BEFORE_DELETE,
    BEFORE_WRITE,
    KillPoints,
)
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.storage.session import is_local
from lakehouse.storage.version_files import (
    FileCommit,
    remove_staged,
    rows_of_files,
    schema_of,
    write_files,
)
from lakehouse.tables.spec import Column, Layer, TableSpec, WriteMode

if TYPE_CHECKING:
    from lakehouse.storage.encryption import Encryption

_GONE = ".gone"
_HISTORY_LENGTH = 200
_STATISTICS = "delta.dataSkippingStatsColumns"


@dataclass(frozen=True)
class WriteKey:
    """What makes a write the same write: its name, its run number and a digest of its input."""

    app: str
    number: int
    input_digest: str

    def metadata(self) -> str:
        """The key as the text kept in the commit."""
        return json.dumps({"app": self.app, "number": self.number, "input": self.input_digest})


@dataclass(frozen=True)
class Commit:
    """One commit of a table's history; `key` is None for commits that no run made."""

    version: int
    key: WriteKey | None


@dataclass(frozen=True)
class Deleted:
    """What a deletion came to: rows, and the table's version without them."""

    row_count: int
    version: int


class DeltaTables:
    """All tables of one lake."""

    def __init__(
        self,
        spark: SparkSession,
        locations: Locations,
        locks: Locks,
        kill_points: KillPoints,
        encryption: "Encryption | None" = None,
    ) -> None:
        """Without `encryption` everything is written as it is, and read as it lies."""
        self._encryption = encryption
        self._spark = spark
        self._locations = locations
        self._locks = locks
        self._kill_points = kill_points

    def exists(self, table: str) -> bool:
        """True if the table is there and is a Delta table."""
        name = self._locations.catalog_name(table)
        if name is not None:
            return self._spark.catalog.tableExists(name.replace("`", ""))
        return DeltaTable.isDeltaTable(self._spark, self._locations.path(table))

    def create(self, spec: TableSpec) -> None:
        """Creates the table if it is missing, with comments, properties and clustering.

        Of a table by catalog name, the schema too. In a local session files are sorted instead of clustered.
        """
        if self.exists(spec.name):
            return
        with self._locks.table(spec.name):
            folder = self._own_folder(spec.name)
            if folder is not None:
                self._create_plainly(spec, folder)
                return
            schema = self._locations.schema(spec.name)
            if schema is not None:
                self._spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            definition = _definition(spec, self._columns(spec))
            self._spark.sql(
                f"CREATE TABLE IF NOT EXISTS {self._locations.sql(spec.name)} {definition}"
            )

    def _create_plainly(self, spec: TableSpec, folder: Path) -> None:
        """Does the same by delta-rs, in a tenth of the time, but for clustering: it knows none."""
        schema = StructType.fromDDL(_columns_ddl(self._columns(spec)))
        PlainTable.create(
            str(folder),
            PlainSchema.from_json(schema.json()),
            mode="ignore",
            description=spec.description,
            configuration=dict(table_properties(spec)),
        )

    def fit(self, spec: TableSpec, *, is_made_anew: bool = False) -> None:
        """Alters the table where its spec has changed since: columns gained, comments, properties.

        A column that the spec has lost stays, null in rows that are written from now on. One that has
        become personal is kept out of the statistics of all writes to come. A data product, whose domain
        may say anything else tomorrow, is empty and of its new columns from then on where these differ,
        and so is a table with a column of another type if it `is_made_anew`; earlier versions stay as
        they were.

        Raises:
            SchemaError: a stored column has another type than its spec declares, and would keep its rows.
        """
        name = self._locations.sql(spec.name)
        schema, properties = self._described(spec.name)
        stored = {field.name: field.dataType.simpleString() for field in schema}
        declared = {c.name: _simple_type(c.type) for c in spec.columns}
        differs = stored != declared
        wrong = [n for n, t in declared.items() if stored.get(n, t) != t]
        if (spec.layer is Layer.SERVE and differs) or (wrong and is_made_anew):
            with self._locks.table(spec.name):
                self._spark.sql(f"REPLACE TABLE {name} {_definition(spec, self._columns(spec))}")
            return
        if wrong:
            raise _other_types(spec.name, wrong)
        comments = {field.name: field.metadata.get("comment") for field in schema}
        alterations = list(_alterations(spec, self._columns(spec), comments, properties))
        if alterations:
            with self._locks.table(spec.name):
                for alteration in alterations:
                    self._spark.sql(f"ALTER TABLE {name} {alteration}")

    def _described(self, table: str) -> tuple[StructType, Mapping[str, str]]:
        """The table's schema and properties."""
        folder = self._locations.local_path(table)
        if folder is not None:
            # Asked of every table: delta-rs reads the log where Spark would compute the table's state.
            found = PlainTable(str(folder))
            return schema_of(found), found.metadata().configuration
        detail = self._spark.sql(f"DESCRIBE DETAIL {self._locations.sql(table)}").collect()[0]
        return self._stored(table).schema, detail.properties

    def read(self, table: str, version: int | None = None) -> DataFrame:
        """The table's rows, at a version or as they stand now.

        What was encrypted by a key that has been dropped is null.
        """
        stored = self._stored(table, version)
        if self._encryption is None:
            return stored
        return self._encryption.decrypted(stored, table, grows=version is None)

    def key_ids(self, table: str, version: int | None = None) -> DataFrame | None:
        """key_id: the data keys of the table's rows; None if it has no encrypted rows."""
        stored = self._stored(table, version)
        if KEY_ID not in stored.columns:
            return None
        return stored.where(F.col(KEY_ID).isNotNull()).select(F.col(KEY_ID).alias("key_id"))

    def is_encrypted(self, table: str, version: int) -> bool:
        """True if a row of this version cannot be read without a data key."""
        folder = self._locations.local_path(table)
        if folder is not None:
            stored = PlainTable(str(folder), version=version).schema().fields
            if KEY_ID not in {field.name for field in stored}:
                return False
        ids = self.key_ids(table, version)
        return ids is not None and not ids.isEmpty()

    def _stored(self, table: str, version: int | None = None) -> DataFrame:
        folder = self._own_folder(table)
        if version is not None and folder is not None:
            rows = rows_of_files(self._spark, folder, version)
            if rows is not None:
                return rows
        at = "" if version is None else f" VERSION AS OF {int(version)}"
        return self._spark.sql(f"SELECT * FROM {self._locations.sql(table)}{at}")

    def _own_folder(self, table: str) -> Path | None:
        """The table's folder, if this machine alone works on it: volumes and shared mounts look local too."""
        return self._locations.local_path(table) if is_local(self._spark) else None

    def _columns(self, spec: TableSpec) -> list[Column]:
        added = [] if self._encryption is None else self._encryption.added_columns(spec)
        return [*spec.columns, *added]

    def version(self, table: str) -> int:
        """The table's newest version."""
        return self.history(table, 1)[0].version

    def history(self, table: str, length: int = _HISTORY_LENGTH) -> list[Commit]:
        """The newest commits, newest first."""
        folder = self._locations.local_path(table)
        if folder is not None:
            # Asked after every write: delta-rs reads the log where Spark would start a job for it.
            told = PlainTable(str(folder)).history(length)
            return [Commit(c["version"], _key(c.get("userMetadata"))) for c in told]
        rows = (
            self._spark.sql(f"DESCRIBE HISTORY {self._locations.sql(table)} LIMIT {length}")
            .select("version", "userMetadata")
            .collect()
        )
        return [Commit(row.version, _key(row.userMetadata)) for row in rows]

    def write(self, frame: DataFrame, spec: TableSpec, key: WriteKey, part: str = "") -> int:
        """Writes `frame` once under `key` and returns the table's version that holds it.

        `part` tells several writes of one step apart at kill points.

        Raises:
            WriteConflictError: the key's number was used for other input, or is lower than the last.
        """
        subject = f"{spec.name}{part}"
        with self._locks.table(spec.name):
            self._kill_points.passed(subject, BEFORE_WRITE)
            if self._encryption is not None:
                frame = self._encryption.encrypted(frame, spec, key)
            if not self._write_files(frame, spec, key):
                self._write_by_delta(frame, spec, key)
            self._kill_points.passed(subject, AFTER_COMMIT)
            return self._version_written(spec.name, key)

    def _write_files(self, frame: DataFrame, spec: TableSpec, key: WriteKey) -> bool:
        """Writes the rows as files where that is the same; true if it did, or if the key was used before."""
        folder = self._own_folder(spec.name)
        if folder is None:
            return False
        seen = PlainTable(str(folder)).transaction_version(key.app)
        if seen is not None and seen >= key.number:
            return True
        commit = FileCommit(key.app, key.number, key.metadata())
        # Within each file readers skip by the least and greatest values of its parts, as soon as it is there.
        rows = frame.sortWithinPartitions(*spec.cluster_by) if spec.cluster_by else frame
        replaces = spec.write_mode is WriteMode.OVERWRITE
        return write_files(rows, folder, commit, replaces=replaces)

    def _write_by_delta(self, frame: DataFrame, spec: TableSpec, key: WriteKey) -> None:
        writer = (
            frame.writeTo(self._locations.sql(spec.name))
            .option("txnAppId", key.app)
            .option("txnVersion", key.number)
            .option("userMetadata", key.metadata())
        )
        if spec.write_mode is WriteMode.OVERWRITE:
            # Rows are replaced, never the table: that would drop what it is clustered by.
            writer.option("replaceWhere", "true").overwrite(F.lit(True))
        else:
            writer.append()

    def delete(self, spec: TableSpec, keys: DataFrame) -> Deleted:
        """Deletes the rows that agree with a row of `keys` in all of its columns, a null with a null.

        Deleting again deletes nothing, so that it needs no key of its own. Its commit names columns and
        no value, and files are written anew: no deletion vector keeps a row in them.
        """
        with self._locks.table(spec.name):
            self._kill_points.passed(spec.name, BEFORE_DELETE)
            keys = self._as_stored(spec.name, keys)
            agrees = " AND ".join(f"t.`{name}` <=> k.`{name}`" for name in keys.columns)
            view = f"keys_{uuid.uuid4().hex}"
            keys.distinct().createOrReplaceTempView(view)
            try:
                told = self._spark.sql(
                    f"MERGE INTO {self._locations.sql(spec.name)} t USING {view} k ON {agrees} "
                    "WHEN MATCHED THEN DELETE"
                ).collect()
            finally:
                self._spark.catalog.dropTempView(view)
            self._kill_points.passed(spec.name, AFTER_DELETE)
            return Deleted(int(told[0].num_deleted_rows), self.version(spec.name))

    def _as_stored(self, table: str, keys: DataFrame) -> DataFrame:
        """The keys as the table's files have them: an encrypted value is found by its row's cell."""
        stored = self._stored(table)
        encrypted = [name for name in encrypted_among(stored.columns) if name in keys.columns]
        if self._encryption is None or not encrypted:
            return keys
        as_stored = {name: f"_stored_{name}" for name in encrypted}
        both = stored.withColumns({own: F.col(name) for name, own in as_stored.items()})
        rows = self._encryption.decrypted(both, table, also=(CELL,)).alias("t")
        agrees = [F.col(f"t.{n}").eqNullSafe(F.col(f"k.{n}")) for n in keys.columns]
        found = rows.join(keys.alias("k"), on=agrees, how="left_semi")
        return found.select(*(F.col(as_stored.get(n, n)).alias(n) for n in keys.columns), CELL)

    def _version_written(self, table: str, key: WriteKey) -> int:
        newest = self.history(table, 1)
        if newest[0].key == key:
            return newest[0].version
        # The write was skipped: the log has seen the pair, or a higher number, before.
        for commit in self.history(table):
            if commit.key is None or commit.key.app != key.app:
                continue
            if commit.key == key:
                return commit.version
            break
        raise WriteConflictError(
            f"Table {table}: write number {key.number} was used before for other input, or another "
            "writer overtook it; nothing was written.",
            "look for a second writer of this lake, then start the job under a new run id.",
        )

    def sealed(self, table: str, run_id: str) -> int:
        """A version with the same rows, whose commit quotes none that are gone; `run_id` tells who made it.

        So the log can be cut off below it: the commit before quotes statistics of the files that it removed.
        """
        with self._locks.table(table):
            name = self._locations.sql(table)
            self._spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ('c360.erased_by' = '{run_id}')")
            return self.version(table)

    def restore(self, table: str, version: int) -> None:
        """Makes an earlier version the newest; nothing happens if it is the newest already.

        Version 0 is the empty one, also of a table whose log has been cut off above it.
        """
        with self._locks.table(table):
            if self.version(table) != version:
                name = self._locations.sql(table)
                restored = f"RESTORE TABLE {name} TO VERSION AS OF {int(version)}"
                self._spark.sql(restored if version else f"DELETE FROM {name}")

    def drop(self, table: str) -> bool:
        """Deletes the table with all its versions; False where that is left to whoever runs the store."""
        name, folder = self._locations.catalog_name(table), self._locations.local_path(table)
        if name is None and folder is None:
            return False
        with self._locks.table(table):
            if name is not None:
                self._spark.sql(f"DROP TABLE IF EXISTS {name}")
            elif folder is not None:
                gone = folder.with_name(f".{folder.name}{_GONE}")
                if gone.exists():
                    shutil.rmtree(gone)
                # Deleted where it stands, a kill could leave its files without the log that tells of them.
                folder.rename(gone)
                shutil.rmtree(gone)
        return True

    def finish_drops(self) -> None:
        """Deletes what drops that were killed have left in folders of this machine."""
        root = local_path(self._locations.root)
        if root is None or self._locations.catalog_prefix:
            return
        for layer in Layer:
            for gone in (root / layer).glob(f".*{_GONE}"):
                shutil.rmtree(gone)

    def is_written_by(self, table: str, app: str) -> bool:
        """True if a write under a key of this app has made the table what it is, or was."""
        folder = self._locations.local_path(table)
        if folder is not None:
            # Checkpoints have it too; the history ends somewhere.
            return PlainTable(str(folder)).transaction_version(app) is not None
        return any(c.key is not None and c.key.app == app for c in self.history(table))

    def compact(self, table: str) -> None:
        """Rewrites small files into large ones (and clusters, where the spec says so)."""
        with self._locks.table(table):
            self._spark.sql(f"OPTIMIZE {self._locations.sql(table)}")

    def vacuum(self, table: str, retained_hours: float) -> None:
        """Deletes files that left the table more than `retained_hours` ago, and such as never were of it."""
        with self._locks.table(table):
            name, folder = self._locations.sql(table), self._locations.local_path(table)
            if folder is not None:
                remove_staged(folder)
            self._spark.sql(f"VACUUM {name} RETAIN {retained_hours:.6f} HOURS")

    def row_count(self, table: str, version: int) -> int:
        """Rows of a version; Delta answers from its own statistics."""
        folder = self._locations.local_path(table)
        if folder is not None:
            return int(PlainTable(str(folder), version=version).count())
        return int(self._stored(table, version).agg(F.count(F.lit(1)).alias("n")).collect()[0].n)


def _other_types(table: str, columns: Iterable[str]) -> SchemaError:
    return SchemaError(
        f"Table {table}: stored columns {', '.join(columns)} have another type than declared.",
        "start a run that makes it anew, such as `c360 run` without --only. A table that keeps rows from "
        "run to run must be migrated: write it to the new type under a new name, then swap the names.",
    )


def _key(metadata: str | None) -> WriteKey | None:
    if not metadata or not metadata.startswith('{"app"'):
        return None
    entry = json.loads(metadata)
    return WriteKey(entry["app"], entry["number"], entry["input"])


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _alterations(
    spec: TableSpec,
    columns: Iterable[Column],
    comments: Mapping[str, str | None],
    properties: Mapping[str, str],
) -> Iterator[str]:
    """What ALTER TABLE has to say for these columns to a table with such comments and properties."""
    missing = [c for c in columns if c.name not in comments]
    reworded = [c for c in columns if comments.get(c.name, c.description) != c.description]
    if missing:
        yield f"ADD COLUMNS ({_columns_ddl(missing)})"
    if reworded:
        words = (f"`{c.name}` COMMENT {_quoted(c.description)}" for c in reworded)
        yield f"ALTER COLUMN {', '.join(words)}"
    declared = table_properties(spec)
    differing = {k: v for k, v in declared.items() if properties.get(k) != v}
    if differing:
        yield f"SET TBLPROPERTIES ({_properties_ddl(differing)})"
    if _STATISTICS in properties and _STATISTICS not in declared:
        yield f"UNSET TBLPROPERTIES ('{_STATISTICS}')"


def _definition(spec: TableSpec, columns: Iterable[Column]) -> str:
    """What follows the name in a statement that makes the table."""
    return (
        f"({_columns_ddl(columns)}) "
        f"USING DELTA {_cluster_ddl(spec)} COMMENT {_quoted(spec.description)} "
        f"TBLPROPERTIES ({_properties_ddl(table_properties(spec))})"
    )


def _columns_ddl(columns: Iterable[Column]) -> str:
    return ", ".join(f"`{c.name}` {c.type} COMMENT {_quoted(c.description)}" for c in columns)


def _cluster_ddl(spec: TableSpec) -> str:
    return f"CLUSTER BY ({', '.join(spec.cluster_by)})" if spec.cluster_by else ""


def table_properties(spec: TableSpec) -> dict[str, str]:
    """The properties of the Delta table: no statistics of personal columns, nothing deleted by itself."""
    plain = [
        c.name for c in spec.columns if _has_statistics(c.type) and not c.sensitivity.is_personal
    ]
    properties = {
        _STATISTICS: ",".join(plain),
        "delta.enableChangeDataFeed": "false",
        "delta.enableDeletionVectors": "false",
        "delta.logRetentionDuration": "interval 3650 days",
        "delta.deletedFileRetentionDuration": "interval 3650 days",
    }
    if not plain:
        del properties[_STATISTICS]
        properties["delta.dataSkippingNumIndexedCols"] = "0"
    return properties


def _properties_ddl(properties: Mapping[str, str]) -> str:
    return ", ".join(f"'{k}' = '{v}'" for k, v in properties.items())


def _has_statistics(ddl_type: str) -> bool:
    return not ddl_type.lower().startswith(("array", "map", "struct", "binary", "boolean"))


def _simple_type(ddl_type: str) -> str:
    return ddl_type.replace(" ", "").lower()
