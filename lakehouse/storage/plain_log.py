"""A log of decisions that is read and appended to without Spark: by delta-rs, in milliseconds.

It is the same Delta table that Spark would make: same place, properties and lock. A row is there whole
or not at all, whenever a writer dies: the file that its commit names was complete before. Two writers
take turns by the table's lock; where a scheduler stands for it (lake.lock: external), the store's own
"put if absent" lets one of two commits of a version through, and delta-rs tries the other again.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from lakehouse.errors import ConfigurationError, InputError
from lakehouse.settings.models import LakeSettings
from lakehouse.settings.places import local_path
from lakehouse.storage.cell_writer import with_cells
from lakehouse.storage.cells import KeyPlace, hidden_columns
from lakehouse.storage.delta_tables import table_properties
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.storage.released_tables import Row, logged_rows
from lakehouse.storage.wrapping import keys_of
from lakehouse.tables.spec import TableSpec

_TYPES = {
    "string": pa.string(),
    "binary": pa.binary(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "array<string>": pa.list_(pa.string()),
    "map<string,string>": pa.map_(pa.string(), pa.string()),
}


class PlainLog:
    """A table of decisions that stands outside of releases."""

    def __init__(self, lake: LakeSettings, spec: TableSpec) -> None:
        """Raises ConfigurationError where tables are reached by catalog name: that needs Spark."""
        if lake.catalog_prefix is not None:
            raise ConfigurationError(
                f"{spec.name} is reached through a catalog, which cannot be asked without Spark.",
                "name the folder of the tables by lake.root and leave lake.catalog_prefix.",
            )
        self._lake = lake
        self._spec = spec
        hides = bool(spec.encrypted_columns)
        self._encrypts = hides and lake.encryption.at_rest
        self._keys = KeyPlace(lake.keys_root, lake.master_keys()) if hides else None
        self._locations = Locations(lake.root)
        self._locks = Locks(lake.root, lake.lock)

    def rows(self) -> list[Row]:
        """All rows, in no order; none where nothing was ever written."""
        return logged_rows(self._locations, self._spec, self._spec.column_names, self._keys)

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Keeps others from deciding while one looks at the rows and appends what follows from them."""
        with self._locks.table(f"{self._spec.name}.decide"):
            yield

    def append(self, rows: Sequence[Row]) -> None:
        """Adds the rows in one commit, encrypted if the lake is. Columns that they leave out are null.

        Raises:
            InputError: a required value is missing, or the table cannot be written from here.
            ConfigurationError: it has encrypted rows, and the table of their keys is not there.
        """
        lacking = {
            c.name for c in self._spec.columns if c.required for r in rows if r.get(c.name) is None
        }
        if lacking:
            raise InputError(
                f"A row for {self._spec.name} lacks {', '.join(sorted(lacking))}.", "give it."
            )
        added = hidden_columns(self._spec.encrypted_columns) if self._encrypts else []
        schema = pa.schema([(c.name, _TYPES[c.type]) for c in (*self._spec.columns, *added)])
        filled = [{name: row.get(name) for name in self._spec.column_names} for row in rows]
        path = self._locations.path(self._spec.name)
        place = str(local_path(path) or path)
        with self._locks.table(self._spec.name):
            self._require_keys()
            try:
                stored = with_cells(self._lake, self._spec, filled) if self._encrypts else filled
                write_deltalake(
                    place,
                    pa.Table.from_pylist(stored, schema=schema),
                    mode="append",
                    schema_mode="merge" if _has_other_columns(place, schema.names) else None,
                    description=self._spec.description,
                    configuration=dict(table_properties(self._spec)),
                )
            except (DeltaError, OSError) as error:
                raise InputError(
                    f"{self._spec.name} cannot be written ({type(error).__name__}); nothing was added.",
                    "check lake.root, and that this user may write there.",
                ) from None

    def _require_keys(self) -> None:
        """Where the folder of keys is not mounted, the new rows would be lost with the keys that are made."""
        if not self._encrypts:
            return
        path = Locations(self._lake.keys_root).path(keys_of(self._spec.name))
        if not DeltaTable.is_deltatable(str(local_path(path) or path)):
            # Raises where an encrypted row lacks its key.
            self.rows()


def _has_other_columns(place: str, names: Sequence[str]) -> bool:
    """True of a table from before or after the lake encrypts, or of an earlier spec."""
    try:
        return {field.name for field in DeltaTable(place).schema().fields} != {*names}
    except TableNotFoundError:
        return False
