"""A landing file without some of its records, in which all others keep their bytes and their numbers.

In the place of each stands an empty record, which has no key: were the file read anew, quarantine would
hold it. So what bronze, the books and quarantine say of the file's other records stays true.
"""

import io
from collections.abc import Set

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.bronze.records import BYTE_ORDER_MARK, Layout, array_text, element_spans

_EMPTY_OBJECT = "{}"


def without_records(content: bytes, layout: Layout, numbers: Set[int]) -> bytes:
    """The file's bytes with an empty record in the place of each of these, which count from 1.

    Raises:
        UnreadableFileError: the file cannot be cut into records.
    """
    if layout.format == "parquet":
        return _parquet(content, numbers)
    if layout.format == "json_array":
        return _json_array(content, numbers)
    return _lines(content, layout, numbers)


def _lines(content: bytes, layout: Layout, numbers: Set[int]) -> bytes:
    empty = _empty_line(layout)
    has_header = layout.format == "csv" and layout.header
    mark = BYTE_ORDER_MARK if content.startswith(BYTE_ORDER_MARK) else b""
    lines = content[len(mark) :].split(b"\n")
    number = -1 if has_header else 0
    for place, line in enumerate(lines):
        if not line.removesuffix(b"\r").strip():
            continue
        number += 1
        if number in numbers:
            lines[place] = empty + (b"\r" if line.endswith(b"\r") else b"")
    return mark + b"\n".join(lines)


def _empty_line(layout: Layout) -> bytes:
    if layout.format == "jsonl":
        return _EMPTY_OBJECT.encode(layout.encoding)
    # Quoted, so that no delimiter makes the line a blank one, which would not count.
    first, others = 2 * layout.quote, layout.delimiter * (len(layout.columns) - 1)
    return (first + others).encode(layout.encoding)


def _json_array(content: bytes, numbers: Set[int]) -> bytes:
    text = array_text(content)
    kept, last = [], 0
    for number, (start, end) in enumerate(element_spans(text), start=1):
        if number in numbers:
            kept += [text[last:start], _EMPTY_OBJECT]
            last = end
    return "".join([*kept, text[last:]]).encode("latin-1")


def _parquet(content: bytes, numbers: Set[int]) -> bytes:
    table = pq.read_table(io.BytesIO(content))
    kept = [None if n in numbers else n - 1 for n in range(1, table.num_rows + 1)]
    rows = table.take(pa.array(kept, pa.int64()))
    # A dictionary would still list the values that no row has any more.
    columns = [
        column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        for column in rows.columns
    ]
    written = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=rows.column_names), written)
    return written.getvalue()
