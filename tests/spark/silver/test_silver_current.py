"""One current row per key, whatever order the files of a feed were ingested in."""

from datetime import date
from itertools import permutations
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.silver.current import SEQUENCE, current, every_version
from lakehouse.tables.local_frame import local_frame
from tests.spark.silver.conftest import Landed, Row, source

SNAPSHOT = source("contact", "id name at", load_kind="snapshot")
DELTA = source(
    "account",
    "id name op at",
    load_kind="delta",
    delete_flag={"column": "op", "values": ["delete"]},
)


def assert_living(found: DataFrame, *expected: tuple[str, str]) -> None:
    """Asserts that the ids and names of the frame are the expected ones, each once."""
    rows = local_frame(found.sparkSession, expected, "id string, name string")
    assert_df_equality(found.select("id", "name"), rows, ignore_row_order=True)


SNAPSHOT_FILES: dict[str, list[Row]] = {
    "monday": [
        {"id": "1", "name": "Ann", "at": "2026-01-05"},
        {"id": "2", "name": "Bob", "at": "2026-01-05"},
    ],
    "tuesday, part 1": [{"id": "1", "name": "Anne", "at": "2026-01-06"}],
    "tuesday, part 2": [{"id": "3", "name": "Cy", "at": "2026-01-06"}],
    "sunday, which came late": [
        {"id": "2", "name": "Bobby", "at": "2026-01-04"},
        {"id": "4", "name": "Dan", "at": "2026-01-04"},
    ],
}

DELTA_FILES: dict[str, list[Row]] = {
    "first": [
        {"id": "1", "name": "Ann", "op": "upsert", "at": "2026-01-01T08:00:00"},
        {"id": "2", "name": "Bob", "op": "upsert", "at": "2026-01-01T08:00:00"},
        {"id": "3", "name": "Cy", "op": "upsert", "at": "2026-01-01T08:00:00"},
    ],
    "delete": [{"id": "2", "name": "Bob", "op": "delete", "at": "2026-01-02T08:00:00"}],
    "late": [
        {"id": "2", "name": "Bobby", "op": "upsert", "at": "2026-01-01T20:00:00"},
        {"id": "1", "name": "Anna", "op": "upsert", "at": "2026-01-01T20:00:00"},
    ],
    "correction": [
        {"id": "1", "name": "Anne", "op": "upsert", "at": "2026-01-03T08:00:00"},
        {"id": "3", "name": "Cyd", "op": "delete", "at": "2026-01-03T08:00:00"},
        {"id": "3", "name": "Cyd", "op": "upsert", "at": "2026-01-04T08:00:00"},
    ],
}


def in_every_order(files: dict[str, list[Row]]) -> list[Row]:
    """The rows once per order of the files, each time under ids of their own."""
    return [
        {**row, "id": f"{number} {row['id']}", "file": name}
        for number, order in enumerate(permutations(files))
        for name in order
        for row in files[name]
    ]


def the_same_in_every_order(*expected: tuple[str, str]) -> list[tuple[str, str]]:
    return [(f"{number} {i}", name) for number in range(24) for i, name in expected]


def test_a_snapshot_feed_holds_what_its_newest_snapshot_holds_in_every_order_of_its_files(
    landed: Landed,
) -> None:
    rows = landed(SNAPSHOT, in_every_order(SNAPSHOT_FILES))
    expected = the_same_in_every_order(("1", "Anne"), ("3", "Cy"))
    assert_living(current(rows, SNAPSHOT), *expected)


def test_a_delta_feed_holds_the_newest_living_version_in_every_order_of_its_files(
    landed: Landed,
) -> None:
    rows = landed(DELTA, in_every_order(DELTA_FILES))
    expected = the_same_in_every_order(("1", "Anne"), ("3", "Cyd"))
    assert_living(current(rows, DELTA), *expected)


def test_of_two_versions_of_one_moment_the_same_wins_in_either_order(landed: Landed) -> None:
    rows: list[Row] = [
        {"id": "1", "name": "Ann", "at": "2026-01-01", "file": "a"},
        {"id": "1", "name": "Bea", "at": "2026-01-01", "file": "b"},
    ]
    for order in (rows, rows[::-1]):
        assert_living(current(landed(DELTA, order), DELTA), ("1", "Bea"))


def a_file(*names: str, **more: Any) -> list[Row]:
    return [{"id": n[0], "name": n, "at": "2026-01-06", **more} for n in names]


def test_a_snapshot_corrected_in_a_later_folder_counts_alone_whenever_it_was_taken(
    landed: Landed,
) -> None:
    wrong = a_file("Ann", "Bob", "Cy", file="2026-01-06/eu/people.csv", day=8)
    mended = a_file("Anne", "Bea", file="2026-01-07/eu/people.csv", day=7)
    elsewhere = a_file("Zoe", file="2026-01-06/us/people.csv")
    frame = landed(SNAPSHOT, [*wrong, *mended, *elsewhere])

    assert_living(current(frame, SNAPSHOT), ("A", "Anne"), ("B", "Bea"), ("Z", "Zoe"))


@pytest.mark.parametrize("hashes", ["ab", "ba"])
def test_a_snapshot_corrected_in_place_counts_alone(landed: Landed, hashes: str) -> None:
    wrong = a_file("Ann", "Bob", "Cy", day=7, file_hash=hashes[0])
    mended = a_file("Anne", "Bea", day=8, file_hash=hashes[1])

    found = current(landed(SNAPSHOT, [*wrong, *mended]), SNAPSHOT)
    assert_living(found, ("A", "Anne"), ("B", "Bea"))


@pytest.mark.parametrize("wrong", ["2126-01-05", "2026-13-45", "", "2026-01-04"])
def test_a_row_of_a_snapshot_has_its_file_s_moment_whatever_its_own_text_says(
    landed: Landed, wrong: str
) -> None:
    rows: list[Row] = [{"id": str(n), "name": "x", "at": "2026-01-05"} for n in range(3)]
    rows.append({"id": "9", "name": "y", "at": wrong})

    found = current(landed(SNAPSHOT, rows), SNAPSHOT).select("id", F.to_date("sequence_at"))

    assert dict(found.collect()) == dict.fromkeys(["0", "1", "2", "9"], date(2026, 1, 5))


def test_an_id_that_is_an_address_is_one_whatever_its_case(landed: Landed) -> None:
    rows: list[Row] = [
        {"id": "Ann@example.com", "name": "old", "at": "2026-01-01"},
        {"id": " ann@Example.com", "name": "new", "at": "2026-01-02"},
    ]
    assert [r["name"] for r in current(landed(DELTA, rows), DELTA).collect()] == ["new"]


@pytest.mark.parametrize("turned", [False, True])
def test_every_snapshot_tells_of_each_key_once_as_its_last_delivery_does(
    landed: Landed, turned: bool
) -> None:
    rows = [
        {"id": "1", "name": "one", "at": "2026-01-01", "file": "2026-01-01/a.csv"},
        {"id": "1", "name": "two", "at": "2026-01-02", "file": "2026-01-02/b.csv"},
        # The second day once more, in a later folder.
        {"id": "1", "name": "two, corrected", "at": "2026-01-02", "file": "2026-01-03/b.csv"},
        {"id": "1", "name": "three", "at": "2026-01-03", "file": "2026-01-03/c.csv"},
        {"id": "2", "name": "gone since", "at": "2026-01-01", "file": "2026-01-01/a.csv"},
        {"id": "1", "name": "never", "at": "no day", "file": "2026-01-04/d.csv"},
    ]

    found = every_version(landed(SNAPSHOT, rows[::-1] if turned else rows), SNAPSHOT)

    told = sorted((r["id"], str(r[SEQUENCE])[:10], r["name"]) for r in found.collect())
    assert told == [
        ("1", "2026-01-01", "one"),
        ("1", "2026-01-02", "two, corrected"),
        ("1", "2026-01-03", "three"),
        ("2", "2026-01-01", "gone since"),
    ]
