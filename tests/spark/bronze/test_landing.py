"""Which files a run takes, and what becomes of those that it does not."""

import io
import random
from collections.abc import Sequence
from datetime import date
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from lakehouse.bronze.landing import (
    empty_files,
    inspected_files,
    landing_file,
    listed_files,
    new_files,
)
from lakehouse.bronze.record_frames import good_records, malformed_records, parsed
from lakehouse.settings.sources import Source
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import LANDING_FILE

DAY = date(2026, 1, 6)
SECRET = "a-secret-of-these-tests"


def feed(entity: str, file_format: str = "csv") -> Source:
    """Key `id`, which is required like `name`; `city` is not."""
    required = {"id": True, "name": True, "city": False, "at": False}
    return Source(
        source_system="shop",
        entity=entity,
        description="A feed of a test.",
        owner="tests",
        readers=["tests"],
        format=file_format,
        file_pattern=f"*/{entity}-*",
        load_kind="delta",
        key=["id"],
        sequence="at",
        columns=[{"name": n, "description": ".", "required": r} for n, r in required.items()],
    )


GUEST, TICKET = feed("guest"), feed("ticket", "json_array")
HEADER = "id,name,city,at\n"


def deliver(landing: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def taken(spark: SparkSession, landing: Path, ledger: DataFrame) -> DataFrame:
    """The ledger rows of one run."""
    sources = (GUEST, TICKET)
    new = new_files(listed_files(spark, str(landing), sources, DAY), ledger).collect()
    paths = {row.path: (row.source_file, row.feed) for row in new}
    return landing_file(inspected_files(spark, paths, sources), ledger, "run")


def empty_ledger(spark: SparkSession) -> DataFrame:
    return local_frame(spark, [], LANDING_FILE.ddl())


def fates(rows: Sequence[Row]) -> dict[str, tuple[str, str | None, int]]:
    return {row.source_file: (row.status, row.reason, row.record_count) for row in rows}


def test_a_file_is_taken_once_whatever_it_is_called_again(
    spark: SparkSession, tmp_path: Path
) -> None:
    deliver(tmp_path, {"2026-01-05/guest-1.csv": HEADER + "1,Ann,Bath,\n2,Bob,,\n"})
    first = taken(spark, tmp_path, empty_ledger(spark)).collect()
    ledger = local_frame(spark, first, LANDING_FILE.ddl())
    deliver(tmp_path, {"2026-01-06/guest-resent.csv": HEADER + "1,Ann,Bath,\n2,Bob,,\n"})

    again = taken(spark, tmp_path, ledger).collect()

    assert fates(first) == {"2026-01-05/guest-1.csv": ("ingested", None, 2)}
    assert fates(again) == {"2026-01-06/guest-resent.csv": ("duplicate", "same_content", 2)}


def test_two_files_of_the_same_bytes_in_one_run_count_once(
    spark: SparkSession, tmp_path: Path
) -> None:
    text = HEADER + "1,Ann,Bath,\n"
    deliver(tmp_path, {"2026-01-05/guest-a.csv": text, "2026-01-05/guest-b.csv": text})

    assert fates(taken(spark, tmp_path, empty_ledger(spark)).collect()) == {
        "2026-01-05/guest-a.csv": ("ingested", None, 1),
        "2026-01-05/guest-b.csv": ("duplicate", "same_content", 1),
    }


def test_a_required_column_missing_or_a_column_there_twice_rejects_that_file_alone_and_is_named(
    spark: SparkSession, tmp_path: Path
) -> None:
    deliver(
        tmp_path,
        {
            "2026-01-05/guest-a.csv": "id,city,at\n1,Bath,\n2,York,\n",
            "2026-01-05/guest-b.csv": HEADER + "1,Ann,Bath,\n",
            "2026-01-05/guest-c.csv": "id,name,id,city,at\n1,Ann,2,Bath,\n",
        },
    )

    rows = taken(spark, tmp_path, empty_ledger(spark)).collect()

    assert fates(rows) == {
        "2026-01-05/guest-a.csv": ("rejected", "missing_required_column", 2),
        "2026-01-05/guest-b.csv": ("ingested", None, 1),
        "2026-01-05/guest-c.csv": ("rejected", "repeated_column", 1),
    }
    assert {row.source_file[-5]: (row.missing_columns, row.repeated_columns) for row in rows} == {
        "a": (["name"], []),
        "b": ([], []),
        "c": ([], ["id"]),
    }


def test_a_json_array_is_counted_also_behind_a_byte_order_mark(
    spark: SparkSession, tmp_path: Path
) -> None:
    deliver(
        tmp_path,
        {
            "2026-01-05/ticket-a.json": '\ufeff[{"id": "1", "name": "Ann"}, {"id": "2", "name": "Bo"}]',
            "2026-01-05/ticket-b.json": '[{"id": "1", "name": "Ann"}',
        },
    )

    assert fates(taken(spark, tmp_path, empty_ledger(spark)).collect()) == {
        "2026-01-05/ticket-a.json": ("ingested", None, 2),
        "2026-01-05/ticket-b.json": ("rejected", "unreadable_file", 1),
    }


def parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"id": ["1", "2"], "name": ["Ann", "Bo"]}), buffer)
    return buffer.getvalue()


SOUND = {
    "csv": b'id,name,city,at\r\n1,"Ann ""A""",Bath,\r\n\r\n2,Bo,York,',
    "jsonl": b'{"id": "1", "name": "Ann"}\n\n{"id": 2, "name": "Bo", "at": [{}]}\n',
    "json_array": b'[{"id": "1", "name": "Ann"}, {"id": 2, "name": "Bo", "at": [{}]}]\n',
    "parquet": parquet(),
}
SIGNS = [b'"', b"'", b"\r", b"\n", b",", b"[", b"]", b"{", b"}", b"NaN", b"\x00", b"\x85", b"\xff"]


def spoilt(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + chance.choice(SIGNS) + content[at + chance.randrange(3) :]


@pytest.mark.parametrize("file_format", SOUND)
def test_a_file_that_inspection_lets_pass_is_read_to_as_many_records_as_were_counted(
    spark: SparkSession, tmp_path: Path, file_format: str
) -> None:
    chance = random.Random(7)  # noqa: S311
    source = feed("any", file_format)
    contents = [SOUND[file_format], *(spoilt(SOUND[file_format], chance) for _ in range(60))]
    paths = {}
    for number, content in enumerate(contents):
        (tmp_path / f"any-{number}").write_bytes(content)
        paths[f"file:{tmp_path}/any-{number}"] = f"any-{number}"

    found = inspected_files(spark, {p: (f, source.name) for p, f in paths.items()}, [source])
    counted = {row.source_file: row.record_count for row in found.collect() if row.is_readable}
    readable = {path: file for path, file in paths.items() if file in counted}
    read = parsed(spark, source, readable).groupBy("source_file").count().collect()

    assert counted["any-0"] == 2
    assert {row.source_file: row["count"] for row in read} == {
        f: n for f, n in counted.items() if n
    }


def test_a_delivery_without_records_is_taken_in_every_format_and_gives_no_record(
    spark: SparkSession, tmp_path: Path
) -> None:
    no_rows = io.BytesIO()
    pq.write_table(
        pa.table({"id": pa.array([], "string"), "name": pa.array([], "string")}), no_rows
    )
    empty = {
        "csv": HEADER.encode(),
        "jsonl": b"\n",
        "json_array": b"[]\n",
        "parquet": no_rows.getvalue(),
    }
    sources = {how: feed(f"{how}_guest", how) for how in empty}
    paths = {}
    # Spark lists no file without a byte: a run tells of it, and the ledger does not.
    nothing = "2026-01-06/nothing.csv"
    deliver(tmp_path, {nothing: "", "2026-01-07/tomorrow.csv": "", "_old/hidden.csv": ""})
    for how, content in empty.items():
        (tmp_path / how).write_bytes(content)
        paths[f"file:{tmp_path}/{how}"] = (how, sources[how].name)

    ledger = landing_file(
        inspected_files(spark, paths, list(sources.values())), empty_ledger(spark), "run"
    )
    read = [
        parsed(spark, source, {f"file:{tmp_path}/{how}": how}).select("source_file")
        for how, source in sources.items()
    ]

    assert fates(ledger.collect()) == dict.fromkeys(empty, ("ingested", None, 0))
    assert reduce(DataFrame.unionByName, read).count() == 0
    assert empty_files(tmp_path, DAY) == [nothing]
    listed = listed_files(spark, str(tmp_path), list(sources.values()), DAY).collect()
    assert {row.source_file for row in listed} == set(empty)


def test_files_of_a_later_day_wait_and_a_folder_that_is_no_day_does_not_stop_the_run(
    spark: SparkSession, tmp_path: Path
) -> None:
    text = HEADER + "1,Ann,Bath,\n"
    deliver(
        tmp_path,
        {
            "2026-01-06/guest-today.csv": text,
            "2026-01-07/guest-tomorrow.csv": text,
            "2026-02-30/guest-never.csv": text + "2,Bob,,\n",
        },
    )

    listed = listed_files(spark, str(tmp_path), (GUEST,), DAY).collect()

    assert sorted(row.source_file for row in listed) == [
        "2026-01-06/guest-today.csv",
        "2026-02-30/guest-never.csv",
    ]


def test_a_file_that_no_pattern_matches_is_listed_without_a_feed_and_a_hidden_one_not_at_all(
    spark: SparkSession, tmp_path: Path
) -> None:
    names = [
        "2026-01-06/guest-1.csv",
        "2026-01-06/gest-2.csv",
        "notes.txt",
        "2026-01-07/gest-3.csv",
    ]
    hidden = [
        "2026-01-06/_guest-4.csv",
        "2026-01-06/.guest-5.csv",
        "_old/gest-6.csv",
        ".a/gest-7.csv",
    ]
    deliver(tmp_path, dict.fromkeys([*names, *hidden], HEADER))

    listed = listed_files(spark, str(tmp_path), (GUEST,), DAY).collect()

    assert {row.source_file: row.feed for row in listed} == {
        "2026-01-06/guest-1.csv": "shop_guest",
        "2026-01-06/gest-2.csv": None,
        "notes.txt": None,
    }


@pytest.fixture
def cut(spark: SparkSession, tmp_path: Path) -> DataFrame:
    """A file that has gained a column and holds two bad lines."""
    text = "id,name,city,at,hat\n1,Ann,Bath,,red\n2,Bob\n,Cid,York,,\n"
    deliver(tmp_path, {"2026-01-05/guest-a.csv": text})
    path = f"file:{tmp_path}/2026-01-05/guest-a.csv"
    return parsed(spark, GUEST, {path: "2026-01-05/guest-a.csv"})


def test_a_new_column_is_kept(cut: DataFrame) -> None:
    (row,) = good_records(cut, GUEST, "run", SECRET).collect()

    assert (row.id, row.name, row.city) == ("1", "Ann", "Bath")
    assert row.unknown_columns == {"hat": "red"}


def test_malformed_rows_are_kept_as_they_came_with_their_reason(cut: DataFrame) -> None:
    rows = malformed_records(cut, GUEST, "run").collect()

    assert {(r.source_row_number, *r.reasons): bytes(r.payload) for r in rows} == {
        (2, "too_few_columns"): b"2,Bob",
        (3, "missing_key"): b",Cid,York,,",
    }
