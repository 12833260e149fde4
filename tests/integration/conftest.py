"""A released small lake that several tests read and none writes."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.support.lake import DAY_1, SmallLake, generated, small_lake_at


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
