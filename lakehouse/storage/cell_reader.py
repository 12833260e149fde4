"""Encrypted rows opened without Spark: what delta-rs has read, decrypted in Python."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

import pyarrow as pa
import pyarrow.types as kinds
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from deltalake import DeltaTable, QueryBuilder
from deltalake.exceptions import TableNotFoundError

from lakehouse.errors import InputError
from lakehouse.settings.places import local_path
from lakehouse.storage.cells import CELL, KEY_ID, KeyPlace, binding, bound_to
from lakehouse.storage.locations import Locations
from lakehouse.storage.wrapping import decrypted, keys_of, missing_keys, unwrapped

_FEW = 500


class CellReader:
    """Opens rows of one lake's tables, whose data keys it looks up by need."""

    def __init__(self, keys: KeyPlace) -> None:
        self._locations = Locations(keys.root)
        self._masters = keys.masters
        self._keys: dict[str, dict[str, AESGCM]] = {}

    def opened(self, table: str, rows: pa.Table, names: Iterable[str]) -> pa.Table:
        """The rows with these columns decrypted; null where a row's key was dropped.

        `rows` have beside them what `needed_for` names.

        Raises:
            InputError: a value is not what was written there.
            ConfigurationError: a master key is not in conf, or is another; or there is no table of keys.
        """
        contents = self._contents(table, rows)
        for name in names:
            field, at = rows.schema.field(name), rows.schema.get_field_index(name)
            clear = rows.column(name).to_pylist()
            told = [
                value if value is not None else _value(content.get(name), field.type)
                for value, content in zip(clear, contents, strict=True)
            ]
            rows = rows.set_column(at, field, pa.array(told, type=field.type))
        return rows

    def _contents(self, table: str, rows: pa.Table) -> list[Mapping[str, str]]:
        """What each row's cell has; nothing where there is none, or its key was dropped."""
        key_ids = rows.column(KEY_ID).to_pylist()
        keys = self._keys_of(table, {key_id for key_id in key_ids if key_id is not None})
        bound = (rows.column(name).to_pylist() for name in bound_to(table, rows.column_names))
        cells = zip(key_ids, rows.column(CELL).to_pylist(), zip(*bound, strict=True), strict=True)
        try:
            return [
                json.loads(decrypted(keys[key_id], cell, binding(table, place)))
                if key_id in keys and cell is not None
                else {}
                for key_id, cell, place in cells
            ]
        except InvalidTag:
            raise InputError(
                f"A row of {table} was changed or moved after it was written.",
                "find out who writes into the lake's files; go back to an earlier release meanwhile.",
            ) from None

    def _keys_of(self, table: str, key_ids: set[str]) -> Mapping[str, AESGCM]:
        """The keys of these ids; without those that were dropped."""
        known = self._keys.setdefault(keys_of(table), {})
        wanted = key_ids - known.keys()
        for row in _wrapped(self._key_table(table), wanted) if wanted else ():
            if row["key_id"] in wanted:
                version, wrapped = row["master_version"], row["wrapped_key"]
                key = unwrapped(self._masters, version, row["key_id"], wrapped)
                known[row["key_id"]] = AESGCM(key)
        return known

    def _key_table(self, table: str) -> DeltaTable:
        path = self._locations.path(keys_of(table))
        try:
            return DeltaTable(str(local_path(path) or path))
        except TableNotFoundError:
            raise missing_keys(table) from None


def _wrapped(keys: DeltaTable, key_ids: set[str]) -> list[dict[str, Any]]:
    # They are random names, in hexadecimal digits.
    listed = ", ".join(f"'{key_id}'" for key_id in sorted(key_ids) if key_id.isalnum())
    where = f"key_id IN ({listed})" if len(key_ids) <= _FEW else "true"
    query = f"SELECT key_id, wrapped_key, master_version FROM keys WHERE {where}"
    found = QueryBuilder().register("keys", keys).execute(query).read_all()
    return cast(list[dict[str, Any]], found.to_struct_array().to_pylist())


def _value(text: str | None, kind: pa.DataType) -> object:
    if text is None:
        return None
    if kinds.is_binary(kind) or kinds.is_large_binary(kind) or kinds.is_binary_view(kind):
        return base64.b64decode(text)
    if kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind):
        return text
    if kinds.is_map(kind):
        return list(json.loads(text).items())
    if kinds.is_nested(kind):
        return json.loads(text)
    return pa.scalar(text).cast(kind).as_py()
