"""Rows encrypted without Spark, as `encryption` does it: those of logs that delta-rs appends to."""

import json
import os
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from deltalake import write_deltalake

from lakehouse.settings.models import LakeSettings
from lakehouse.settings.places import local_path
from lakehouse.storage.cells import CELL, KEY_ID, binding, bound_to, mark_of
from lakehouse.storage.delta_tables import table_properties
from lakehouse.storage.key_tables import key_table
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.storage.wrapping import encrypted
from lakehouse.tables.spec import TableSpec

Row = dict[str, Any]

_KEYS = pa.schema(
    [
        ("record", pa.string()),
        ("key_id", pa.string()),
        ("wrapped_key", pa.binary()),
        ("master_version", pa.int32()),
    ]
)


def with_cells(lake: LakeSettings, spec: TableSpec, rows: Iterable[Row]) -> list[Row]:
    """The rows, which have all columns, as the table stores them; what has nothing to hide is in the clear.

    Each has a data key of its own, which is kept when this returns. Whoever calls it holds the table's lock
    until the rows are there too: a key without a row may be dropped.
    """
    masters = lake.master_keys()
    version = max(masters)
    stored, keys = [], []
    for row in rows:
        hidden = {n: _text(row[n]) for n in spec.encrypted_columns if row[n] is not None}
        if not hidden:
            stored.append(row)
            continue
        key_id, key = os.urandom(16).hex(), os.urandom(32)
        bound = binding(spec.name, [row[name] for name in bound_to(spec.name, spec.column_names)])
        cell = encrypted(AESGCM(key), json.dumps(hidden).encode(), bound)
        marks = {mark_of(name): True for name in hidden}
        stored.append({**row, **dict.fromkeys(hidden), KEY_ID: key_id, CELL: cell, **marks})
        wrapped = encrypted(AESGCM(masters[version]), key, key_id.encode())
        # No record of a source is behind such a row: its key is known by its own name.
        keys.append((key_id, key_id, wrapped, version))
    if keys:
        _keep(lake, spec, [dict(zip(_KEYS.names, key, strict=True)) for key in keys])
    return stored


def _text(value: object) -> str:
    """A value as the text that a cell has; a map as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _keep(lake: LakeSettings, spec: TableSpec, keys: list[Row]) -> None:
    kept = key_table(spec.name)
    place = Locations(lake.keys_root).path(kept.name)
    with Locks(lake.keys_root, lake.lock).table(kept.name):
        write_deltalake(
            str(local_path(place) or place),
            pa.Table.from_pylist(keys, schema=_KEYS),
            mode="append",
            description=kept.description,
            configuration=dict(table_properties(kept)),
        )
