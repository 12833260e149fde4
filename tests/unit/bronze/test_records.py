"""Landing bytes, cut into records: each numbered, each sound or held with its reason and its bytes."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.bronze.records import (
    Layout,
    UnreadableFileError,
    missing_columns,
    parquet_record_count,
    records,
    repeated_columns,
)


def layout(file_format: str = "csv", **changes: object) -> Layout:
    fields: dict[str, object] = {
        "format": file_format,
        "delimiter": ",",
        "quote": '"',
        "header": True,
        "encoding": "utf-8",
        "columns": ("id", "name"),
        "required": ("id",),
        "key": ("id",),
    }
    return Layout(**(fields | changes))  # type: ignore[arg-type]


def outcome(content: bytes, how: Layout) -> list[tuple[int, object]]:
    return [(r.number, r.reason or dict(r.values or {})) for r in records(content, how)]


def test_reads_a_delimited_file_by_its_header_and_keeps_a_column_nobody_declared() -> None:
    content = b'name,id,mood\r\n"Smith, Ann",1,good\r\nBob,2,\r\n'
    assert outcome(content, layout()) == [
        (1, {"name": "Smith, Ann", "id": "1", "mood": "good"}),
        (2, {"name": "Bob", "id": "2", "mood": None}),
    ]


def test_reads_a_file_without_header_by_position() -> None:
    how = layout(delimiter="|", header=False)
    assert outcome(b"1|Ann\n2|Bob", how) == [
        (1, {"id": "1", "name": "Ann"}),
        (2, {"id": "2", "name": "Bob"}),
    ]


def test_blank_lines_and_a_byte_order_mark_are_no_records() -> None:
    assert outcome(b"\xef\xbb\xbfid,name\n\n1,Ann\n\n", layout()) == [
        (1, {"id": "1", "name": "Ann"})
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"1", "too_few_columns"),
        (b'1,"An', "unbalanced_quote"),
        (b"1,Ann,x", "too_many_columns"),
        (b",Ann", "missing_key"),
        (b"1,\xff\xfe", "bad_encoding"),
        (b'1,"An"\rn', "stray_line_break"),
        (b'"1",An\rn', "stray_line_break"),
    ],
)
def test_holds_a_malformed_line_verbatim(line: bytes, reason: str) -> None:
    held, sound = list(records(b"id,name\n" + line + b"\n2,Bob\n", layout()))
    assert (held.number, held.reason, held.payload) == (1, reason, line)
    assert sound.values == {"id": "2", "name": "Bob"}


def test_a_field_is_read_however_long_it_is() -> None:
    name = "x" * 200_000
    assert outcome(f'id,name\n1,"{name}"\n2,"{name}\n'.encode(), layout()) == [
        (1, {"id": "1", "name": name}),
        (2, "unbalanced_quote"),
    ]


def test_a_file_whose_header_cannot_be_cut_is_unreadable_as_a_whole() -> None:
    assert_unreadable(b'"id"\r,name\n1,Ann\n', layout())


def assert_unreadable(content: bytes, how: Layout) -> None:
    """By the first look and by the reading alike."""
    with pytest.raises(UnreadableFileError):
        missing_columns(content, how)
    with pytest.raises(UnreadableFileError):
        list(records(content, how))


def test_a_byte_that_windows_1252_lacks_is_bad_encoding() -> None:
    how = layout(encoding="windows-1252")
    assert outcome(b"id,name\n1,Zo\xeb\n2,Zo\x81\n", how) == [
        (1, {"id": "1", "name": "Zoë"}),
        (2, "bad_encoding"),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id":"1","na', "invalid_json"),
        (b"[1]", "invalid_json"),
        (b'{"id":NaN}', "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b'{"id":"1","name":"\\ud800"}', "invalid_json"),
        (b'{"id":"1","name":"\xc3("}', "bad_encoding"),
        (b'{"name":"Ann"}', "missing_key"),
    ],
)
def test_holds_a_malformed_json_line_verbatim(line: bytes, reason: str) -> None:
    held, sound = list(records(line + b'\n{"id":2}\n', layout("jsonl")))
    assert (held.reason, held.payload) == (reason, line)
    assert sound.values == {"id": "2"}


def test_json_values_become_text_as_they_are_written_nested_ones_too() -> None:
    content = b'{"id":7,"name":null,"ok":true,"sum":1E2,"tags":[ {"a": 1.50} ]}'
    assert outcome(content, layout("jsonl")) == [
        (1, {"id": "7", "name": None, "ok": "true", "sum": "1E2", "tags": '[ {"a": 1.50} ]'})
    ]


def test_half_a_surrogate_pair_deep_in_a_record_holds_that_record_alone() -> None:
    content = b'{"id":"1","tags":["\\ud800"]}\n{"id":"2","tags":["\\ud83d\\ude00"]}\n'
    assert outcome(content, layout("jsonl")) == [
        (1, "invalid_json"),
        (2, {"id": "2", "tags": '["\\ud83d\\ude00"]'}),
    ]


def test_an_integer_of_thousands_of_digits_does_not_make_an_array_unreadable() -> None:
    number = "9" * 5000
    content = f'[{{"id":{number}}}, {{"id":1}}]'.encode()
    assert outcome(content, layout("json_array")) == [(1, {"id": number}), (2, {"id": "1"})]


def test_an_undecodable_byte_spoils_one_element_of_an_array_and_no_other() -> None:
    content = b'[ {"id":"1","name":"\xff"}, {"id":"2","name":"\xc3\xa9"} ]'
    assert outcome(content, layout("json_array")) == [
        (1, "bad_encoding"),
        (2, {"id": "2", "name": "é"}),
    ]


FIRST_150 = b",".join(b'{"id":%d}' % number for number in range(150))


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{}", b'[{"id":1}', b'[{"id":1},{"i'),
        *(b"[" + FIRST_150 + end for end in (b",{", b"] garbage", b"][" + FIRST_150 + b"]")),
    ],
)
def test_an_array_that_is_none_is_unreadable_as_a_whole(content: bytes) -> None:
    assert_unreadable(content, layout("json_array"))


def test_reads_parquet_as_text_and_counts_by_the_footer() -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"id": [1, 2], "name": ["Ann", None], "sum": [1.5, 2.0]}), buffer)
    content = buffer.getvalue()
    assert outcome(content, layout("parquet")) == [
        (1, {"id": "1", "name": "Ann", "sum": "1.5"}),
        (2, {"id": "2", "name": None, "sum": "2"}),
    ]
    assert parquet_record_count(content) == 2


def parquet(names: pa.Array) -> bytes:
    buffer = io.BytesIO()
    ids = [str(number) for number in range(len(names))]
    pq.write_table(pa.table({"id": ids, "name": names}), buffer, compression="snappy")
    return buffer.getvalue()


def test_a_cut_parquet_file_is_unreadable() -> None:
    assert_unreadable(b"PAR1 cut", layout("parquet"))


def test_a_parquet_file_with_a_broken_page_is_unreadable_though_its_footer_is_sound() -> None:
    sound = parquet(pa.array(["Ann"] * 1000))
    broken = sound[:40] + bytes(200) + sound[240:]
    assert parquet_record_count(broken) == 1000
    assert_unreadable(broken, layout("parquet"))


def test_a_parquet_column_of_bytes_that_are_no_text_makes_the_file_unreadable() -> None:
    assert_unreadable(parquet(pa.array([b"Ann", b"\xff"])), layout("parquet"))


def parquet_of(*names: str) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array(["1"])] * len(names), names=names), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "how", "repeated"),
    [
        (b"id,name\n1,Ann\n", layout(), []),
        (b"id,name,id\n1,Ann,2\n", layout(), ["id"]),
        (b"\xef\xbb\xbf\n\nid,name , name,id,id\r\n1,Ann,Bo,2,3\r\n", layout(), ["name", "id"]),
        (b"id,mood,name,mood\n1,good,Ann,bad\n", layout(), ["column 4"]),
        (b"1,Ann,Ann\n", layout(), ["column 3"]),
        # What a spreadsheet leaves behind the last column.
        (b"id,name,,\n1,Ann,,\n", layout(), []),
        (b"1,1\n", layout(header=False), []),
        (b"", layout(), []),
        (parquet_of("id", "name"), layout("parquet"), []),
        (parquet_of("id", "name", "id"), layout("parquet"), ["id"]),
    ],
)
def test_names_the_columns_that_a_file_has_twice_and_no_name_that_may_be_a_value(
    content: bytes, how: Layout, repeated: list[str]
) -> None:
    assert repeated_columns(content, how) == repeated


@pytest.mark.parametrize(
    ("content", "how", "missing"),
    [
        (b"name\nAnn\n", layout(), ["id"]),
        (b"id,name\n", layout(), []),
        (b"1,Ann\n", layout(header=False), []),
        (b"1\n2,Bob\n", layout(header=False), []),
        (b"1\n2\n", layout(header=False), ["name"]),
        (b"1|Ann\n", layout(header=False), ["name"]),
        (b'"1,Ann"\n', layout(header=False), ["name"]),
        (b"1\n\xff\n", layout(header=False), ["name"]),
        (b'1,"a"\rb\n', layout(header=False), []),
        (b"", layout(header=False), []),
        (b'{"name":"Ann"}\n{"name":"Bob"}\n', layout("jsonl"), ["id"]),
        (b'{"name":"Ann"}\n{"id":"2"}\n', layout("jsonl"), []),
        (b"", layout("jsonl"), []),
    ],
)
def test_names_the_required_columns_that_a_file_lacks(
    content: bytes, how: Layout, missing: list[str]
) -> None:
    assert missing_columns(content, how) == missing
