"""A lake is locked by the file system that its tables are on, or it is not opened."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import ConfigurationError
from lakehouse.storage.locks import Locks
from tests.support.lake import small_lake_at


def test_a_root_without_scheme_is_refused_where_spark_looks_for_it_elsewhere(
    spark: SparkSession, tmp_path: Path
) -> None:
    spark.conf.set("fs.defaultFS", "hdfs://namenode:8020")
    try:
        with pytest.raises(
            ConfigurationError, match=r"hdfs://namenode:8020.*lake\.lock to external"
        ):
            small_lake_at(tmp_path, tmp_path)
        small_lake_at(tmp_path, tmp_path, **{"lake.root": f"file:{tmp_path}/lake"})
        small_lake_at(tmp_path, tmp_path, **{"lake.lock": "external"})
    finally:
        spark.conf.unset("fs.defaultFS")


def test_the_locks_of_a_file_uri_are_those_of_its_path(tmp_path: Path) -> None:
    with Locks(f"file:{tmp_path}", "flock").run():
        assert (tmp_path / "_locks" / "run.lock").is_file()
