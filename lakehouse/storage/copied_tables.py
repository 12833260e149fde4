"""A lake written into an empty folder without Spark: tables by their specs, then one release of them.

Until the release is written nothing that reads the lake sees the tables.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError

from lakehouse.errors import InputError
from lakehouse.settings.models import LakeSettings
from lakehouse.settings.places import overlap
from lakehouse.storage.locations import Locations
from lakehouse.tables.ops import RELEASE, RUN
from lakehouse.tables.spec import TableSpec

COPY = "copy"
"""The reason of the release that a copy has."""


def require_free(root: Path) -> None:
    """Raises InputError where the folder holds something already, or is none."""
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise InputError(f"{root} is there already and not empty.", "name a new folder.")


def require_apart(lake: LakeSettings, to: str) -> None:
    """Raises InputError where the place lies among what the lake holds, or holds the lake itself."""
    for place in (lake.root, lake.keys_root, lake.landing, str(lake.work_dir)):
        if overlap(place, to):
            raise InputError(
                f"{to} is or holds a folder of the lake itself, or lies in one ({place}).",
                "name a folder apart from lake.root, lake.keys, lake.landing and lake.work_dir.",
            )


class CopiedTables:
    """The tables of a new lake in a folder that is empty or not there yet.

    Raises InputError where the folder holds something already: a copy never mixes with what was there.
    """

    def __init__(self, root: Path) -> None:
        require_free(root)
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o700)
        self._root = root
        self._locations = Locations(str(root))
        self._versions: dict[str, int] = {}

    def write(self, spec: TableSpec, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
        """Writes the whole of a table, batch by batch."""
        self._versions[spec.name] = self._write(spec, schema, batches)

    def release(self, run_id: str, as_of: date | None, now: datetime) -> None:
        """Makes all tables written so far the first release."""
        ran = {"run_id": run_id, "run_number": 1, "status": "succeeded"}
        self._write_rows(RUN, [{**ran, "as_of_date": as_of, "recorded_at": now}])
        told = {"release_number": 1, "run_id": run_id, "released_at": now, "reason": COPY}
        named = [
            {**told, "table_name": name, "table_version": version}
            for name, version in sorted(self._versions.items())
        ]
        self._write_rows(RELEASE, named)

    def _write_rows(self, spec: TableSpec, rows: Sequence[Mapping[str, Any]]) -> None:
        schema = pa.schema([(c.name, _ARROW[c.type]) for c in spec.columns])
        filled = [{c.name: row.get(c.name) for c in spec.columns} for row in rows]
        table = pa.Table.from_pylist(filled, schema=schema)
        self._write(spec, schema, table.to_batches())

    def _write(self, spec: TableSpec, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
        path = self._locations.path(spec.name)
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        try:
            write_deltalake(
                path,
                reader,
                mode="error",
                description=spec.description,
                configuration=_without_statistics(spec),
            )
            return DeltaTable(path).version()
        except DeltaError as error:
            raise InputError(
                f"{spec.name} cannot be written below {self._root} ({type(error).__name__}).",
                "check that the folder is on a disk with space and may be written to.",
            ) from None


def _without_statistics(spec: TableSpec) -> Mapping[str, str | None]:
    """Copies are small, and made-up values in their log would look like real ones to a scanner."""
    plain = [c.name for c in spec.columns if c.name in spec.primary_key and c.type == "string"]
    personal = set(spec.personal_columns)
    return {"delta.dataSkippingStatsColumns": ",".join(n for n in plain if n not in personal)}


_ARROW = {
    "string": pa.string(),
    "bigint": pa.int64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "map<string,bigint>": pa.map_(pa.string(), pa.int64()),
    "map<string,double>": pa.map_(pa.string(), pa.float64()),
}
"""Types of ops.run and ops.release, which are the same in every lake."""
