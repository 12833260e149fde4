"""A version of a table, read and written as its files: the same rows as Delta's, or left to that."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from chispa import assert_df_equality
from delta import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from lakehouse.storage import version_files
from lakehouse.storage.delta_tables import DeltaTables
from lakehouse.storage.kill_points import KillPoints
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.storage.maintenance import vacuum_before
from lakehouse.storage.version_files import FileCommit, rows_of_files, write_files
from lakehouse.tables.local_frame import local_frame

Row = tuple[object, ...]
FIRST, SECOND = FileCommit("c360:people", 1, "first"), FileCommit("c360:people", 2, "second")
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


def test_what_is_written_as_files_is_what_delta_reads(spark: SparkSession, folder: Path) -> None:
    made(spark, folder)
    assert write_files(local_frame(spark, [ANN, CEM], PEOPLE), folder, FIRST, replaces=True)
    assert write_files(local_frame(spark, [BEN], PEOPLE), folder, SECOND, replaces=False)

    expected = local_frame(spark, [ANN, BEN, CEM], PEOPLE)
    assert_df_equality(
        by_delta(spark, folder, 2).orderBy("id"), expected.orderBy("id"), ignore_nullable=True
    )
    assert by_delta(spark, folder, 1).count() == 2
    newest = DeltaTable.forPath(spark, str(folder)).history(1).collect()[0]
    assert (newest.version, newest.userMetadata) == (2, "second")


def test_rows_are_replaced_also_by_none_and_by_those_that_delta_wrote(
    spark: SparkSession, folder: Path
) -> None:
    made(spark, folder)
    written(spark, folder, [ANN, BEN], "append")
    assert write_files(local_frame(spark, [CEM], PEOPLE), folder, FIRST, replaces=True)
    assert write_files(local_frame(spark, [], PEOPLE), folder, SECOND, replaces=True)
    written(spark, folder, [BEN], "append")

    found = [[r.id for r in by_delta(spark, folder, n).collect()] for n in (2, 3, 4)]
    assert found == [["cem"], [], ["ben"]]


def test_a_column_that_the_frame_lacks_is_null(spark: SparkSession, folder: Path) -> None:
    made(spark, folder)
    assert write_files(local_frame(spark, [("ann",)], "id string"), folder, FIRST, replaces=True)

    (row,) = by_delta(spark, folder, 1).collect()
    assert (row.id, row.born, row.tags) == ("ann", None, None)


def test_delta_takes_a_write_under_the_same_transaction_for_done(
    spark: SparkSession, folder: Path
) -> None:
    made(spark, folder)
    assert write_files(local_frame(spark, [ANN], PEOPLE), folder, FIRST, replaces=False)
    again = local_frame(spark, [ANN], PEOPLE).write.format("delta").mode("append")
    again.option("txnAppId", FIRST.app).option("txnVersion", FIRST.number).save(str(folder))

    assert DeltaTable.forPath(spark, str(folder)).toDF().count() == 1


def test_vacuum_takes_the_files_that_were_replaced(spark: SparkSession, folder: Path) -> None:
    made(spark, folder)
    for commit, row in ((FIRST, ANN), (SECOND, BEN)):
        assert write_files(local_frame(spark, [row], PEOPLE), folder, commit, replaces=True)
    assert len(list(folder.glob("*.parquet"))) == 2

    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    DeltaTable.forPath(spark, str(folder)).vacuum(0)
    spark.conf.unset("spark.databricks.delta.retentionDurationCheck.enabled")
    assert len(list(folder.glob("*.parquet"))) == 1


def test_what_a_killed_write_has_left_goes_with_our_vacuum_and_nothing_else_of_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    folder = tmp_path / "silver" / "person"
    made(spark, folder)
    assert write_files(local_frame(spark, [ANN], PEOPLE), folder, FIRST, replaces=True)
    left = folder / "_staged-1" / "_temporary" / "0" / "part-00000-left.parquet"
    left.parent.mkdir(parents=True)
    left.write_text("a person's value")
    root = str(tmp_path)
    tables = DeltaTables(spark, Locations(root), Locks(root, "flock"), KillPoints(None))
    assert write_files(local_frame(spark, [BEN], PEOPLE), folder, SECOND, replaces=False)
    assert sorted(path.name for path in folder.glob("_*")) == ["_delta_log", "_staged-1"]

    vacuum_before(spark, tables, ["silver.person"], datetime.now(UTC))

    assert [path.name for path in folder.glob("_*")] == ["_delta_log"]
    assert tables.read("silver.person", 2).count() == 2


@pytest.mark.parametrize(
    ("clause", "ddl"),
    [
        ("PARTITIONED BY (born)", PEOPLE),
        ("CLUSTER BY (id)", PEOPLE),
        ("TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')", PEOPLE),
        ("TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')", PEOPLE),
        ("", PEOPLE.replace("born date", "born string")),
        ("", PEOPLE + ", city string"),
    ],
)
def test_what_takes_more_than_files_is_left_to_delta_untouched(
    clause: str, ddl: str, spark: SparkSession, folder: Path
) -> None:
    made(spark, folder, clause)

    assert not write_files(local_frame(spark, [], ddl), folder, FIRST, replaces=True)
    assert [path.name for path in folder.iterdir()] == ["_delta_log"]
