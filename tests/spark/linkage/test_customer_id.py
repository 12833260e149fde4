"""Lasting ids: untouched customers keep theirs, none is used twice, history stays readable."""

from datetime import UTC, datetime

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.linkage.customer_id import identity_map

MONDAY, TUESDAY, WEDNESDAY = (datetime(2026, 3, day, tzinfo=UTC) for day in (2, 3, 4))


def clusters(spark: SparkSession, *groups: str) -> DataFrame:
    """One cluster per word, one record per letter."""
    rows = [(letter, min(word)) for word in groups for letter in word]
    return spark.createDataFrame(rows, "record_key string, cluster_id string")


def no_map(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(
        [], "record_key string, customer_id string, valid_from timestamp, valid_to timestamp"
    )


def stored(spark: SparkSession, frame: DataFrame) -> DataFrame:
    return spark.createDataFrame(frame.collect(), frame.schema)


def owners(frame: DataFrame) -> dict[str, str]:
    return {r.record_key: r.customer_id for r in frame.collect() if r.valid_to is None}


def test_the_first_run_gives_one_id_per_cluster_and_a_repeat_the_same(spark: SparkSession) -> None:
    first = owners(identity_map(clusters(spark, "ab", "c"), no_map(spark), MONDAY, 1))
    again = owners(identity_map(clusters(spark, "ab", "c"), no_map(spark), MONDAY, 1))
    assert first == again
    assert first["a"] == first["b"] != first["c"]


def test_nothing_changes_when_the_clusters_do_not(spark: SparkSession) -> None:
    first = stored(spark, identity_map(clusters(spark, "ab", "c"), no_map(spark), MONDAY, 1))
    second = identity_map(clusters(spark, "ab", "c"), first, TUESDAY, 2)
    assert sorted(map(tuple, second.collect())) == sorted(map(tuple, first.collect()))


def test_on_a_merge_the_larger_history_survives_and_the_other_ends(spark: SparkSession) -> None:
    first = stored(spark, identity_map(clusters(spark, "ab", "cde"), no_map(spark), MONDAY, 1))
    merged = identity_map(clusters(spark, "abcde"), first, TUESDAY, 2)
    assert set(owners(merged).values()) == {owners(first)["c"]}
    ended = [r.record_key for r in merged.collect() if r.valid_to is not None]
    assert sorted(ended) == ["a", "b"]


def test_on_a_split_the_larger_part_keeps_the_id_and_the_other_gets_a_new_one(
    spark: SparkSession,
) -> None:
    first = stored(spark, identity_map(clusters(spark, "abcde"), no_map(spark), MONDAY, 1))
    split = owners(identity_map(clusters(spark, "ab", "cde"), first, TUESDAY, 2))
    old = owners(first)["a"]
    assert split["c"] == old
    assert split["a"] != old


def test_an_id_that_ended_is_never_given_again(spark: SparkSession) -> None:
    first = stored(spark, identity_map(clusters(spark, "a", "bc"), no_map(spark), MONDAY, 1))
    merged = stored(spark, identity_map(clusters(spark, "abc"), first, TUESDAY, 2))
    parted = identity_map(clusters(spark, "a", "bc"), merged, WEDNESDAY, 3)
    before = {r.customer_id for r in merged.collect()}
    assert owners(parted)["b"] == owners(merged)["b"]
    assert owners(parted)["a"] not in before


def test_a_record_that_is_gone_has_its_period_closed(spark: SparkSession) -> None:
    first = stored(spark, identity_map(clusters(spark, "ab"), no_map(spark), MONDAY, 1))
    later = identity_map(clusters(spark, "a"), first, TUESDAY, 2)
    gone = [r for r in later.collect() if r.record_key == "b"]
    assert [r.valid_to is not None for r in gone] == [True]


@pytest.mark.parametrize("groups", [("ab", "cd"), ("abcd",), ("a", "b", "c", "d"), ("ad", "bc")])
def test_ids_are_one_to_one_with_clusters_whatever_the_change(
    spark: SparkSession, groups: tuple[str, ...]
) -> None:
    first = stored(spark, identity_map(clusters(spark, "ab", "cd"), no_map(spark), MONDAY, 1))
    now = owners(identity_map(clusters(spark, *groups), first, TUESDAY, 2))
    assert len({now[g[0]] for g in groups}) == len(groups)
    assert all(len({now[letter] for letter in g}) == 1 for g in groups)


def test_an_id_is_not_given_again_where_one_day_is_run_several_times(spark: SparkSession) -> None:
    first = stored(spark, identity_map(clusters(spark, "ade"), no_map(spark), MONDAY, 1))
    again = stored(spark, identity_map(clusters(spark, "abc", "de"), first, MONDAY, 2))
    later = owners(identity_map(clusters(spark, "a", "bc", "de"), again, TUESDAY, 3))

    assert len({later["a"], later["b"], later["d"]}) == 3
    assert later["b"] == later["c"]
    assert later["d"] == later["e"]


def test_a_long_tangle_is_settled_to_its_end(spark: SparkSession) -> None:
    # Customers and clusters in a chain, each sharing fewer records with the next than with the last.
    letters = iter(map(chr, range(0x4E00, 0x4E00 + 100)))
    links = ["".join(next(letters) for _ in range(size)) for size in range(11, 0, -1)]
    before = [links[0]] + [a + b for a, b in zip(links[1::2], links[2::2], strict=True)]
    after = [a + b for a, b in zip(links[0::2], links[1::2], strict=False)] + [links[-1]]
    first = stored(spark, identity_map(clusters(spark, *before), no_map(spark), MONDAY, 1))

    now = owners(identity_map(clusters(spark, *after), first, TUESDAY, 2))

    assert [now[link[0]] == owners(first)[link[0]] for link in links] == [True, False] * 5 + [True]
