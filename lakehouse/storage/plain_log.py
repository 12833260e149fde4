"""A log of decisions that is read and appended to without Spark: by delta-rs, in milliseconds.

It is the same Delta table that Spark would make: same place, properties and lock. A row is there whole
or not at all, whenever a writer dies: the file that its commit names was complete before. Two writers
take turns by the table's lock; where a scheduler stands for it (lake.lock: external), the store's own
"put if absent" lets one of two commits of a version through, and delta-rs tries the other again.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
from deltalake import write_deltalake
from deltalake.exceptions import DeltaError

from lakehouse.errors import ConfigurationError, InputError
from lakehouse.settings.models import LakeSettings
from lakehouse.settings.places import local_path
from lakehouse.storage.delta_tables import table_properties
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.storage.released_tables import Row, logged_rows
from lakehouse.tables.spec import TableSpec

_TYPES = {
    "string": pa.string(),
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
        self._spec = spec
        self._locations = Locations(lake.root)
        self._locks = Locks(lake.root, lake.lock)

    def rows(self) -> list[Row]:
        """All rows, in no order; none where nothing was ever written."""
        return logged_rows(self._locations, self._spec, self._spec.column_names)

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Keeps others from deciding while one looks at the rows and appends what follows from them."""
        with self._locks.table(f"{self._spec.name}.decide"):
            yield

    def append(self, rows: Sequence[Row]) -> None:
        """Adds the rows in one commit. Columns that they leave out are null.

        Raises:
            InputError: a required value is missing, or the table cannot be written from here.
        """
        lacking = {
            c.name for c in self._spec.columns if c.required for r in rows if r.get(c.name) is None
        }
        if lacking:
            raise InputError(
                f"A row for {self._spec.name} lacks {', '.join(sorted(lacking))}.", "give it."
            )
        schema = pa.schema([(c.name, _TYPES[c.type]) for c in self._spec.columns])
        filled = [{name: row.get(name) for name in self._spec.column_names} for row in rows]
        place = self._locations.path(self._spec.name)
        with self._locks.table(self._spec.name):
            try:
                write_deltalake(
                    str(local_path(place) or place),
                    pa.Table.from_pylist(filled, schema=schema),
                    mode="append",
                    description=self._spec.description,
                    configuration=dict(table_properties(self._spec)),
                )
            except (DeltaError, OSError) as error:
                raise InputError(
                    f"{self._spec.name} cannot be written ({type(error).__name__}); nothing was added.",
                    "check lake.root, and that this user may write there.",
                ) from None
