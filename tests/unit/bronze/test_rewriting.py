"""A landing file without some of its records: theirs are gone, and all others keep bytes and numbers."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.bronze.records import Layout, records
from lakehouse.bronze.rewriting import without_records


def layout(form: str, **changes: object) -> Layout:
    return Layout(
        **{
            "format": form,
            "delimiter": ",",
            "quote": '"',
            "header": True,
            "encoding": "utf-8",
            "columns": ("id", "email"),
            "required": ("id",),
            "key": ("id",),
            **changes,
        }
    )  # type: ignore[arg-type]


def parquet(*rows: tuple[str, str]) -> bytes:
    ids, emails = zip(*rows, strict=True)
    table = pa.table(
        {"id": pa.array(ids), "email": pa.array(emails).dictionary_encode()},
    )
    written = io.BytesIO()
    pq.write_table(table, written)
    return written.getvalue()


FILES = {
    "a delimited file": (b"id,email\n1,a@x.org\n\n2,b@x.org\n3,c@x.org\n", layout("csv")),
    "one with a byte order mark and carriage returns": (
        b"\xef\xbb\xbfid,email\r\n1,a@x.org\r\n2,b@x.org\r\n3,c@x.org\r\n",
        layout("csv"),
    ),
    "one without header, by tabs": (
        b"1\ta@x.org\n2\tb@x.org\n3\tc@x.org",
        layout("csv", header=False, delimiter="\t"),
    ),
    "JSON lines": (
        b'{"id": "1", "email": "a@x.org"}\n{"id": "2", "email": "b@x.org"}\n{"id": "3", "email": "c@x.org"}\n',
        layout("jsonl"),
    ),
    "a JSON array": (
        b'[\n {"id": "1", "email": "a@x.org"},\n {"id": "2", "email": "b@x.org"},{"id": "3", "email": "c@x.org"}]\n',
        layout("json_array"),
    ),
    "Parquet": (parquet(("1", "a@x.org"), ("2", "b@x.org"), ("3", "c@x.org")), layout("parquet")),
}


@pytest.mark.parametrize(("content", "how"), FILES.values(), ids=FILES.keys())
def test_the_record_is_gone_and_the_others_stay_what_and_where_they_were(
    content: bytes, how: Layout
) -> None:
    rewritten = without_records(content, how, {2})
    before, after = list(records(content, how)), list(records(rewritten, how))
    assert [record.number for record in after] == [1, 2, 3]
    assert (after[0], after[2]) == (before[0], before[2])
    assert after[1].reason == "missing_key"
    assert b"b@x.org" not in rewritten


@pytest.mark.parametrize(("content", "how"), FILES.values(), ids=FILES.keys())
def test_a_file_rewritten_again_is_the_same(content: bytes, how: Layout) -> None:
    once = without_records(content, how, {2})
    assert without_records(once, how, {2}) == once


def test_a_line_that_could_not_be_cut_goes_too() -> None:
    held = b"id,email\n1,a@x.org\n2,b@x.org,too many\n"
    assert without_records(held, layout("csv"), {2}) == b'id,email\n1,a@x.org\n"",\n'
