"""The people of the demo company are found without labels, whatever was done to their records."""

from datetime import timedelta

import pytest
from pyspark.sql import SparkSession

from lakehouse.demo.generate import generate
from lakehouse.linkage.evaluate import Evaluation
from lakehouse.pipeline.demo_company import people_found
from tests.support.lake import DAY_1, small_lake_at

pytestmark = pytest.mark.slow

CUSTOMERS, SEED, DAYS = 10_000, 1, 3
PEOPLE = (
    "crm_contact",
    "newsletter_subscriber",
    "pos_loyalty_member",
    "shop_account",
    "social_profile",
    "support_ticket",
)

Found = tuple[Evaluation, dict[str, tuple[int, float]]]


@pytest.fixture(scope="module")
def found(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Three days of the feeds that describe people, taken by one run, held against the truth."""
    home = tmp_path_factory.mktemp("demo_truth")
    generate(CUSTOMERS, SEED, home, DAYS, DAY_1)
    lake = small_lake_at(home, home, feeds=PEOPLE)
    last_day = DAY_1 + timedelta(days=DAYS - 1)
    lake.run("three-days", last_day, ["bronze", "silver.person_record", "linkage"])
    return people_found(lake.lake, home / "truth")


def test_pairs_of_records_are_one_person_where_the_truth_says_so(found: Found) -> None:
    people, _ = found

    assert people.precision >= 0.995
    assert people.recall >= 0.95


def test_people_are_found_within_each_kind_of_distortion(found: Found) -> None:
    _, recall = found

    assert len(recall) >= 17
    assert {name: share for name, (_, share) in recall.items() if share < 0.8} == {}
