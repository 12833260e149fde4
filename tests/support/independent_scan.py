"""A search for people's values that shares no code with the eraser: bytes by NumPy, pages by DuckDB."""

import base64
import gzip
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote_plus

import duckdb
import numpy as np

_START = 5
_CHUNK = 4_000_000


class Search:
    """The forms in which values may stand, found by their first bytes, whatever their case."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = {form.lower(): value for value in values for form in _forms(value)}
        assert min(map(len, self._values)) >= _START, "a shorter value would be found everywhere"
        self._forms: dict[bytes, list[bytes]] = defaultdict(list)
        for form in self._values:
            self._forms[form[:_START]].append(form)
        self._starts = np.unique([_number(start) for start in self._forms]).astype(np.uint64)
        self._longest = max(map(len, self._values))

    def found_in(self, content: bytes) -> Iterator[str]:
        """The values whose any form stands in the content."""
        for begin in range(0, len(content), _CHUNK):
            chunk = content[begin : begin + _CHUNK + self._longest].lower()
            for place in self._places(chunk):
                for form in self._forms.get(chunk[place : place + _START], ()):
                    if chunk.startswith(form, place):
                        yield self._values[form]

    def _places(self, chunk: bytes) -> Iterator[int]:
        """Where one of the forms may begin."""
        raw = np.frombuffer(chunk, np.uint8).astype(np.uint64)
        count = len(raw) - _START + 1
        if count > 0:
            windows = np.zeros(count, np.uint64)
            for i in range(_START):
                windows |= raw[i : i + count] << np.uint64(8 * i)
            near = np.searchsorted(self._starts, windows).clip(max=len(self._starts) - 1)
            yield from np.flatnonzero(self._starts[near] == windows).tolist()


def traces(folder: Path, values: Iterable[str], spared: Iterable[str] = ()) -> dict[str, set[str]]:
    """By file below the folder, which of the values it holds in any form; `spared` are parts of paths."""
    search, found = Search(values), defaultdict(set)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = str(path.relative_to(folder))
        if not any(part in name for part in spared):
            for content in _contents(path):
                for value in search.found_in(content):
                    found[name].add(value)
    return dict(found)


def _number(start: bytes) -> int:
    return int.from_bytes(start, "little")


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
                cells = [
                    cell for (cell,) in connection.execute(query).fetchall() if cell is not None
                ]
                yield b"\0".join(c if isinstance(c, bytes) else c.encode() for c in cells)


def plain_traces(
    folder: Path, values: Iterable[str], spared: Iterable[str] = ()
) -> dict[str, set[str]]:
    """The same for many values as they are written, in any case: by file, which of them it holds."""
    looked_for = {value.lower().encode(): value for value in values}
    found: dict[str, set[str]] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = str(path.relative_to(folder))
        if any(part in name for part in spared):
            continue
        content = b"\n".join(_contents(path)).lower()
        if there := {value for form, value in looked_for.items() if form in content}:
            found[name] = there
    return found
