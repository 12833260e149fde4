"""Whole columns to lines of text: JSON objects and delimited rows, built by Arrow."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Array = Any
"""An Arrow array, or numpy values that become one."""


def text(values: Array) -> pa.Array:
    """Values as an Arrow text array; None, and empty text, become null."""
    array = values if isinstance(values, pa.Array) else pa.array(values, from_pandas=True)
    if not pa.types.is_string(array.type):
        return pc.cast(array, pa.string())
    return pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array)


def drawn(pool: Iterable[str], positions: NDArray[np.int64]) -> pa.Array:
    """The texts of `pool` at `positions`; a negative position is null."""
    indices = pa.array(positions, mask=positions < 0)
    return pa.array(list(pool), pa.string()).take(indices)


def numbered(head: str, numbers: NDArray[np.int64]) -> pa.Array:
    """Ids: `head` and the number."""
    return pc.binary_join_element_wise(pa.scalar(head), pc.cast(pa.array(numbers), pa.string()), "")


def moments(seconds: NDArray[np.int64], form: str = "iso") -> pa.Array:
    """Seconds since 1970 as `2026-01-05T10:00:00Z`, or by a strftime pattern."""
    stamps = pa.array(seconds).cast(pa.timestamp("s"))
    if form != "iso":
        return pc.strftime(stamps, format=form)
    spaced = pc.cast(stamps, pa.string())
    return pc.binary_join_element_wise(pc.replace_substring(spaced, " ", "T"), pa.scalar("Z"), "")


def money(cents: NDArray[np.int64]) -> pa.Array:
    """Cents as a decimal text with two places."""
    size = np.abs(cents)
    whole = pc.cast(pa.array(size // 100), pa.string())
    part = pc.utf8_lpad(pc.cast(pa.array(size % 100), pa.string()), width=2, padding="0")
    sign = pc.if_else(pa.array(cents < 0), "-", "")
    return pc.binary_join_element_wise(sign, pc.binary_join_element_wise(whole, part, "."), "")


class Raw:
    """Column of ready JSON: numbers, arrays and objects, which take no quotes."""

    def __init__(self, values: Array) -> None:
        self.values = values


def _fragment(key: str, values: Array, lead: str) -> pa.Array:
    raw = isinstance(values, Raw)
    array = text(values.values if raw else values)
    quote = "" if raw else '"'
    return pc.fill_null(
        pc.binary_join_element_wise(
            pa.scalar(f'{lead}"{key}":{quote}'), array, pa.scalar(quote), ""
        ),
        "",
    )


def json_objects(columns: Mapping[str, Array]) -> pa.Array:
    """One JSON object per row, nulls left out. Values need no escapes; the first is never null."""
    fragments = [
        _fragment(key, values, "," if i else "{") for i, (key, values) in enumerate(columns.items())
    ]
    return pc.binary_join_element_wise(*fragments, pa.scalar("}"), "")


def json_arrays(elements: pa.Array, counts: NDArray[np.int64]) -> pa.Array:
    """JSON arrays that take their elements in turn, `counts` of them each."""
    offsets = np.concatenate([[0], np.cumsum(counts)])
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), elements)
    joined = pc.binary_join(lists, ",")
    return pc.binary_join_element_wise(pa.scalar("["), joined, pa.scalar("]"), "")


def delimited(
    columns: Mapping[str, Array], delimiter: str, quoted: frozenset[str] = frozenset()
) -> pa.Array:
    """One delimited row per record. Only columns of `quoted` may hold the delimiter."""
    cells = []
    for name, values in columns.items():
        cell = pc.fill_null(text(values), "")
        cells.append(pc.binary_join_element_wise('"', cell, '"', "") if name in quoted else cell)
    return pc.binary_join_element_wise(*cells, delimiter)
