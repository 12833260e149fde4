"""A version of a table, read as its files: the same rows as Delta's reader gives, or left to that."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from chispa import assert_df_equality
from delta import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from lakehouse.storage import version_files
from lakehouse.storage.version_files import rows_of_files
from lakehouse.tables.local_frame import local_frame

Row = tuple[object, ...]
PEOPLE = "id string, born date, paid decimal(10,2), seen timestamp, tags map<string,array<string>>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    # A folder may be named like a partition, which the rows are not to show.
    return tmp_path / "region=eu and more" / "people"


def by_delta(spark: SparkSession, folder: Path, version: int) -> DataFrame:
    return spark.read.format("delta").option("versionAsOf", version).load(str(folder))


def written(spark: SparkSession, folder: Path, rows: Sequence[Row], mode: str) -> None:
    local_frame(spark, rows, PEOPLE).write.format("delta").mode(mode).save(str(folder))


def made(spark: SparkSession, folder: Path, clause: str = "") -> None:
    spark.sql(f"CREATE TABLE delta.`{folder}` ({PEOPLE}) USING DELTA {clause}")


AT = datetime(2026, 1, 5, 7, 8, 9, 123456, UTC)
ANN = ("ann", date(1980, 2, 29), Decimal("1.25"), AT, {"t": ["a", None]})
BEN = ("ben", None, None, None, None)
CEM = ("cem", date(99, 1, 1), Decimal(-3), datetime(1583, 1, 1, tzinfo=UTC), {})


def test_each_version_is_told_as_delta_tells_it(spark: SparkSession, folder: Path) -> None:
    made(spark, folder)
    written(spark, folder, [ANN], "append")
    written(spark, folder, [BEN, CEM], "append")
    spark.sql(f"ALTER TABLE delta.`{folder}` ADD COLUMNS (city string COMMENT 'Where from.')")
    written(spark, folder, [BEN], "overwrite")

    for version in (1, 2, 3, 4):
        found = rows_of_files(spark, folder, version)
        assert found is not None
        assert_df_equality(found.orderBy("id"), by_delta(spark, folder, version).orderBy("id"))
    assert found.schema["city"].metadata["comment"] == "Where from."


def test_rows_that_were_deleted_or_changed_are_as_delta_has_them(
    spark: SparkSession, folder: Path
) -> None:
    made(spark, folder)
    written(spark, folder, [ANN, BEN, CEM], "append")
    table = DeltaTable.forPath(spark, str(folder))
    table.delete("id = 'ann'")
    table.update("id = 'ben'", {"paid": "9"})

    for version in (2, 3):
        found = rows_of_files(spark, folder, version)
        assert found is not None
        assert_df_equality(found.orderBy("id"), by_delta(spark, folder, version).orderBy("id"))


@pytest.mark.parametrize(
    "clause",
    [
        "PARTITIONED BY (born)",
        "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')",
        "TBLPROPERTIES ('delta.columnMapping.mode' = 'name')",
    ],
)
def test_a_table_whose_files_alone_do_not_tell_its_rows_is_left_to_delta(
    clause: str, spark: SparkSession, folder: Path
) -> None:
    made(spark, folder, clause)
    written(spark, folder, [ANN, BEN, CEM], "append")

    assert rows_of_files(spark, folder, 1) is None


def test_what_delta_reads_better_is_left_to_it(
    spark: SparkSession, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(spark, folder)
    written(spark, folder, [ANN], "append")
    written(spark, folder, [BEN], "append")
    odd = folder.with_name("people[1]")
    folder.rename(odd)
    folder.mkdir()
    made(spark, folder)

    assert rows_of_files(spark, folder, 0) is None, "it has no file"
    assert rows_of_files(spark, odd, 2) is None, "its name would be taken for a pattern"
    monkeypatch.setattr(version_files, "_MOST_FILES", 1)
    odd.rename(folder.with_name("many"))
    assert rows_of_files(spark, folder.with_name("many"), 1) is not None
    assert rows_of_files(spark, folder.with_name("many"), 2) is None, "statistics skip files"
