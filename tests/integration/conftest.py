"""A released small lake that several tests read and none writes."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.support.erased_people import ERASED, STAYING, add_people
from tests.support.lake import (
    DAY_1,
    DAY_2,
    SmallLake,
    all_feeds,
    copy_of,
    generated,
    small_lake_at,
)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of 40 customers over two days."""
    return generated(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="session")
def small_lake(
    spark: SparkSession, company: Path, tmp_path_factory: pytest.TempPathFactory
) -> SmallLake:
    """A lake with the first day released, by a run that nobody disturbed."""
    made = small_lake_at(tmp_path_factory.mktemp("small_lake"), company)
    made.run("day-1", DAY_1)
    return made


@pytest.fixture(scope="session")
def second_day(
    small_lake: SmallLake, company: Path, tmp_path_factory: pytest.TempPathFactory
) -> SmallLake:
    """A lake with the second day released after the first, which no test writes to."""
    made = copy_of(small_lake, company, tmp_path_factory.mktemp("second_day"))
    made.run("day-2", DAY_2)
    return made


@pytest.fixture(scope="session")
def demo_company(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    """Two days of all feeds of 300 customers, every table made, with the truth; which no test writes to.

    Among them are twins and others whom the truth does not know: those of `erased_people`.
    """
    home = tmp_path_factory.mktemp("demo_company")
    generated(home, 300)
    add_people(home, DAY_1.isoformat(), [*ERASED, *STAYING])
    made = small_lake_at(home, home, feeds=all_feeds(), whole=True)
    made.run("day-1", DAY_1)
    made.run("day-2", DAY_2)
    return made
