"""A search of files for people's values: every byte of every file, Parquet's pages decoded, gzip, zip and
sealed files opened.

Two ways to know a value. By marks (see `erasure_marks`), which need no value: every cell and word that a
file holds is hashed and compared. By the values themselves, which whoever asks brings along: their bytes
are searched for in every encoding.
"""

import gzip
import hashlib
import io
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.errors import LakehouseError
from lakehouse.privacy.erasure_marks import candidates, encodings, mark_of

VERSION = "2"
_SEEN_AT_MOST = 5_000_000
_PARQUET, _GZIP, _ZIP = b"PAR1", b"\x1f\x8b", b"PK\x03\x04"

# A zip that is locked, or packed in a way that Python does not know, is a RuntimeError.
_UNREADABLE = (
    OSError,
    EOFError,
    pa.ArrowException,
    BadZipFile,
    zlib.error,
    RuntimeError,
    LakehouseError,
)

Opener = Callable[[bytes], bytes | None]
"""From a file to what is sealed in it; None of a file that is not sealed."""


def _not_sealed(_: bytes) -> None:
    return None


@dataclass
class Scan:
    """What was looked at, and by file how many values were found in it.

    `sha256` tells all that was looked at apart from anything else: over each file in turn, of what came
    before, its name and the SHA-256 of its bytes.
    """

    files: int = 0
    bytes: int = 0
    sha256: str = ""
    unreadable: list[str] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Scan") -> "Scan":
        """What both looked at and found."""
        return Scan(
            self.files + other.files,
            self.bytes + other.bytes,
            _folded(self.sha256, other.sha256),
            self.unreadable + other.unreadable,
            self.hits + other.hits,
        )


class Finder:
    """Knows values when it sees them."""

    def __init__(self, marks: Set[str], secret: str, values: Iterable[str] = ()) -> None:
        """`secret` is that of marks; `values` are people's own, searched for in every encoding."""
        self._marks, self._secret = marks, secret
        forms = {form for value in values for form in encodings(value).values()}
        self._bytes = sorted(forms)
        self._texts = sorted(
            {form.decode("latin-1").lower() for form in forms if b"\0" not in form}
        )
        self._seen: dict[str, bool] = {}

    def in_text(self, text: str) -> int:
        """How many values stand in the text."""
        lowered = text.lower() if self._texts else ""
        by_value = sum(1 for needle in self._texts if needle in lowered)
        return by_value + sum(map(self._is_marked, set(candidates(text))))

    def in_bytes(self, content: bytes) -> int:
        """How many of the values stand in the bytes, in any encoding."""
        return sum(1 for needle in self._bytes if needle in content)

    def _is_marked(self, word: str) -> bool:
        known = self._seen.get(word)
        if known is None:
            known = mark_of(word, self._secret) in self._marks
            if len(self._seen) < _SEEN_AT_MOST:
                self._seen[word] = known
        return known


def scan(
    places: Mapping[str, Path],
    finder: Finder,
    left_out: Iterable[Path] = (),
    opened: Opener = _not_sealed,
) -> Scan:
    """Looks through every file below these places.

    Args:
        places: by a name for people to read, folders or files; what is not there holds nothing.
        finder: what is looked for.
        left_out: folders and files that may hold it.
        opened: opens files that are sealed; what it refuses by an error of ours counts as unreadable.
    """
    found, spared = Scan(), [path.resolve() for path in left_out]
    for name, place in places.items():
        for path in _files(place):
            if any(path.resolve().is_relative_to(other) for other in spared):
                continue
            label = f"{name}/{path.relative_to(place)}" if path != place else name
            try:
                content = path.read_bytes()
                hits = _hits(content, finder, opened) + finder.in_text(label)
            except _UNREADABLE as error:
                found.unreadable.append(f"{label} ({type(error).__name__})")
                continue
            found.files += 1
            found.bytes += len(content)
            found.sha256 = _folded(found.sha256, label, hashlib.sha256(content).hexdigest())
            if hits:
                found.hits[label] += hits
    return found


def _folded(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    elif place.is_dir():
        yield from sorted(path for path in place.rglob("*") if path.is_file())


def _hits(content: bytes, finder: Finder, opened: Opener) -> int:
    found = finder.in_bytes(content)
    inside = opened(content)
    if inside is not None:
        return found + _hits(inside, finder, opened)
    if content[:4] == _PARQUET:
        return found + _hits_of_parquet(content, finder)
    if content[:2] == _GZIP:
        return found + _hits(gzip.decompress(content), finder, opened)
    if content[:4] == _ZIP:
        with ZipFile(io.BytesIO(content)) as files:
            return found + sum(
                finder.in_text(entry.filename) + _hits(files.read(entry), finder, opened)
                for entry in files.infolist()
            )
    return found + sum(finder.in_text(text) for text in _texts(content))


def _texts(content: bytes) -> Iterator[str]:
    """The bytes as text, by each encoding that they could be in."""
    try:
        yield content.decode("utf-8")
    except UnicodeDecodeError:
        yield content.decode("utf-8", errors="ignore")
        yield content.decode("windows-1252", errors="replace")
    if b"\0" in content:
        yield content.decode("utf-16-le", errors="ignore")


def _hits_of_parquet(content: bytes, finder: Finder) -> int:
    file = pq.ParquetFile(pa.BufferReader(content))
    metadata = file.metadata.metadata or {}
    found = sum(finder.in_text(text) for value in metadata.values() for text in _texts(value))
    for group in range(file.num_row_groups):
        for column in file.read_row_group(group).columns:
            found += sum(finder.in_text(text) for text in _distinct_texts(column))
        found += sum(finder.in_text(str(text)) for text in _statistics(file, group))
    return found


def _distinct_texts(column: pa.ChunkedArray) -> set[str]:
    texts: set[str] = set()
    for value in set(map(_hashable, column.to_pylist())):
        texts |= {text for text in _told(value) if text}
    return texts


def _hashable(value: object) -> object:
    return value if isinstance(value, str | bytes | int | float | None) else _flat(value)


def _flat(value: object) -> str:
    # Maps come as lists of pairs; what is in them stands between quotes.
    return json.dumps(value, ensure_ascii=False, default=str)


def _told(value: object) -> Iterator[str]:
    if isinstance(value, bytes):
        yield from _texts(value)
    elif value is not None:
        yield str(value)


def _statistics(file: pq.ParquetFile, group: int) -> Iterator[object]:
    for number in range(file.metadata.num_columns):
        statistics = file.metadata.row_group(group).column(number).statistics
        if statistics is not None and statistics.has_min_max:
            yield from (statistics.min, statistics.max)
