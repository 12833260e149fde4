"""Whatever bytes a landing file holds, it is cut into records or refused as a whole."""

import io
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.bronze.record_frames import _record_batch
from lakehouse.bronze.records import (
    Layout,
    UnreadableFileError,
    missing_columns,
    parquet_record_count,
    records,
)

COLUMNS = ("id", "name")
LAYOUTS = {
    name: Layout(
        format=name.partition(" ")[0],
        delimiter=",",
        quote='"',
        header="bare" not in name,
        encoding=encoding,
        columns=COLUMNS,
        required=("id",),
        key=("id",),
    )
    for name, encoding in {
        "csv": "utf-8",
        "csv bare": "windows-1252",
        "jsonl": "utf-8",
        "json_array": "utf-8",
        "parquet": "utf-8",
    }.items()
}


def parquet() -> bytes:
    buffer = io.BytesIO()
    table = {"id": [1, 2, 3], "name": ["Ann", None, "Zoë"], "tags": [[{"a": 1}], [], None]}
    pq.write_table(pa.table(table), buffer)
    return buffer.getvalue()


DELIVERED = {
    "csv": b'\xef\xbb\xbfname,id,hat\r\n"Smith, Ann",1,red\r\nBob,2,\r\n\r\nZo\xc3\xab,3,"a ""b"""\n',
    "csv bare": b'1,"Smith, Ann"\n2,Zo\xeb\n3,\n',
    "jsonl": b'{"id":"1","name":"Ann"}\n{"id":2,"tags":[{"a":1E2}]}\n{"id":"3","name":"\\u00e9"}\n',
    "json_array": b'[ {"id":"1","name":"Zo\xc3\xab"},\n {"id":2,"tags":[{"a":1E2}]}, {"id":"3"} ]\n',
    "parquet": parquet(),
}
MEANINGFUL = [b'"', b"\r", b"\n", b",", b"[", b"]", b"{", b"}", b"\\ud800", b"\x00", b"\xff", b"1"]
# Where, how many bytes are lost there, and what comes in their place.
CHANGES = st.lists(
    st.tuples(
        st.floats(0, 1), st.integers(0, 8), st.sampled_from(MEANINGFUL) | st.binary(max_size=4)
    ),
    min_size=1,
    max_size=4,
)


def changed(content: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for place, lost, put in changes:
        at = round(place * len(content))
        content = content[:at] + put + content[at + lost :]
    return content


def counted(content: bytes, how: Layout) -> int | None:
    """The records by another count than the parser's; None where there is none."""
    if how.format == "parquet":
        return parquet_record_count(content)
    if how.format == "json_array":
        return None
    lines = len(re.findall(rb"(?m)^.*\S.*$", content.removeprefix(b"\xef\xbb\xbf")))
    return max(lines - 1, 0) if how.format == "csv" and how.header else lines


def assert_cut_or_refused(content: bytes, how: Layout) -> None:
    try:
        missing_columns(content, how)
    except UnreadableFileError:
        return
    cut = list(records(content, how))
    assert [record.number for record in cut] == list(range(1, len(cut) + 1))
    assert counted(content, how) in (None, len(cut))
    assert all(record.payload is not None for record in cut if record.reason)
    assert _record_batch("file", "hash", cut, how).num_rows == len(cut)


def many(*elements: str, count: int = 150) -> str:
    return ",".join([*(f'{{"id":{number}}}' for number in range(count)), *elements])


FOUND: list[tuple[str, bytes]] = [
    ("csv", b'id,name\n2,"a"\rb\n'),
    ("csv", b'"id"\r,name\n1,Ann\n'),
    ("csv", b'id,name\n1,"' + b"x" * 200_000 + b"\n"),
    ("json_array", f"[{many()}] garbage".encode()),
    ("json_array", f"[{many()}][{many()}]".encode()),
    ("json_array", f"[{many('{')}]".encode()),
]


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_file_as_it_was_delivered_has_three_sound_records(name: str) -> None:
    cut = list(records(DELIVERED[name], LAYOUTS[name]))
    assert [record.reason for record in cut] == [None] * 3
    assert_cut_or_refused(DELIVERED[name], LAYOUTS[name])


@pytest.mark.parametrize(("name", "content"), FOUND)
def test_a_file_that_once_ended_a_run_is_cut_or_refused(name: str, content: bytes) -> None:
    assert_cut_or_refused(content, LAYOUTS[name])


@given(st.sampled_from(sorted(LAYOUTS)), CHANGES)
def test_a_file_in_which_bytes_were_changed_is_cut_or_refused(
    name: str, changes: list[tuple[float, int, bytes]]
) -> None:
    assert_cut_or_refused(changed(DELIVERED[name], changes), LAYOUTS[name])


@given(st.sampled_from(sorted(LAYOUTS)), st.binary(max_size=200))
def test_bytes_that_mean_nothing_are_cut_or_refused(name: str, content: bytes) -> None:
    assert_cut_or_refused(content, LAYOUTS[name])


@given(st.lists(st.sampled_from(MEANINGFUL), max_size=30))
def test_signs_that_mean_something_are_cut_or_refused_in_any_order(signs: list[bytes]) -> None:
    for how in LAYOUTS.values():
        assert_cut_or_refused(b"".join(signs), how)
