"""A table that is made without Spark is the one that Spark would make, and a cluster makes it by Spark."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from lakehouse.storage import delta_tables
from lakehouse.storage.delta_tables import DeltaTables, WriteKey, _definition
from lakehouse.storage.kill_points import KillPoints
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.spec import Column, Sensitivity, TableSpec

SPEC = TableSpec(
    name="silver.person",
    description="One row per person's \"record\": it's there.",
    columns=(
        Column("id", "string", "Key; it's a 'text'.", required=True),
        Column("email", "string", "Address.", Sensitivity.DIRECT_IDENTIFIER),
        Column("paid", "decimal(18,2)", "Sum."),
        Column("seen_at", "timestamp", "When."),
        Column("born", "date", "Day."),
        Column("size", "smallint", "Small."),
        Column("is_open", "boolean", "Whether."),
        Column("raw", "binary", "Bytes."),
        Column("words", "array<string>", "Words."),
        Column("more", "map<string,string>", "More."),
        Column("parts", "array<struct<name:string,n:bigint>>", "Parts."),
    ),
    primary_key=("id",),
    owner="tests",
    retention_days=1,
    purposes=("operations",),
)
SHOWN = (
    "description",
    "partitionColumns",
    "clusteringColumns",
    "properties",
    "minReaderVersion",
    "minWriterVersion",
    "tableFeatures",
)


def test_a_table_that_is_made_without_spark_is_the_one_that_spark_would_make(
    spark: SparkSession, tmp_path: Path
) -> None:
    root, by_spark = str(tmp_path / "lake"), tmp_path / "by_spark"
    tables = DeltaTables(spark, Locations(root), Locks(root, "flock"), KillPoints(None))

    tables.create(SPEC)
    tables.create(SPEC)
    spark.sql(f"CREATE TABLE delta.`{by_spark}` {_definition(SPEC, SPEC.columns)}")

    found, expected = (
        spark.sql(f"DESCRIBE DETAIL delta.`{path}`").select(*SHOWN).collect()[0].asDict()
        for path in (tables._locations.path(SPEC.name), by_spark)
    )
    assert found == expected
    there = spark.read.format("delta").load(str(by_spark)).schema
    assert tables.read(SPEC.name).schema.json() == there.json()
    assert (tables.version(SPEC.name), tables.row_count(SPEC.name, 0)) == (0, 0)

    row = local_frame(spark, [("a", *(None,) * 10)], SPEC.ddl())
    assert tables.write(row, SPEC, WriteKey("c360:test", 1, "x")) == 1
    assert tables.read(SPEC.name, 1).count() == 1


def test_where_it_would_be_clustered_each_of_its_files_is_sorted(
    spark: SparkSession, tmp_path: Path
) -> None:
    spec = TableSpec(
        name="gold.visit",
        description="One row per visit.",
        columns=(Column("person_id", "int", "Who."), Column("n", "int", "Which.")),
        primary_key=("n",),
        owner="tests",
        retention_days=1,
        purposes=("operations",),
        cluster_by=("person_id",),
    )
    root = str(tmp_path / "lake")
    tables = DeltaTables(spark, Locations(root), Locks(root, "flock"), KillPoints(None))
    tables.create(spec)
    rows = local_frame(spark, [(n * 7 % 10, n) for n in range(10)], spec.ddl())
    tables.write(rows.repartition(2, "n"), spec, WriteKey("c360:test", 1, "x"))

    files = sorted(Path(tables._locations.path(spec.name)).glob("*.parquet"))
    people = [pq.read_table(file).column("person_id").to_pylist() for file in files]
    assert [each == sorted(each) for each in people] == [True, True]
    assert sorted(one for each in people for one in each) == list(range(10))


def test_on_a_cluster_delta_makes_and_reads_a_table_also_where_its_folder_looks_local(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError

    tables = DeltaTables(
        spark, Locations(str(tmp_path)), Locks(str(tmp_path), "flock"), KillPoints(None)
    )
    monkeypatch.setattr(delta_tables, "rows_of_files", never)
    monkeypatch.setattr(DeltaTables, "_create_plainly", never)
    assert spark.conf.get("spark.c360.local") == "true"
    spark.conf.set("spark.c360.local", "false")
    try:
        tables.create(SPEC)
        row = local_frame(spark, [("a", *(None,) * 10)], SPEC.ddl())
        version = tables.write(row, SPEC, WriteKey("c360:test", 1, "x"))
        assert tables.read(SPEC.name, version).count() == 1
    finally:
        spark.conf.set("spark.c360.local", "true")
