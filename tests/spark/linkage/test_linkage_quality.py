"""What a run measures of its links, on ten records whose answers can be counted by hand."""

import logging
from datetime import UTC, datetime

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.linkage.guards import no_longer_shared
from lakehouse.linkage.linkage_quality import linkage_quality
from lakehouse.pipeline.link_limits import Measure, measures, warn_of_unshared_values
from lakehouse.settings.linkage import LinkageMetric, QualityLimit, QualityLimits
from lakehouse.tables.local_frame import local_frame

MONDAY, TUESDAY = (datetime(2026, 3, day, tzinfo=UTC) for day in (2, 3))
MAP = "record_key string, customer_id string, valid_from timestamp, valid_to timestamp"
EVIDENCE = "record_key string, evidence map<string,string>"
EDGE = (
    "record_key_l string, record_key_r string, join_margin double, contradiction string,"
    " override string"
)

# One word a customer, one letter a record. B was merged into A, D was split from C.
BEFORE, NOW = (
    {"A": "ab", "B": "c", "C": "defg", "E": "h"},
    {
        "A": "abc",
        "C": "de",
        "D": "fg",
        "E": "h",
        "F": "ij",
    },
)
PEOPLE = {
    "a": ("ann", "lee", "x@y.org", "1000"),
    "b": ("bea", "lee", None, "2000"),
    "c": ("cat", "lee", None, "3000"),
    "d": ("dan", "fox", "d@y.org", None),
    "e": ("dan", "fox", "d@y.org", None),
    "f": ("eve", "orr", "e@y.org", None),
    "g": ("eve", "orr", None, None),
    "h": ("eve", "orr", "e@y.org", None),
    "i": ("ida", "ray", None, None),
    "j": ("jo", "ray", None, None),
}
# a–b and b–c hold A together, no third edge does; g–h is nearly strong enough, h–i is contradicted,
# a–h is decided and d–j far from joining.
EDGES = [
    ("a", "b", 2.0, None, None),
    ("b", "c", 1.0, None, None),
    ("d", "e", 5.0, None, None),
    ("f", "g", 5.0, None, None),
    ("i", "j", 5.0, None, None),
    ("g", "h", -1.0, None, None),
    ("h", "i", -1.0, "parent_and_child", None),
    ("a", "h", -1.0, None, "different"),
    ("d", "j", -40.0, None, None),
]

CLUSTER = "record_key string, cluster_id string, component_id string"
# One letter a record, one word a component. H was cut off from C and D.
COMPONENTS = ("abc", "defgh", "ij")
BLOCK = "blocking_rule string, block_key bigint, record_count bigint"
BLOCKS = [("city_match", 1, 5), ("city_match", 2, 4)]
METRICS = "metric string, value double"
SHARED = "identifier string, value_hash string, people_count bigint"
SHARED_BEFORE = [
    ("email_match", "hash of one", 9),
    ("email_match", "of two", 9),
    ("phone_match", "of three", 7),
]
SHARED_NOW = [("email_match", "of two", 8), ("phone_match", "hash of one", 7)]


def owned(spark: SparkSession, customers: dict[str, str]) -> DataFrame:
    rows = [(r, c, MONDAY, None) for c, records in customers.items() for r in records]
    return local_frame(spark, [*rows, ("gone", "G", MONDAY, TUESDAY)], MAP)


def evidence(spark: SparkSession) -> DataFrame:
    names = ("given_name_root", "family_name_match", "email_match", "postcode_match")
    rows = [
        (key, {n: v for n, v in zip(names, values, strict=True) if v})
        for key, values in PEOPLE.items()
    ]
    return local_frame(spark, rows, EVIDENCE)


def clusters(spark: SparkSession) -> DataFrame:
    rows = [(record, record, members[0]) for members in COMPONENTS for record in members]
    return local_frame(spark, rows, CLUSTER)


def unshared(spark: SparkSession) -> DataFrame:
    now, before = (local_frame(spark, rows, SHARED) for rows in (SHARED_NOW, SHARED_BEFORE))
    return no_longer_shared(now, before)


@pytest.fixture(scope="module")
def quality(spark: SparkSession) -> DataFrame:
    return linkage_quality(
        owned(spark, NOW),
        owned(spark, BEFORE),
        evidence(spark),
        local_frame(spark, EDGES, EDGE),
        clusters(spark),
        local_frame(spark, BLOCKS, BLOCK),
        unshared(spark),
        review=6.0,
    )


def test_every_metric_is_what_a_hand_counts(quality: DataFrame) -> None:
    found = {row.metric: row.value for row in quality.collect()}
    assert found == pytest.approx(
        {
            "records": 10,
            "records_before": 8,
            "customers": 5,
            "largest_customer_records": 3,
            "largest_component_records": 5,  # d to h
            "no_longer_shared_values": 2,  # an e-mail and a phone
            "oversized_blocks": 2,
            "oversized_block_pairs": 16,  # 10 of five records, 6 of four
            "moved_record_share": 3 / 8,  # c, f and g
            "merged_customer_share": 1 / 4,  # B
            "split_customer_share": 1 / 4,  # D
            "many_names_share": 0,
            "many_postcodes_share": 0,
            "spread_email_share": 1 / 2,  # Eve Orr with e@y.org, of her and Dan Fox
            "spread_phone_share": None,
            "review_record_share": 2 / 10,  # g and h
            "loose_customer_share": 1,  # A, the only customer of three
            "linked_record_share": 9 / 10,  # all but h
            "pair_density": 5 / 6,  # of A one pair is missing
            "bridge_share": 1,  # a–b and b–c
            "pairs_below_minus_4_bits": 1,
            "pairs_minus_4_to_minus_2_bits": 0,
            "pairs_minus_2_to_0_bits": 3,
            "pairs_0_to_2_bits": 1,
            "pairs_2_to_5_bits": 1,
            "pairs_5_to_10_bits": 3,
            "pairs_10_to_20_bits": 0,
            "pairs_20_bits_and_more": 0,
        }
    )
    assert found.keys() == set(LinkageMetric)


def test_a_small_company_has_no_limit_that_fails_its_run(quality: DataFrame) -> None:
    limit = {LinkageMetric.MERGED_CUSTOMER_SHARE: QualityLimit(warn=0.1, fail=0.2)}
    small = QualityLimits(least_records=11, metrics=limit)
    large = QualityLimits(least_records=10, metrics=limit)

    def merged(limits: QualityLimits) -> tuple[float | None, float | None]:
        (found,) = (m for m in measures(quality, limits) if m.metric == "merged_customer_share")
        return found.warn_above, found.fail_above

    assert merged(small) == (0.1, None)
    assert merged(large) == (0.1, 0.2)


def test_a_company_that_has_lost_most_of_its_records_is_judged_by_the_size_that_it_had(
    spark: SparkSession,
) -> None:
    limits = QualityLimits(
        least_records=1_000,
        metrics={LinkageMetric.SPLIT_CUSTOMER_SHARE: QualityLimit(fail=0.1)},
    )

    def fails_above(now: float, before: float | None) -> float | None:
        values = {"records": now, "records_before": before, "split_customer_share": 0.5}
        (split,) = (
            m
            for m in measures(local_frame(spark, list(values.items()), METRICS), limits)
            if m.metric == "split_customer_share"
        )
        return split.fail_above

    assert fails_above(now=900, before=50_000) == 0.1
    assert fails_above(now=50_000, before=900) == 0.1
    assert fails_above(now=900, before=999) is None
    assert fails_above(now=900, before=None) is None


def test_of_values_that_are_evidence_again_the_column_and_the_number_are_told_and_no_value(
    spark: SparkSession, caplog: pytest.LogCaptureFixture
) -> None:
    found = [Measure("no_longer_shared_values", 2, 0, None)]
    with caplog.at_level(logging.WARNING, logger="lakehouse"):
        warn_of_unshared_values(found, unshared(spark))
    told = [record.getMessage() for record in caplog.records]
    assert [text.split(" were left out")[0] for text in told] == [
        "Linkage: 1 value(s) of email_match",
        "Linkage: 1 value(s) of phone_match",
    ]
    assert "hash of one" not in caplog.text


@pytest.mark.parametrize("measure", [(0, 0, None), (2, 5, None), (2, None, None)])
def test_of_no_more_values_than_conf_allows_nothing_is_told(
    spark: SparkSession,
    caplog: pytest.LogCaptureFixture,
    measure: tuple[float, float | None, float | None],
) -> None:
    with caplog.at_level(logging.WARNING, logger="lakehouse"):
        warn_of_unshared_values([Measure("no_longer_shared_values", *measure)], unshared(spark))
    assert not caplog.records


def test_the_first_run_has_moved_nobody(spark: SparkSession) -> None:
    nothing = linkage_quality(
        owned(spark, NOW),
        local_frame(spark, [], MAP),
        evidence(spark),
        local_frame(spark, [], EDGE),
        local_frame(spark, [], CLUSTER),
        local_frame(spark, [], BLOCK),
        local_frame(spark, [], SHARED),
        review=6.0,
    )
    found = {row.metric: row.value for row in nothing.collect()}
    assert [found[m] for m in ("moved_record_share", "merged_customer_share")] == [None, None]
    assert found["no_longer_shared_values"] == 0
    assert found["records_before"] == 0
    assert (found["oversized_blocks"], found["oversized_block_pairs"]) == (0, 0)
    assert found["largest_component_records"] is None
    assert found["pair_density"] == 0
    assert found["bridge_share"] is None
