"""Landing files: one folder per daily drop, parts of bounded size, poison put in at known rows."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from anyascii import anyascii

from lakehouse.demo.calendar import Calendar

_MAX_BYTES = 48 * 1024 * 1024


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return anyascii(error.object[error.start : error.end]), error.end


codecs.register_error("demo-plain", _plain)


@dataclass(frozen=True)
class Shape:
    """How a feed's files look."""

    extension: str
    header: str = ""
    encoding: str = "utf-8"
    is_json_array: bool = False


@dataclass(frozen=True)
class Poison:
    """One bad row to put into a file: its bytes without line end, and why it is bad."""

    line: bytes
    reason: str


@dataclass
class Books:
    """What was planted: rows for the truth tables."""

    poison: list[tuple[str, int, str]] = field(default_factory=list)
    duplicate_files: list[tuple[str, str]] = field(default_factory=list)
    rejected_files: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Landing:
    """The landing folder, as one chunk of the population writes to it.

    `part` numbers the chunk in file names; None if there is but one chunk.
    """

    root: Path
    calendar: Calendar
    part: int | None
    books: Books

    def path(
        self,
        feed: str,
        day: int,
        extension: str,
        piece: int = 0,
        mark: str = "",
        of: int | None = None,
    ) -> str:
        """Path below the landing root. `of` is the day that the content is of, if not `day`."""
        part = "" if self.part is None else f"-part{self.part:04d}"
        more = f"-{piece + 1:02d}" if piece else ""
        content_day = self.calendar.day(day if of is None else of)
        return f"{self.calendar.day(day)}/{feed}-{content_day}{part}{more}{mark}.{extension}"

    def write(
        self,
        feed: str,
        day: int,
        shape: Shape,
        lines: pa.Array,
        poison: tuple[tuple[int, Poison], ...] = (),
        mark: str = "",
        of: int | None = None,
    ) -> list[str]:
        """Writes lines as files of at most about 48 MB; nothing if there are none.

        `poison` rows go before the line of their number, all into the first file. Gives the paths.
        """
        paths = []
        for piece, part in enumerate(_pieces(lines)):
            path = self.path(feed, day, shape.extension, piece, mark, of)
            given = poison if piece == 0 else ()
            # Truth and file must take rows that go before the same line in the same order.
            planted = sorted(
                ((min(at, len(part)), row) for at, row in given), key=lambda place: place[0]
            )
            self._save(path, _with_poison(part, planted, shape), shape)
            for shift, (at, row) in enumerate(planted):
                self.books.poison.append((path, at + shift + 1, row.reason))
            paths.append(path)
        return paths

    def write_parquet(self, feed: str, day: int, table: pa.Table) -> None:
        """Writes a Parquet file; nothing if the table is empty."""
        if table.num_rows:
            path = self.root / self.path(feed, day, "parquet")
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(table, path, compression="zstd")

    def resend(self, path: str, day: int) -> None:
        """Delivers the bytes of a file once more on a later day under another name."""
        name, _, extension = path.partition("/")[2].rpartition(".")
        again = f"{self.calendar.day(day)}/{name}-resent.{extension}"
        target = self.root / again
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((self.root / path).read_bytes())
        self.books.duplicate_files.append((again, path))

    def _save(self, path: str, rows: list[bytes], shape: Shape) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            if shape.is_json_array:
                file.write(b"[\n")
            if shape.header:
                file.write(shape.header.encode(shape.encoding) + b"\n")
            for number, block in enumerate(rows):
                if shape.is_json_array and number:
                    file.write(b",\n")
                file.write(block)
            if shape.is_json_array:
                file.write(b"\n]\n")


def _pieces(lines: pa.Array) -> list[pa.Array]:
    if len(lines) == 0:
        return []
    size = int(pc.sum(pc.binary_length(lines)).as_py()) + len(lines)
    count = -(-size // _MAX_BYTES)
    step = -(-len(lines) // count)
    return [lines.slice(start, step) for start in range(0, len(lines), step)]


def _block(lines: pa.Array, shape: Shape) -> bytes:
    """The lines' bytes with their line ends, taken from Arrow's buffer in one piece."""
    ended = pc.binary_join_element_wise(lines, pa.scalar(""), "\n")
    if isinstance(ended, pa.ChunkedArray):
        ended = ended.combine_chunks()
    offsets = np.frombuffer(ended.buffers()[1], dtype=np.int32)
    first, last = int(offsets[ended.offset]), int(offsets[ended.offset + len(ended)])
    data: Any = memoryview(ended.buffers()[2])[first:last]
    if shape.encoding == "utf-8":
        return bytes(data)
    return bytes(data).decode("utf-8").encode(shape.encoding, errors="demo-plain")


def _with_poison(
    lines: pa.Array, poison: Sequence[tuple[int, Poison]], shape: Shape
) -> list[bytes]:
    """The file's blocks, `poison` in its order; JSON array elements come one by one, without line ends."""
    blocks, start = [], 0
    for at, row in (*poison, (len(lines), None)):
        part = lines.slice(start, at - start)
        if len(part) and shape.is_json_array:
            blocks += [line.encode(shape.encoding) for line in part.to_pylist()]
        elif len(part):
            blocks.append(_block(part, shape))
        if row is not None:
            blocks.append(row.line if shape.is_json_array else row.line + b"\n")
        start = at
    return blocks
