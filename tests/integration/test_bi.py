"""Gold is read from outside of Spark: by deltalake and DuckDB, and over JDBC by name."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from lakehouse.errors import ConfigurationError, NotFoundError, PrerequisiteError
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.bi_server import (
    HOST,
    beeline_command,
    jdbc_url,
    metric_statements,
    of_conf,
    serve_gold,
    view_statements,
)
from lakehouse.pipeline.lake import open_lake
from lakehouse.settings.load import load_settings
from lakehouse.settings.metrics import MetricView
from lakehouse.storage.releases import Release, current_release
from tests.support.lake import DAY_2, SmallLake

C360 = str(Path(sys.executable).with_name("c360"))
PATIENCE_SECONDS = 300
CLEAR = load_settings("test").roles.roles["privacy_officer"]
"""A role that sees everything as it is."""


@dataclass(frozen=True)
class Served:
    """A lake behind a running BI server."""

    small: SmallLake
    port: int

    def ask(self, query: str) -> list[str]:
        """The rows of the answer, without a heading, as text."""
        command = beeline_command(
            jdbc_url(self.port),
            *("--silent=true", "--outputformat=tsv2", "--showHeader=false", "-e", query),
        )
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
        assert ended.returncode == 0, ended.stderr[-2000:]
        # Beeline prints its prompt before the first row even when it reads no commands.
        lines = [re.sub(r"^0: jdbc:\S*> ", "", line) for line in ended.stdout.splitlines()]
        return [line for line in lines if line.strip()]


def released_version(small: SmallLake, table: str) -> int:
    return current_release(small.lake.tables).versions[table]


def gold_tables(small: SmallLake) -> list[str]:
    return [t for t in current_release(small.lake.tables).versions if t.startswith("gold.")]


def without_spark(small: SmallLake, table: str) -> DeltaTable:
    layer, entity = table.split(".")
    path = f"{small.settings.lake.root}/{layer}/{entity}"
    return DeltaTable(path, version=released_version(small, table))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def await_truth(statement: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not statement():
        assert process.poll() is None, "the server has ended"
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.5)


@pytest.fixture(scope="module")
def served(small_lake: SmallLake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`c360 bi-server` on a copy of the small lake; it ends on SIGTERM, and in good order."""
    home = tmp_path_factory.mktemp("bi")
    shutil.copytree(small_lake.settings.lake.root, home / "lake")
    places = {"root": str(home / "lake"), "work_dir": home / "work"}
    settings = small_lake.settings.model_copy(
        update={"lake": small_lake.settings.lake.model_copy(update=places)}
    )
    port, said = free_port(), home / "said.txt"
    variables = {"C360_LAKE_ROOT": str(home / "lake"), "C360_WORK_DIR": str(home / "work")}
    with said.open("w") as output:
        process = subprocess.Popen(
            [C360, "bi-server", "--env", "test", "--port", str(port)],
            env={**os.environ, **variables},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        await_truth(lambda: f"is ready: {jdbc_url(port)}" in said.read_text(), process)
        yield Served(SmallLake(settings, open_lake(settings)), port)
        process.terminate()
        assert process.wait(60) == 0, said.read_text()
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_count_over_jdbc_is_the_release_s_count(served: Served) -> None:
    expected = served.small.lake.tables.row_count(
        "gold.customer", released_version(served.small, "gold.customer")
    )

    assert expected > 0
    assert served.ask("SELECT count(*) FROM customer") == [str(expected)]


@pytest.mark.slow
def test_every_gold_table_of_the_release_is_there_by_name_with_its_comments(served: Served) -> None:
    names = ["gold." + line.split("\t")[1] for line in served.ask("SHOW VIEWS IN gold")]
    described = served.ask("DESCRIBE gold.customer")

    tables = [name for name in names if not name.startswith("gold.metric_")]
    assert sorted(tables) == sorted(gold_tables(served.small))
    assert "birth_date\tdate\tBirth date." in described


@pytest.mark.slow
def test_metrics_are_views_beside_the_tables_and_tell_of_no_small_group(served: Served) -> None:
    customers = served.ask(
        "SELECT sum(n) FROM (SELECT count(*) AS n FROM customer_360 "
        "GROUP BY country, journey_stage, loyalty_tier) WHERE n >= 5"
    )

    assert served.ask("SELECT sum(customer_count) FROM metric_customers") == customers


@pytest.mark.slow
def test_the_views_stay_with_the_release_until_there_is_a_new_one(served: Served) -> None:
    lake, product = served.small.lake, served.small.settings.lake.root + "/gold/product"
    base = current_release(lake.tables)
    before = served.ask("SELECT count(*) FROM product")

    # A run has written the table and is not released: to its readers nothing has changed.
    lake.spark.sql(f"DELETE FROM delta.`{product}`")  # noqa: S608
    unreleased = served.ask("SELECT count(*) FROM product")

    attempt = Attempt("emptied", base.number + 1, DAY_2, "settings", None, base)
    attempts.release(lake, attempt, {"gold.product": lake.tables.version("gold.product")})
    deadline = time.monotonic() + PATIENCE_SECONDS
    while served.ask("SELECT count(*) FROM product") != ["0"] and time.monotonic() < deadline:
        time.sleep(1)

    assert before != ["0"]
    assert unreleased == before
    assert served.ask("SELECT count(*) FROM product") == ["0"]


def test_gold_is_readable_without_spark_at_the_release_s_version(small_lake: SmallLake) -> None:
    for table in gold_tables(small_lake):
        rows = without_spark(small_lake, table).to_pyarrow_dataset()  # duckdb finds it by its name
        counted = duckdb.sql("SELECT count(*) FROM rows").fetchall()

        expected = small_lake.lake.tables.row_count(table, released_version(small_lake, table))
        assert counted == [(expected,)], f"{table}: {rows.schema}"


def test_duckdb_and_spark_see_the_same_customers(small_lake: SmallLake) -> None:
    customer = without_spark(small_lake, "gold.customer").to_pyarrow_dataset()
    query = (
        "SELECT customer_id, display_name, birth_date, record_count FROM {} ORDER BY customer_id"
    )

    version = released_version(small_lake, "gold.customer")
    small_lake.lake.tables.read("gold.customer", version).createOrReplaceTempView("seen_by_spark")
    by_spark = small_lake.lake.spark.sql(query.format("seen_by_spark")).collect()

    by_duckdb = duckdb.sql(query.format("customer")).fetchall()
    assert customer.schema.names[0] == "customer_id"
    assert by_duckdb == [tuple(row) for row in by_spark]


def test_gold_asks_of_its_readers_no_more_than_delta_s_first_protocol(
    small_lake: SmallLake,
) -> None:
    asked = {
        table: without_spark(small_lake, table).protocol().min_reader_version
        for table in gold_tables(small_lake)
    }

    assert asked
    assert set(asked.values()) == {1}


def test_a_taken_port_is_said_before_a_server_starts(small_lake: SmallLake) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()

        with pytest.raises(PrerequisiteError, match=r"Port \d+ .* is taken"):
            serve_gold(small_lake.lake, other.getsockname()[1])


def test_a_lake_without_a_release_has_nothing_to_serve(
    small_lake: SmallLake, tmp_path: Path
) -> None:
    empty = small_lake.settings.lake.model_copy(update={"root": str(tmp_path / "lake")})
    lake = open_lake(small_lake.settings.model_copy(update={"lake": empty}))

    with pytest.raises(NotFoundError, match="no release"):
        serve_gold(lake, free_port())


def test_tables_of_a_catalog_are_left_to_the_catalog_s_own_endpoint(small_lake: SmallLake) -> None:
    named = small_lake.settings.lake.model_copy(update={"catalog_prefix": "main.c360_"})
    lake = open_lake(small_lake.settings.model_copy(update={"lake": named}))

    with pytest.raises(ConfigurationError, match="catalog_prefix"):
        serve_gold(lake, free_port())


def test_a_metric_has_a_view_where_the_release_has_what_it_is_told_from() -> None:
    view = MetricView.model_validate(
        {
            "name": "metric_days",
            "description": "Days.",
            "source": "gold.date",
            "measures": [{"name": "days", "expression": "count(*)", "description": "Days."}],
        }
    )

    assert metric_statements([view], CLEAR, Release(1, "day-1", {"gold.customer": 7}), 5) == [
        "DROP VIEW IF EXISTS `gold`.`metric_days`"
    ]
    assert [
        " ".join(statement.split())
        for statement in metric_statements([view], CLEAR, Release(2, "day-2", {"gold.date": 1}), 5)
    ] == [
        "CREATE VIEW IF NOT EXISTS `gold`.`metric_days` AS"
        " SELECT COUNT(*) AS days FROM gold.date AS source",
        "ALTER VIEW `gold`.`metric_days` AS SELECT COUNT(*) AS days FROM gold.date AS source",
    ]


def test_a_table_that_left_the_release_loses_its_view() -> None:
    release = Release(3, "day-3", {"gold.customer": 7, "silver.order": 4})

    told = view_statements("/lake", CLEAR, release)

    assert told[0] == "CREATE DATABASE IF NOT EXISTS gold"
    assert [statement for statement in told if "`customer`" in statement] == [
        "CREATE VIEW IF NOT EXISTS `gold`.`customer` AS"
        " SELECT * FROM delta.`/lake/gold/customer` VERSION AS OF 7",
        "ALTER VIEW `gold`.`customer` AS SELECT * FROM delta.`/lake/gold/customer` VERSION AS OF 7",
    ]
    assert "DROP VIEW IF EXISTS `gold`.`date`" in told
    assert not [
        statement for statement in told if "order`" in statement and "DROP" not in statement
    ]


def test_data_products_have_views_of_their_own_as_far_as_the_release_and_the_role_have_them() -> (
    None
):
    settings = load_settings("test")
    marketer = settings.roles.roles["marketer"]
    named = ("care_customer", "customers_by_area", "marketing_customer")
    release = Release(3, "day-3", {f"serve.{name}": 2 for name in named[1:]})

    told = view_statements("/lake", marketer, release, settings.product_tables)

    (view,) = [statement for statement in told if "ALTER VIEW `serve`" in statement]
    assert view.startswith("ALTER VIEW `serve`.`marketing_customer` AS SELECT")
    assert "FROM delta.`/lake/serve/marketing_customer` VERSION AS OF 2" in view
    assert "ELSE '***' END AS `email`" in view
    assert "DROP VIEW IF EXISTS `serve`.`care_customer`" in told
    assert "DROP VIEW IF EXISTS `serve`.`customers_by_area`" in told


def test_a_product_whose_rows_are_of_another_definition_has_no_view_until_it_is_made_again() -> (
    None
):
    products = load_settings("test").products
    versions = {product.table_name: 2 for product in products}
    told = {product.table_name: product.definition for product in products}
    other = {**told, "serve.care_customer": "0.9.0 f00"}

    assert of_conf(Release(3, "day-3", versions, told), products).versions == versions
    assert of_conf(Release(3, "day-3", versions), products).versions == versions
    assert versions.keys() - of_conf(Release(3, "day-3", versions, other), products).versions == {
        "serve.care_customer"
    }


def test_views_are_masked_for_the_role_of_the_server_and_others_are_dropped() -> None:
    marketer = load_settings("test").roles.roles["marketer"]
    release = Release(3, "day-3", {"gold.customer": 7, "gold.customer_payment": 4})

    told = view_statements("/lake", marketer, release)

    (view,) = [statement for statement in told if "ALTER VIEW `gold`.`customer`" in statement]
    assert "ELSE '***' END AS `email`" in view
    assert "CAST(date_trunc('year', `birth_date`) AS date) AS `birth_date`" in view
    assert "DROP VIEW IF EXISTS `gold`.`customer_payment`" in told
