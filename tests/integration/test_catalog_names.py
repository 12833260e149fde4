"""Tables that go by catalog name are made, written and read as those that go by path."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipeline import runner
from lakehouse.storage.delta_tables import DeltaTables, WriteKey
from lakehouse.storage.kill_points import KillPoints
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.storage.releases import current_release
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.spec import Column, Sensitivity, TableSpec, WriteMode
from tests.support.lake import DAY_1, DAY_2, SmallLake, small_lake_at

PREFIX = "c360_"
PERSON = TableSpec(
    name="gold.person",
    description="One row per person of a test.",
    columns=(
        Column("person_id", "string", "Number of the person."),
        Column("email", "string", "E-mail address.", Sensitivity.DIRECT_IDENTIFIER),
        Column("order_count", "bigint", "Orders.", unit="orders"),
    ),
    primary_key=("person_id",),
    owner="tests",
    retention_days=1,
    purposes=("tests",),
    cluster_by=("person_id",),
)
EMAIL = "anna.smith@example.org"


@pytest.fixture
def no_schemas(spark: SparkSession) -> Iterator[SparkSession]:
    """The shared session, left without the schemas that a test makes in it."""
    yield spark
    for row in spark.sql(f"SHOW SCHEMAS LIKE '{PREFIX}*'").collect():
        spark.sql(f"DROP SCHEMA `{row.namespace}` CASCADE")


@pytest.fixture(params=[PREFIX, None], ids=["by name", "by path"])
def tables(no_schemas: SparkSession, tmp_path: Path, request: pytest.FixtureRequest) -> DeltaTables:
    """No tables yet."""
    root = str(tmp_path / "lake")
    locations = Locations(root, request.param)
    return DeltaTables(no_schemas, locations, Locks(root, "flock"), KillPoints(None))


def key(number: int) -> WriteKey:
    return WriteKey("c360:gold.person", number, f"input of {number}")


def test_a_table_written_over_keeps_its_properties_comments_and_clustering(
    tables: DeltaTables, spark: SparkSession
) -> None:
    tables.create(PERSON)
    made = description(tables, spark)
    frame = local_frame(spark, [("P1", EMAIL, 3)], PERSON.ddl())

    for number in (1, 2):
        tables.write(frame, PERSON, key(number))

    assert tables.row_count("gold.person", tables.version("gold.person")) == 1
    assert description(tables, spark) == made
    is_by_name = tables._locations.catalog_prefix is not None
    # In a folder of this machine each file is sorted instead.
    assert made["clustered by"] == (["person_id"] if is_by_name else [])
    assert made["email"] == "E-mail address."
    assert commits_that_hold(EMAIL, location(tables, spark)) == []


def test_a_column_that_becomes_personal_is_kept_out_of_the_log_from_the_next_write_on(
    tables: DeltaTables, spark: SparkSession
) -> None:
    id_, email, _ = PERSON.columns
    harmless = replace(email, sensitivity=Sensitivity.NONE, description="Address.")
    # Spark shows no property that has such a name in it.
    page = Column("page_url", "string", "Page.")
    after = replace(PERSON, columns=(id_, email, page))
    tables.create(replace(after, columns=(id_, harmless, page)))

    tables.fit(after)
    fitted = tables.version("gold.person")
    tables.fit(after)
    tables.write(local_frame(spark, [("P1", EMAIL, "/")], after.ddl()), after, key(1))

    assert fitted > 0
    assert tables.version("gold.person") == fitted + 1
    assert description(tables, spark)["email"] == "E-mail address."
    assert commits_that_hold(EMAIL, location(tables, spark)) == []


@pytest.mark.slow
def test_a_table_whose_columns_all_become_personal_keeps_no_statistics(
    tables: DeltaTables, spark: SparkSession
) -> None:
    id_, email, _ = PERSON.columns
    personal = replace(id_, sensitivity=Sensitivity.DIRECT_IDENTIFIER)
    before = replace(PERSON, columns=(id_, email), cluster_by=())
    after = replace(before, columns=(personal, email))
    tables.create(before)

    for _ in range(2):
        tables.fit(after)
    tables.write(local_frame(spark, [("PERSON-1", EMAIL)], after.ddl()), after, key(1))

    assert "delta.dataSkippingStatsColumns" not in description(tables, spark)["properties"]
    assert commits_that_hold("PERSON-1", location(tables, spark)) == []


def commits_that_hold(text: str, table: Path) -> list[str]:
    """Names of the log's files that have the text in them."""
    logs = [path for path in (table / "_delta_log").iterdir() if path.is_file()]
    assert logs
    return [path.name for path in logs if text.encode() in path.read_bytes()]


def description(tables: DeltaTables, spark: SparkSession) -> dict[str, object]:
    """What the table's log says of it and its columns, beside its rows."""
    detail = spark.sql(f"DESCRIBE DETAIL {tables._locations.sql('gold.person')}").collect()[0]
    comments = {f.name: f.metadata["comment"] for f in tables.read("gold.person").schema.fields}
    return {
        "description": detail.description,
        "properties": detail.properties,
        "clustered by": detail.clusteringColumns,
        **comments,
    }


def location(tables: DeltaTables, spark: SparkSession) -> Path:
    detail = spark.sql(f"DESCRIBE DETAIL {tables._locations.sql('gold.person')}").collect()[0]
    return Path(detail.location.removeprefix("file:"))


@pytest.mark.slow
def test_a_table_is_appended_to_restored_compacted_vacuumed_and_gains_and_loses_a_column(
    tables: DeltaTables, spark: SparkSession
) -> None:
    log = replace(PERSON, write_mode=WriteMode.APPEND)
    tables.create(log)
    frame = local_frame(spark, [("P1", EMAIL, 3)], log.ddl())

    first, again, second = (tables.write(frame, log, key(number)) for number in (1, 1, 2))

    assert (again, tables.row_count("gold.person", second)) == (first, 2)
    tables.restore("gold.person", first)
    tables.compact("gold.person")
    tables.vacuum("gold.person", retained_hours=24 * 3650)
    assert tables.row_count("gold.person", tables.version("gold.person")) == 1
    gained = replace(log, columns=(Column("note", "string", "Note."), *log.columns))
    tables.fit(gained)
    tables.write(frame.selectExpr("'new' AS note", "*"), gained, key(3))
    rows = {(row.person_id, row.note) for row in tables.read("gold.person").collect()}
    assert rows == {("P1", None), ("P1", "new")}
    lost = replace(gained, columns=tuple(c for c in gained.columns if c.name != "order_count"))
    tables.fit(lost)
    tables.write(frame.selectExpr("'last' AS note", "person_id", "email"), lost, key(4))
    counts = {(row.note, row.order_count) for row in tables.read("gold.person").collect()}
    assert counts == {(None, 3), ("new", 3), ("last", None)}


@pytest.mark.slow
def test_two_runs_by_catalog_name_end_in_one_release_each(
    no_schemas: SparkSession, company: Path, tmp_path: Path
) -> None:
    made = lake_by_name(tmp_path, company)

    for day in (DAY_1, DAY_2):
        made.run(f"day-{day}", day, ["bronze", "silver"])
    written = made.lake.tables.version("silver.product")

    assert made.run(f"day-{DAY_2}", DAY_2, ["bronze", "silver"]).status == runner.ALREADY_DONE
    release = current_release(made.lake.tables)
    assert release.number == 2
    assert release.versions["silver.product"] == written
    assert made.lake.tables.version("silver.product") == written
    assert made.lake.tables.row_count("silver.product", written) > 0
    runs = made.lake.tables.read("bronze.catalogue_product").select("run_id").distinct().collect()
    assert {row.run_id for row in runs} == {f"day-{DAY_1}", f"day-{DAY_2}"}
    assert not (tmp_path / "lake" / "bronze").exists()


def lake_by_name(home: Path, files: Path) -> SmallLake:
    """A lake of one feed, and of the tables that its runs write: to make all takes a minute."""
    changes = {"lake.catalog_prefix": PREFIX, "lake.lock": "external"}
    made = small_lake_at(home, files, feeds=("catalogue_product",), **changes)
    written = ("bronze.", "ops.", "silver.product")
    specs = {name: spec for name, spec in made.lake.specs.items() if name.startswith(written)}
    return SmallLake(made.settings, replace(made.lake, specs=specs))
