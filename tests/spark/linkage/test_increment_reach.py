"""Which groups an increment looks at again."""

from collections.abc import Sequence

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.linkage.increment import Increment, kept_pairs, untouched_open_records
from lakehouse.linkage.link import no_state
from lakehouse.tables.local_frame import local_frame

EDGE = "record_key_l string, record_key_r string, join_margin double, contradiction string, found_by string"
DECISION = "record_key_l string, record_key_r string, decision string"

# Six customers of two records each.
CLUSTERS = [(f"{name}{n}", f"{name}1", f"{name}1") for name in "abcdef" for n in (1, 2)]
LAST_EDGES = [(f"{name}1", f"{name}2", 5.0, None, "email") for name in "abcdef"] + [
    ("b1", "c1", -2.0, None, "email"),
    ("c2", "d2", -2.0, None, "email"),
]


@pytest.fixture(scope="module")
def increment(spark: SparkSession) -> Increment:
    """a1 is deleted, and new comes."""
    none = no_state(spark)
    return Increment(
        none.record_evidence,
        local_frame(spark, [("a1", "deleted"), ("new", "new")], "record_key string, cause string"),
        none.oversized_block,
        none.term_frequency,
        local_frame(spark, LAST_EDGES, EDGE),
        local_frame(spark, CLUSTERS, "record_key string, cluster_id string, component_id string"),
    )


def opened(increment: Increment, found: Sequence[tuple[object, ...]]) -> DataFrame:
    spark = increment.touched.sparkSession
    decided = [("e1", "new", "same"), ("c1", "f1", "same"), ("d2", "new", "different")]
    return untouched_open_records(
        increment, local_frame(spark, found, EDGE), local_frame(spark, decided, DECISION)
    )


FOUND = [
    ("b1", "new", 1.0, None, "email"),
    ("c1", "new", -1.0, None, "email"),
    ("d1", "new", 9.0, "generation_suffix", "email"),
]


def test_open_is_a_group_that_a_touched_record_was_in_is_joined_to_or_is_called_the_same_as(
    increment: Increment,
) -> None:
    found = {r.record_key for r in opened(increment, FOUND).collect()}
    # Not c, whose pair is too weak, nor d, whose pair is contradicted, nor f, of whom nothing is new.
    assert found == {"a2", "b1", "b2", "e1", "e2"}


def test_of_the_last_pairs_only_those_among_open_records_are_looked_at(
    increment: Increment,
) -> None:
    kept = kept_pairs(increment, opened(increment, FOUND)).collect()
    assert {(r.record_key_l, r.record_key_r) for r in kept} == {("b1", "b2"), ("e1", "e2")}
