"""How customers differ between the map that is and the one that is proposed."""

from collections.abc import Mapping
from datetime import UTC, datetime

from pyspark.sql import DataFrame, SparkSession

from lakehouse.linkage.customer_change import customer_change
from lakehouse.tables.local_frame import local_frame

MONDAY, TUESDAY = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)
MAP = "record_key string, customer_id string, valid_from timestamp, valid_to timestamp"


def a_map(spark: SparkSession, customers: Mapping[str, str]) -> DataFrame:
    """A map of customers, each with records of one letter, and a record that left all of them."""
    rows = [(r, customer, MONDAY, None) for customer, records in customers.items() for r in records]
    return local_frame(spark, [*rows, ("left", "OLD", MONDAY, TUESDAY)], MAP)


def changes(
    spark: SparkSession, now: Mapping[str, str], proposed: Mapping[str, str]
) -> set[tuple[str | None, str | None, str, int]]:
    frame = customer_change(a_map(spark, proposed), a_map(spark, now))
    return {tuple(row) for row in frame.collect()}


def test_every_kind_of_change_is_told_by_who_gives_records_to_whom(spark: SparkSession) -> None:
    now = {"A": "ab", "B": "cd", "C": "efg", "D": "hi", "E": "jk", "F": "l"}
    proposed = {"A": "abcdN", "C": "ef", "NEW1": "g", "D": "hij", "E": "k", "NEW2": "MO"}
    assert changes(spark, now, proposed) == {
        ("B", "A", "merged", 2),
        ("C", "NEW1", "split", 1),
        ("E", "D", "moved", 1),
        ("F", None, "retired", 1),
        (None, "A", "joined", 1),
        (None, "NEW2", "created", 2),
    }


def test_a_customer_that_loses_a_record_and_lives_on_is_left(spark: SparkSession) -> None:
    assert changes(spark, {"A": "ab"}, {"A": "a"}) == {("A", None, "left", 1)}


def test_a_customer_that_loses_a_record_and_is_merged_is_left_by_it_and_not_retired(
    spark: SparkSession,
) -> None:
    assert changes(spark, {"A": "ab", "B": "c", "C": "d"}, {"B": "bc"}) == {
        ("A", "B", "merged", 1),
        ("A", None, "left", 1),
        ("C", None, "retired", 1),
    }


def test_a_customer_that_was_away_and_comes_back_is_joined_and_not_created(
    spark: SparkSession,
) -> None:
    assert changes(spark, {"A": "a"}, {"A": "a", "OLD": "bc"}) == {(None, "OLD", "joined", 2)}


def test_the_same_map_changes_nothing_and_periods_that_ended_do_not_count(
    spark: SparkSession,
) -> None:
    assert changes(spark, {"A": "ab", "B": "c"}, {"A": "ab", "B": "c"}) == set()


def test_before_the_first_run_all_customers_would_be_created(spark: SparkSession) -> None:
    nothing = local_frame(spark, (), MAP)
    frame = customer_change(a_map(spark, {"A": "ab"}), nothing)
    assert [tuple(row) for row in frame.collect()] == [(None, "A", "created", 2)]
