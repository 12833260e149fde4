"""A small lake that Spark has no part in: tables by their specs, written by delta-rs, in releases."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.tables.ops import RELEASE, RUN
from lakehouse.tables.spec import TableSpec

Row = dict[str, Any]

_SIMPLE = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
}


def arrow_type(ddl: str) -> pa.DataType:
    """The Arrow type of a Spark type, as far as specs of gold and ops use them."""
    if ddl in _SIMPLE:
        return _SIMPLE[ddl]
    outer, _, inner = ddl.removesuffix(">").partition("<")
    if outer == "array":
        return pa.list_(arrow_type(inner))
    if outer == "map":
        return pa.map_(*(arrow_type(part) for part in inner.split(",", 1)))
    if outer == "struct":
        fields = re.findall(r"(\w+):(\w+(?:\(\d+,\d+\))?)", inner)
        return pa.struct([(name, arrow_type(kind)) for name, kind in fields])
    digits = re.fullmatch(r"decimal\((\d+),(\d+)\)", ddl)
    assert digits, ddl
    return pa.decimal128(int(digits[1]), int(digits[2]))


class PlainLake:
    """A lake in a folder, to which releases are added."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.versions: dict[str, int] = {}
        self.number = 0

    def settings(self, **more: str) -> Settings:
        """Settings of the test environment that name this lake."""
        return load_settings("test", overrides={"lake.root": str(self.root), **more})

    def release(
        self, day: date, tables: Mapping[TableSpec, Sequence[Row]], reason: str = "run"
    ) -> None:
        """One more release: these tables anew, all others as they were. Columns left out are null."""
        for spec, rows in tables.items():
            self.versions[spec.name] = self._write(spec, rows, "overwrite")
        self.number += 1
        run_id = f"{reason}-{self.number}"
        now = datetime(2026, 1, 31, tzinfo=UTC)
        ran = {"run_id": run_id, "run_number": self.number, "status": "succeeded"}
        self._write(RUN, [{**ran, "as_of_date": day, "recorded_at": now}], "append")
        told = {"release_number": self.number, "run_id": run_id, "released_at": now}
        named = [
            {**told, "table_name": name, "table_version": version, "reason": reason}
            for name, version in self.versions.items()
        ]
        self._write(RELEASE, named, "append")

    def _write(self, spec: TableSpec, rows: Sequence[Row], mode: Any) -> int:
        unknown = {name for row in rows for name in row} - set(spec.column_names)
        assert not unknown, f"{spec.name} has no column {unknown}"
        schema = pa.schema([(c.name, arrow_type(c.type)) for c in spec.columns])
        filled = [{name: row.get(name) for name in spec.column_names} for row in rows]
        path = str(self.root / spec.layer / spec.entity)
        write_deltalake(path, pa.Table.from_pylist(filled, schema=schema), mode=mode)
        return DeltaTable(path).version()
