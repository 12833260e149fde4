"""A search for people's values that shares no code with the eraser: bytes by Python, pages by DuckDB."""

import base64
import gzip
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote_plus

import duckdb


def traces(folder: Path, values: Iterable[str], spared: Iterable[str] = ()) -> dict[str, set[str]]:
    """By file below the folder, which of the values it holds in any form; `spared` are parts of paths."""
    forms = {form: value for value in values for form in _forms(value)}
    pattern = re.compile(b"|".join(re.escape(form) for form in sorted(forms, key=len)[::-1]), re.I)
    lowered = {form.lower(): value for form, value in forms.items()}
    found: dict[str, set[str]] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = str(path.relative_to(folder))
        if any(part in name for part in spared):
            continue
        for content in _contents(path):
            for match in pattern.finditer(content):
                found.setdefault(name, set()).add(lowered[match.group().lower()])
    return found


def _forms(value: str) -> Iterator[bytes]:
    plain = value.encode()
    yield from (plain, value.encode("utf-16-le"), value.encode("utf-16-be"))
    yield quote_plus(value).encode()
    for text in {value, value.lower()}:
        content = text.encode()
        yield base64.b64encode(content).rstrip(b"=")
        for hashed in (hashlib.sha256, hashlib.sha1, hashlib.md5):
            yield hashed(content).hexdigest().encode()


def _contents(path: Path) -> Iterator[bytes]:
    raw = path.read_bytes()
    yield raw
    if raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
    if raw[:4] == b"PAR1":
        with duckdb.connect() as connection:
            file = str(path).replace("'", "''")
            columns = connection.execute(
                f"DESCRIBE SELECT * FROM read_parquet('{file}')"  # noqa: S608
            ).fetchall()
            for column, kind, *_ in columns:
                told = f'"{column}"::BLOB' if kind == "BLOB" else f'"{column}"::VARCHAR'
                query = f"SELECT DISTINCT {told} FROM read_parquet('{file}')"  # noqa: S608
                for (cell,) in connection.execute(query).fetchall():
                    if cell is not None:
                        yield cell if isinstance(cell, bytes) else cell.encode()
