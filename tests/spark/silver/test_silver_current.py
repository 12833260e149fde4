"""One current row per key, whatever order the files of a feed were ingested in."""

from itertools import permutations

from chispa import assert_df_equality
from pyspark.sql import DataFrame

from lakehouse.silver.current import current
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
    rows = found.sparkSession.createDataFrame(expected, "id string, name string")
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


def test_one_row_with_a_wrong_moment_in_the_far_future_does_not_empty_a_snapshot(
    landed: Landed,
) -> None:
    rows: list[Row] = [{"id": str(n), "name": "x", "at": "2026-01-05"} for n in range(3)]
    rows.append({"id": "9", "name": "y", "at": "2126-01-05"})
    assert_living(
        current(landed(SNAPSHOT, rows), SNAPSHOT), ("0", "x"), ("1", "x"), ("2", "x"), ("9", "y")
    )


def test_a_row_whose_moment_cannot_be_read_stays_for_the_gate_to_see(landed: Landed) -> None:
    rows: list[Row] = [
        {"id": "1", "name": "Ann", "at": "2026-13-45"},
        {"id": "2", "name": "Bob", "at": "2026-01-05"},
    ]
    moments = {
        r["id"]: r["sequence_at"] for r in current(landed(SNAPSHOT, rows), SNAPSHOT).collect()
    }
    assert moments["1"] is None
    assert moments["2"] is not None


def test_an_id_that_is_an_address_is_one_whatever_its_case(landed: Landed) -> None:
    rows: list[Row] = [
        {"id": "Ann@example.com", "name": "old", "at": "2026-01-01"},
        {"id": " ann@Example.com", "name": "new", "at": "2026-01-02"},
    ]
    assert [r["name"] for r in current(landed(DELTA, rows), DELTA).collect()] == ["new"]
