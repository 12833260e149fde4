"""The tables of a release, read without Spark: in milliseconds, and without Java.

delta-rs knows a version's files, and its own engine reads them. Asked for a customer's rows it opens only
files whose statistics of `customer_id` admit any. DuckDB over its Arrow dataset reads the same, after a
second of imports.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from deltalake import DeltaTable, QueryBuilder
from deltalake.exceptions import DeltaError, TableNotFoundError

from lakehouse.errors import ConfigurationError, InputError, NotFoundError
from lakehouse.settings.models import LakeSettings
from lakehouse.settings.places import local_path
from lakehouse.storage.cells import KeyPlace
from lakehouse.storage.locations import Locations
from lakehouse.storage.opened_table import OpenedTable, Row
from lakehouse.tables.ops import COMPACTION, ERASURE, RELEASE, RETENTION, REVERTED_TO, RUN
from lakehouse.tables.spec import Layer, TableSpec

_BATCH_ROWS = 8_192

__all__ = ("ReleasedTables", "Row", "logged_rows", "one_of", "released_tables")

if TYPE_CHECKING:
    import pyarrow as pa


def one_of(column: str, values: Iterable[str]) -> str:
    """The condition, in SQL, that the column is one of these values."""
    literals = ", ".join(_literal(value) for value in sorted(set(values)))
    return f'"{column}" IN ({literals})' if literals else "false"


def _literal(text: str) -> str:
    # The engine takes no parameters. In its literals the quote alone has a meaning.
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class ReleasedTables:
    """The tables at the versions that one release names.

    `as_of` is the day that the release was made for; None where its run told none. Without `keys` rows are
    told as they lie: what is encrypted is None.
    """

    locations: Locations
    number: int
    run_id: str
    as_of: date | None
    versions: Mapping[str, int]
    keys: KeyPlace | None = None
    _engine: QueryBuilder = field(default_factory=QueryBuilder, init=False, repr=False)
    _opened: dict[str, "OpenedTable"] = field(default_factory=dict, init=False, repr=False)

    def rows(
        self,
        spec: TableSpec,
        where: str = "true",
        columns: Iterable[str] | None = None,
        *,
        distinct: bool = False,
    ) -> list[Row]:
        """The rows that the condition holds for, in no order; none of a table that the release lacks.

        They have the columns that the spec declares, or those of them that are named. One that the spec
        has gained since is None.
        """
        if spec.name not in self.versions:
            return []
        try:
            if spec.name not in self._opened:
                table = _table(self.locations, spec.name, self.versions[spec.name])
                self._opened[spec.name] = OpenedTable(self._engine, spec, table, self.keys)
            return self._opened[spec.name].rows(where, columns or spec.column_names, distinct)
        except DeltaError as error:
            raise _unreadable(spec.name, error) from None

    def sample(self, spec: TableSpec, columns: Iterable[str], most: int) -> tuple[list[Row], int]:
        """At most about so many rows, and how many the table has; the same of a version every time.

        Which rows, a hash of the primary key says. A table of ops, which stands outside of releases, is
        read as it is now.
        """
        is_outside = spec.layer is Layer.OPS and spec.name not in self.versions
        if not is_outside and spec.name not in self.versions:
            return [], 0
        try:
            table = _table(self.locations, spec.name, self.versions.get(spec.name))
            return OpenedTable(QueryBuilder(), spec, table, self.keys).sample(
                spec.primary_key, columns, most
            )
        except TableNotFoundError:
            return [], 0
        except DeltaError as error:
            raise _unreadable(spec.name, error) from None

    def batches(
        self, spec: TableSpec, columns: Iterable[str] | None = None
    ) -> "tuple[pa.Schema, Iterator[pa.RecordBatch]] | None":
        """The table's rows batch by batch, with their schema; None of a table that the release lacks.

        They have the columns that the spec declares, or those of them that are named, but for columns
        that the spec has gained since.
        """
        # A page is there in two seconds, of which this import would take a tenth.
        import pyarrow as pa  # noqa: PLC0415

        if spec.name not in self.versions:
            return None
        try:
            table = _table(self.locations, spec.name, self.versions[spec.name])
            rows = table.to_pyarrow_dataset(schema=pa.schema(table.schema()))
            opened = OpenedTable(QueryBuilder(), spec, table, self.keys)
        except DeltaError as error:
            raise _unreadable(spec.name, error) from None
        named = [n for n in columns or spec.column_names if n in rows.schema.names]
        schema = pa.schema([rows.schema.field(name) for name in named])
        stored = rows.to_batches(columns=opened.needed(named), batch_size=_BATCH_ROWS)
        return schema, opened.decrypted(stored, named)


def released_tables(
    lake: LakeSettings, *, as_of: date | None = None, number: int | None = None
) -> ReleasedTables:
    """The tables of the current release, of the newest one of that day or before, or of that number.

    Raises:
        ConfigurationError: the lake's tables are reached by catalog name.
        InputError: the lake cannot be read from here.
        NotFoundError: there is no such release, or it is not kept any more.
    """
    if lake.catalog_prefix is not None:
        raise ConfigurationError(
            f"The tables of this lake are reached through a catalog ({lake.catalog_prefix}…), which "
            "cannot be asked without Spark.",
            "query gold where the catalog is served, or name the folder of the tables by lake.root and "
            "leave lake.catalog_prefix.",
        )
    keys = KeyPlace(lake.keys_root, lake.master_keys())
    kept = _kept_releases(Locations(lake.root), lake.keep_releases, keys)
    if not kept:
        raise NotFoundError(f"There is no release in {lake.root} yet.", "run `c360 run` first.")
    if number is not None:
        return _numbered(kept, number, lake.keep_releases)
    return kept[-1] if as_of is None else _of_day(kept, as_of, lake.keep_releases)


def _numbered(kept: list[ReleasedTables], number: int, keep_releases: int) -> ReleasedTables:
    for release in kept:
        if release.number == number:
            return release
    raise NotFoundError(
        f"Release {number} is not among the newest {keep_releases}, which are kept "
        "(conf: lake.keep_releases), or is from before people were erased.",
        f"name one of {kept[0].number} to {kept[-1].number}; `c360 release list` tells what they are.",
    )


def _of_day(kept: list[ReleasedTables], as_of: date, keep_releases: int) -> ReleasedTables:
    dated = [release for release in kept if release.as_of is not None]
    for release in reversed(dated):
        if release.as_of is not None and release.as_of <= as_of:
            return release
    earliest = min((release.as_of for release in dated if release.as_of), default=None)
    raise NotFoundError(
        f"None of the newest {keep_releases} releases, which are kept (conf: lake.keep_releases), is of "
        f"{as_of} or before.",
        f"the earliest day that can be shown is {earliest}."
        if earliest
        else "leave the day: no run has told for which day it was.",
    )


def _kept_releases(
    locations: Locations, keep_releases: int, keys: KeyPlace
) -> list[ReleasedTables]:
    """The releases whose versions vacuum spares, oldest first."""
    rows = logged_rows(locations, RELEASE, ("release_number", "run_id", "reason", *_NAMED))
    told = logged_rows(locations, RUN, ("run_id", "as_of_date", "run_number"))
    # A run id that failed may have been started again for another day: its last attempt counts.
    told = sorted(told, key=lambda row: row["run_number"])
    day_of_run = {row["run_id"]: row["as_of_date"] for row in told if row["as_of_date"]}
    releases: dict[int, tuple[str, str]] = {}
    versions: dict[int, dict[str, int]] = {}
    for row in rows:
        releases[row["release_number"]] = (row["run_id"], row["reason"] or "")
        found = versions.setdefault(row["release_number"], {})
        found[row["table_name"]] = row["table_version"]
    days: dict[int, date | None] = {}
    for number, (run_id, reason) in sorted(releases.items()):
        days[number] = days.get(_rows_of(number, reason), day_of_run.get(run_id))
    newest = max(releases, default=0)
    # What people were erased from is not read any more, whether its files are there or not.
    erased = max((n for n, (_, reason) in releases.items() if reason == ERASURE), default=0)
    return [
        ReleasedTables(locations, number, run_id, days[number], versions[number], keys)
        for number, (run_id, _) in sorted(releases.items())
        if number > newest - keep_releases and number >= erased
    ]


_NAMED = ("table_name", "table_version")


def _rows_of(number: int, reason: str) -> int:
    """The release whose rows this one holds: its own, or those of an earlier one."""
    if reason.startswith(REVERTED_TO):
        return int(reason.removeprefix(REVERTED_TO))
    return number - 1 if reason in (COMPACTION, RETENTION) else number


def logged_rows(
    locations: Locations,
    spec: TableSpec,
    columns: Iterable[str],
    keys: KeyPlace | None = None,
    where: str = "true",
) -> list[Row]:
    """The rows that the condition holds for of a table outside of releases; none where there is none.

    Without `keys` what is encrypted is None, and no condition on it holds.
    """
    try:
        table = _table(locations, spec.name, None)
        return OpenedTable(QueryBuilder(), spec, table, keys).rows(where, columns)
    except TableNotFoundError:
        return []
    except DeltaError as error:
        raise _unreadable(spec.name, error) from None


def _table(locations: Locations, name: str, version: int | None) -> DeltaTable:
    place = locations.path(name)
    return DeltaTable(str(local_path(place) or place), version=version)


def _unreadable(name: str, error: Exception) -> InputError:
    return InputError(
        f"{name} cannot be read without Spark ({type(error).__name__}).",
        "check lake.root, that this machine may read what lies there, and that its tables are of Delta's "
        "reader version 1; `c360 sources` reads them by Spark.",
    )
