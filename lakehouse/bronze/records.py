"""The bytes of a landing file, cut into records, each with its number and what is wrong with it.

Spark's own readers lose what quarantine must keep: undecodable bytes become U+FFFD, invalid UTF-8 is
altered in the corrupt-record column, row numbers do not exist. So a file is read as binary and cut
here, in plain Python on the executors. Delimited files and JSON lines are line based: a record never
holds a line break.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakehouse.bronze.json_text import after_blank, members

BAD_ENCODING = "bad_encoding"
INVALID_JSON = "invalid_json"
TOO_FEW_COLUMNS = "too_few_columns"
TOO_MANY_COLUMNS = "too_many_columns"
UNBALANCED_QUOTE = "unbalanced_quote"
STRAY_LINE_BREAK = "stray_line_break"
MISSING_KEY = "missing_key"

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HEAD_RECORDS = 100

# Without a say csv refuses a field of more than 131,072 characters. Spark hands over no file of 2 GiB.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
class Layout:
    """How a feed's files are cut: format, options, encoding, declared columns, key columns."""

    format: str
    delimiter: str
    quote: str
    header: bool
    encoding: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    key: tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """One record. A sound one has `values` by column; a malformed one a `reason` and its bytes."""

    number: int
    values: Mapping[str, str | None] | None = None
    reason: str | None = None
    payload: bytes | None = None


class UnreadableFileError(Exception):
    """The file as a whole cannot be cut into records."""


def records(content: bytes, layout: Layout) -> Iterator[Record]:
    """Every record of the file, numbered from 1 without the header.

    Raises:
        UnreadableFileError: the header cannot be cut into names, or the file is no JSON array or no
            Parquet file, or one that is broken. `missing_columns` has raised it before.
    """
    cut = {"csv": _delimited, "jsonl": _json_lines, "json_array": _json_array, "parquet": _parquet}
    for record in cut[layout.format](content, layout):
        yield _with_key_checked(record, layout)


def missing_columns(content: bytes, layout: Layout) -> list[str]:
    """Required columns that the file lacks, by its header, schema or first hundred records.

    Of a delimited file without header the last columns, required or not, that no record reaches: each
    record would be held for them. A JSON array and a Parquet file are read to their end, as what is
    broken there spoils them whole.

    Raises:
        UnreadableFileError: for whatever `records` raises it.
    """
    if layout.format == "csv" and not layout.header:
        return _columns_out_of_reach(content, layout)
    present = _present_columns(content, layout)
    return [] if present is None else [c for c in layout.required if c not in present]


def repeated_columns(content: bytes, layout: Layout) -> list[str]:
    """Columns that the file has more than once, by its header or schema: of two only one could be kept.

    One that nobody declared is told by its place, as its name may be a value where the header is missing.
    Columns without a name count for none.

    Raises:
        UnreadableFileError: the header cannot be cut into names, or the file is no Parquet file.
    """
    names: Sequence[str] = ()
    if layout.format == "parquet":
        names = _parquet_file(content).schema_arrow.names
    elif layout.format == "csv" and layout.header:
        names = _header(_first_line(content), layout)
    seen: set[str] = set()
    repeated: dict[str, str] = {}
    for place, name in enumerate(names, start=1):
        if name in seen and name.strip():
            repeated.setdefault(name, name if name in layout.columns else f"column {place}")
        seen.add(name)
    return list(repeated.values())


def _present_columns(content: bytes, layout: Layout) -> set[str] | None:
    if layout.format == "parquet":
        return _parquet_names(content)
    if layout.format == "csv":
        return set(_header(_first_line(content), layout)) or None
    return _json_names(_lines(content) if layout.format == "jsonl" else _elements(content), layout)


def _columns_out_of_reach(content: bytes, layout: Layout) -> list[str]:
    """The last columns that no line of a file without header has; most files say so by their first line."""
    longest = len(layout.columns)
    for number, line in _lines(content):
        try:
            cells, _ = _cells(line.decode(layout.encoding, errors="replace"), layout)
        except csv.Error:
            # Nobody knows how many it has, and it is held alone.
            return []
        longest = len(cells) if number == 1 else max(longest, len(cells))
        if longest >= len(layout.columns):
            return []
    return list(layout.columns[longest:])


def _json_names(texts: Iterable[tuple[int, bytes]], layout: Layout) -> set[str] | None:
    head = (_json_record(number, raw, layout) for number, raw in texts if number <= _HEAD_RECORDS)
    names = [record.values.keys() for record in head if record.values is not None]
    return set().union(*names) if names else None


def _with_key_checked(record: Record, layout: Layout) -> Record:
    values = record.values
    if values is None or all((values.get(k) or "").strip() for k in layout.key):
        return record
    payload = (
        json.dumps(dict(values), ensure_ascii=False).encode()
        if record.payload is None
        else record.payload
    )
    return Record(record.number, reason=MISSING_KEY, payload=payload)


def _lines(content: bytes) -> list[tuple[int, bytes]]:
    """Non-blank lines with their numbers from 1, without line ends."""
    body = content.removeprefix(BYTE_ORDER_MARK)
    kept = (line.removesuffix(b"\r") for line in body.split(b"\n"))
    return list(enumerate((line for line in kept if line.strip()), start=1))


def _first_line(content: bytes) -> bytes:
    """The first of `_lines`; empty where there is none."""
    lines = io.BytesIO(content.removeprefix(BYTE_ORDER_MARK))
    first = next((line for line in lines if line.strip()), b"")
    return first.removesuffix(b"\n").removesuffix(b"\r")


def _header(line: bytes, layout: Layout) -> list[str]:
    text = line.decode(layout.encoding, errors="replace")
    try:
        names = next(csv.reader([text], delimiter=layout.delimiter, quotechar=layout.quote))
    except csv.Error as error:
        raise UnreadableFileError("header that cannot be cut") from error
    return [name.strip() for name in names]


def _delimited(content: bytes, layout: Layout) -> Iterator[Record]:
    lines = _lines(content)
    names = list(layout.columns)
    if layout.header:
        if not lines:
            return
        names = _header(lines[0][1], layout)
        lines = [(number - 1, line) for number, line in lines[1:]]
    for number, line in lines:
        yield _delimited_record(number, line, names, layout)


def _delimited_record(number: int, line: bytes, names: list[str], layout: Layout) -> Record:
    try:
        text = line.decode(layout.encoding)
    except UnicodeDecodeError:
        return Record(number, reason=BAD_ENCODING, payload=line)
    try:
        cells, is_balanced = _cells(text, layout)
    except csv.Error:
        # A carriage return outside quotes: the one thing that csv takes in no mode.
        return Record(number, reason=STRAY_LINE_BREAK, payload=line)
    if len(cells) < len(names):
        return Record(number, reason=TOO_FEW_COLUMNS, payload=line)
    if len(cells) > len(names):
        return Record(number, reason=TOO_MANY_COLUMNS, payload=line)
    if not is_balanced:
        return Record(number, reason=UNBALANCED_QUOTE, payload=line)
    values = {name: cell or None for name, cell in zip(names, cells, strict=True)}
    return Record(number, values, payload=line)


def _cells(text: str, layout: Layout) -> tuple[list[str], bool]:
    if layout.quote not in text:
        return text.split(layout.delimiter), True
    options: dict[str, Any] = {"delimiter": layout.delimiter, "quotechar": layout.quote}
    try:
        return next(csv.reader([text], strict=True, **options)), True
    except csv.Error:
        return next(csv.reader([text], **options)), False


def _json_lines(content: bytes, layout: Layout) -> Iterator[Record]:
    for number, line in _lines(content):
        yield _json_record(number, line, layout)


def _json_array(content: bytes, layout: Layout) -> Iterator[Record]:
    for number, element in _elements(content):
        yield _json_record(number, element, layout)


def _elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of a JSON array with their numbers from 1, as they are written."""
    text = array_text(content)
    for number, (start, end) in enumerate(element_spans(text), start=1):
        yield number, text[start:end].encode("latin-1")


def array_text(content: bytes) -> str:
    """The text of a file that is a JSON array, without what stands around it, one character per byte."""
    # So that an undecodable byte spoils its own element and no other.
    return content.removeprefix(BYTE_ORDER_MARK).decode("latin-1").strip()


def element_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where in `array_text` each element begins and ends.

    Raises:
        UnreadableFileError: it is no JSON array, or one that is broken; told when it is come to.
    """
    if not text.startswith("["):
        raise UnreadableFileError("not a JSON array")
    decoder = json.JSONDecoder(parse_int=str)  # Python refuses integers of thousands of digits
    position = after_blank(text, 1)
    while position < len(text) and text[position] != "]":
        try:
            _, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            raise UnreadableFileError("broken JSON array") from error
        yield position, end
        position = after_blank(text, end)
        if position < len(text) and text[position] == ",":
            position = after_blank(text, position + 1)
    if position != len(text) - 1:
        raise UnreadableFileError("broken JSON array")


def _json_record(number: int, raw: bytes, layout: Layout) -> Record:
    try:
        text = raw.decode(layout.encoding)
    except UnicodeDecodeError:
        return Record(number, reason=BAD_ENCODING, payload=raw)
    try:
        values = members(text)
    except (ValueError, RecursionError):
        return Record(number, reason=INVALID_JSON, payload=raw)
    return Record(number, values, payload=raw)


def _parquet(content: bytes, layout: Layout) -> Iterator[Record]:
    number = 0
    for names, columns in _parquet_columns(content):
        for row in zip(*columns, strict=True):
            number += 1
            yield Record(number, dict(zip(names, row, strict=True)))


def _parquet_names(content: bytes) -> set[str]:
    """The columns of a file that can be read, to its last row."""
    rows = 0
    with _parquet_faults_told():
        for batch in _parquet_file(content).iter_batches():
            rows += batch.num_rows if batch.num_columns else 0
            for column in batch.columns:
                _require_text(column)
    if rows != parquet_record_count(content):
        raise UnreadableFileError("Parquet file with another number of rows than its footer says")
    return set(_parquet_file(content).schema_arrow.names)


def _parquet_columns(content: bytes) -> Iterator[tuple[list[str], list[list[str | None]]]]:
    """The names and the text of the columns, batch by batch."""
    with _parquet_faults_told():
        for batch in _parquet_file(content).iter_batches():
            yield batch.schema.names, [_as_text(column) for column in batch.columns]


def _require_text(array: pa.Array) -> None:
    """Returns if `_as_text` can be had of the array, without a Python object per value if it is flat."""
    if pa.types.is_nested(array.type):
        _as_text(array)
    else:
        pc.cast(array, pa.string()).validate(full=True)


def _as_text(array: pa.Array) -> list[str | None]:
    if pa.types.is_nested(array.type):
        return [
            None if v is None else json.dumps(v, ensure_ascii=False, default=str)
            for v in array.to_pylist()
        ]
    text: list[str | None] = pc.cast(array, pa.string()).to_pylist()
    return [value or None for value in text]


def _parquet_file(content: bytes) -> pq.ParquetFile:
    with _parquet_faults_told():
        return pq.ParquetFile(io.BytesIO(content))


@contextmanager
def _parquet_faults_told() -> Iterator[None]:
    try:
        yield
    except MemoryError:
        # Arrow's is an ArrowException too, and a fault of the machine, not of the file.
        raise
    # A broken page is an OSError; bytes that are no text, or a day that no calendar has, a ValueError.
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # The machine's own, by its number: Arrow's have none.
        raise UnreadableFileError("no Parquet file, or a broken one") from error


def parquet_record_count(content: bytes) -> int:
    """Rows by the file's footer, which the reading of rows has no part in."""
    return int(_parquet_file(content).metadata.num_rows)
