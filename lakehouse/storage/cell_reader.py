"""Encrypted rows opened without Spark: what delta-rs has read, decrypted in Python."""

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
from lakehouse.storage.cells import KEY_ID, KeyPlace, binding, bound_to, cipher_of
from lakehouse.storage.locations import Locations
from lakehouse.storage.wrapping import RUN_KEYS, decrypted, unwrapped
from lakehouse.tables.spec import has_record_keys

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
            ConfigurationError: a master key is not in conf, or is another.
        """
        key_ids = rows.column(KEY_ID).to_pylist()
        keys = self._keys_of(table, {key_id for key_id in key_ids if key_id is not None})
        bound = bound_to(rows.column_names)
        places = list(zip(*(rows.column(name).to_pylist() for name in bound), strict=True))
        for name in names:
            field = rows.schema.field(name)
            clear, ciphers = (rows.column(n).to_pylist() for n in (name, cipher_of(name)))
            cells = zip(key_ids, clear, ciphers, places, strict=True)
            try:
                told = [
                    value
                    if key_id is None
                    else _value(keys.get(key_id), cipher, binding(table, name, place), field.type)
                    for key_id, value, cipher, place in cells
                ]
            except InvalidTag:
                raise InputError(
                    f"A value of {name} in {table} was changed or moved after it was written.",
                    "find out who writes into the lake's files; go back to an earlier release meanwhile.",
                ) from None
            at = rows.schema.get_field_index(name)
            rows = rows.set_column(at, field, pa.array(told, type=field.type))
        return rows

    def _keys_of(self, table: str, key_ids: set[str]) -> Mapping[str, AESGCM]:
        """The keys of these ids; without those that were dropped."""
        place = table if has_record_keys(table) else RUN_KEYS
        known = self._keys.setdefault(place, {})
        wanted = key_ids - known.keys()
        for row in _wrapped(self._locations.path(place), wanted):
            if row["key_id"] in wanted:
                version, wrapped = row["master_version"], row["wrapped_key"]
                key = unwrapped(self._masters, version, row["key_id"], wrapped)
                known[row["key_id"]] = AESGCM(key)
        return known


def _wrapped(place: str, key_ids: set[str]) -> list[dict[str, Any]]:
    if not key_ids:
        return []
    try:
        table = DeltaTable(str(local_path(place) or place))
    except TableNotFoundError:
        return []
    # They are random names, in hexadecimal digits.
    listed = ", ".join(f"'{key_id}'" for key_id in sorted(key_ids) if key_id.isalnum())
    where = f"key_id IN ({listed})" if len(key_ids) <= _FEW else "true"
    query = f"SELECT key_id, wrapped_key, master_version FROM keys WHERE {where}"
    found = QueryBuilder().register("keys", table).execute(query).read_all()
    return cast(list[dict[str, Any]], found.to_struct_array().to_pylist())


def _value(key: AESGCM | None, cipher: bytes | None, bound: bytes, kind: pa.DataType) -> object:
    if key is None or cipher is None:
        return None
    content = decrypted(key, cipher, bound)
    if kinds.is_binary(kind) or kinds.is_large_binary(kind) or kinds.is_binary_view(kind):
        return content
    text = content.decode("utf-8", "replace")
    if kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind):
        return text
    if kinds.is_map(kind):
        return list(json.loads(text).items())
    if kinds.is_nested(kind):
        return json.loads(text)
    return pa.scalar(text).cast(kind).as_py()
