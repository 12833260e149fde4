"""The files of an access or portability archive, from what is held: JSON, CSV, a page, and their digests.

File names are made of table names, never of what data hold.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from lakehouse.privacy.csv_cells import csv_text

SCHEMA_FILE = "subject.schema.json"
SCHEMA_VERSION = "1.1"

_MOST_ROWS = 20
"""Rows of a table on the page; its CSV has them all."""
_LAYERS = ("gold", "serve", "silver", "bronze", "linkage")


def archive_files(document: Mapping[str, Any]) -> dict[str, bytes]:
    """By name below the archive's root, each file's bytes; `manifest.json` has the digests of the others.

    `document` is what subject.json holds, as `archive_schema` describes it; its tables' rows may hold
    dates, decimals and bytes.
    """
    plain = plain_value(document)
    made = {
        "subject.json": _json(plain),
        SCHEMA_FILE: archive_schema(),
        "README.html": _page(plain).encode(),
    }
    for table in plain["tables"]:
        made[f"tables/{table['name'].replace('.', '_')}.csv"] = _csv(table)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(made.items())}
    manifest = {"schema_version": SCHEMA_VERSION, "sha256": digests}
    return {**made, "manifest.json": _json(manifest)}


def archive_schema() -> bytes:
    """The JSON Schema of subject.json."""
    return files("lakehouse.privacy").joinpath(SCHEMA_FILE).read_bytes()


def plain_value(value: Any) -> Any:
    """The value as JSON has it: dates in ISO 8601, moments in UTC, decimals as text, bytes as Base64."""
    if isinstance(value, Mapping):
        return {str(key): plain_value(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(held) for held in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return str(value) if isinstance(value, Decimal) else value


def _json(document: Any) -> bytes:
    # All in ASCII: what could steer a terminal, or hide, is escaped.
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def _csv(table: Mapping[str, Any]) -> bytes:
    return csv_text(table["rows"], [column["name"] for column in table["columns"]]).encode()


def _page(document: Mapping[str, Any]) -> str:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    text = files("lakehouse.privacy").joinpath("archive.html.j2").read_text(encoding="utf-8")
    tables = sorted(document["tables"], key=_reading_order)
    titles = {purpose["name"]: purpose["title"] for purpose in document["purposes"]}
    return environment.from_string(text).render(
        **{**document, "tables": tables}, titles=titles, most=_MOST_ROWS, filled=_filled, said=_said
    )


def _reading_order(table: Mapping[str, Any]) -> int:
    """What is known of a person comes before what it was made from, and that before how it was found."""
    layer = table["name"].partition(".")[0]
    return _LAYERS.index(layer) if layer in _LAYERS else len(_LAYERS)


def _filled(table: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The columns in which the shown rows hold anything."""
    shown = table["rows"][:_MOST_ROWS]
    return [
        c for c in table["columns"] if any(r.get(c["name"]) not in (None, [], {}) for r in shown)
    ]


def _said(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
