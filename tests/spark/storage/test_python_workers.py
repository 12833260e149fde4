"""Workers of a local session: what costs every task of theirs is left out."""

import gc
import sys

import pytest
from pyspark.sql import SparkSession

from lakehouse.storage.python_workers import without_archives


@pytest.fixture(scope="module")
def worker(spark: SparkSession) -> tuple[list[str], int]:
    """What a worker has as its module path, and how many objects it no longer looks through."""
    asked = spark.sparkContext.parallelize([0], 1)
    (answer,) = asked.map(lambda _: (list(sys.path), gc.get_freeze_count())).collect()
    return answer


def test_the_path_of_a_worker_has_no_archive_that_each_task_would_read(
    worker: tuple[list[str], int],
) -> None:
    path, _ = worker
    assert path
    assert without_archives(path) == path


def test_a_worker_does_not_look_through_imported_libraries_after_each_task(
    worker: tuple[list[str], int],
) -> None:
    _, frozen = worker
    assert frozen > 10_000


def test_folders_stay_on_the_path() -> None:
    path = ["", "/spark/python/lib/pyspark.zip", "/env/site-packages", "/spark/jars/core.jar"]
    assert without_archives(path) == ["", "/env/site-packages"]
