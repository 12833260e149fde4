"""Encrypted tables and their keys, written without Spark and without the product's own encryption."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from deltalake import write_deltalake

from lakehouse.settings.models import LakeSettings
from lakehouse.tables.spec import Layer, TableSpec
from tests.support.plain_lake import Row, arrow_type

ORIGIN = ("table_name", "record_key", "source_file", "file_hash", "source_row_number")
ORIGIN_IN_OPS = ("record_key_l", "record_key_r", "request_id")


def sealed(key: bytes, content: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, content, bound)


def write_encrypted(
    lake: LakeSettings, spec: TableSpec, rows: Sequence[Row], keys: Mapping[str, bytes | None]
) -> None:
    """Writes the rows, each encrypted by the key that its `_key` names; in the clear where it names none."""
    told = []
    for row in rows:
        key_id = row.get("_key")
        filled: dict[str, Any] = {name: row.get(name) for name in spec.column_names}
        filled["_key_id"] = key_id
        names = (*ORIGIN, *(ORIGIN_IN_OPS if spec.layer is Layer.OPS else ()))
        origin = [str(row.get(n) or "") for n in names if n in spec.column_names]
        hides = {n: filled[n] for n in spec.encrypted_columns if filled[n] is not None}
        filled["_cipher"] = None
        if key_id is not None and hides:
            texts = {n: v if isinstance(v, str) else json.dumps(v) for n, v in hides.items()}
            bound = "\x1f".join((spec.name, *origin)).encode()
            filled["_cipher"] = sealed(keys[key_id] or b"?" * 32, json.dumps(texts).encode(), bound)
            filled |= dict.fromkeys(hides) | {f"_encrypted_{n}": True for n in hides}
        told.append(filled)
    hidden = [
        ("_key_id", pa.string()),
        ("_cipher", pa.binary()),
        *((f"_encrypted_{n}", pa.bool_()) for n in spec.encrypted_columns),
    ]
    schema = pa.schema([*((c.name, arrow_type(c.type)) for c in spec.columns), *hidden])
    place = Path(lake.root) / spec.layer / spec.entity
    write_deltalake(str(place), pa.Table.from_pylist(told, schema=schema), mode="overwrite")


def write_keys(
    lake: LakeSettings, table: str, keys: Mapping[str, bytes | None], version: int = 1
) -> None:
    """Writes the wrapped keys of a table, but for those that are None: they were dropped."""
    master = lake.master_keys()[version]
    rows = [
        {
            "record": f"record of {key_id}",
            "key_id": key_id,
            "wrapped_key": sealed(master, key, key_id.encode()),
            "master_version": version,
        }
        for key_id, key in keys.items()
        if key is not None
    ]
    schema = pa.schema(
        [
            ("record", pa.string()),
            ("key_id", pa.string()),
            ("wrapped_key", pa.binary()),
            ("master_version", pa.int32()),
        ]
    )
    place = Path(lake.keys_root) / table.replace(".", "/")
    write_deltalake(str(place), pa.Table.from_pylist(rows, schema=schema), mode="overwrite")
