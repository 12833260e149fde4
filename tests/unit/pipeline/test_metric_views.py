"""The company's numbers: one definition, the same answer by SQL, and faults told before anybody reads."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
import yaml

from lakehouse.errors import ConfigurationError
from lakehouse.pipeline.bi_server import metric_statements
from lakehouse.pipeline.metric_views import databricks_metric_view, sql_query, sql_view
from lakehouse.settings.load import load_settings
from lakehouse.settings.metrics import MetricView, load_metrics
from lakehouse.storage.releases import Release
from lakehouse.tables.gold import GOLD_TABLES

SALES = MetricView.model_validate(
    {
        "name": "sales",
        "description": "It's sales.",
        "source": "gold.customer_order",
        "where": "coalesce(status, '') <> 'cancelled'",
        "joins": [{"name": "customer", "table": "gold.customer_360", "using": ["customer_id"]}],
        "dimensions": [
            {"name": "country", "expression": "customer.country", "description": "Country."}
        ],
        "measures": [
            {"name": "buyers", "expression": "count(distinct customer_id)", "description": "Buyers."},
            {"name": "net", "expression": "sum(reporting_amount)", "description": "Sales."},
        ],
    }
)  # fmt: skip


def test_a_view_answers_by_its_dimensions_but_for_the_few() -> None:
    """Of the only customer of a country nothing is told; guests are nobody."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA gold")
        connection.execute(
            "CREATE TABLE gold.customer_order AS SELECT * FROM (VALUES ('A', 'paid', 2), ('A', NULL, 3), "
            "('B', 'paid', 5), ('B', 'cancelled', 70), (NULL, 'paid', 11), ('C', 'paid', 13)) "
            "t(customer_id, status, reporting_amount)"
        )
        connection.execute(
            "CREATE TABLE gold.customer_360 AS SELECT * FROM (VALUES ('A', 'FR'), ('B', 'FR'), ('C', 'GB')) "
            "t(customer_id, country)"
        )
        (query,) = sqlglot.transpile(sql_query(SALES, 2), read="spark", write="duckdb")
        rows = connection.execute(query).fetchall()

    assert sorted(rows, key=str) == [("FR", 2, 10), (None, 0, 11)]


def test_a_statement_names_the_catalogs_tables_and_escapes_what_people_write() -> None:
    statement = sql_view(SALES, 5, lambda name: f"main.c360_{name}")

    assert statement.startswith("CREATE OR REPLACE VIEW main.c360_gold.sales (country COMMENT")
    assert "COMMENT 'It\\'s sales.' AS" in statement
    assert "FROM main.c360_gold.customer_order AS source" in statement
    assert "source.customer_id = customer.customer_id" in statement


def test_a_number_about_nobody_has_no_group_that_is_too_small() -> None:
    campaigns = SALES.model_copy(update={"source": "gold.campaign", "joins": (), "where": None})

    assert "HAVING" in sql_query(SALES, 5)
    assert "HAVING" not in sql_query(campaigns, 5)
    assert "Groups of any size" not in databricks_metric_view(campaigns)


@pytest.mark.parametrize(
    ("role", "is_made"), [("privacy_officer", True), ("engineer", True), ("analyst", False)]
)
def test_customers_whom_a_role_cannot_tell_apart_are_counted_for_it_in_no_view(
    role: str, is_made: bool
) -> None:
    """In the views of an analyst every id is null, and each group would seem to be nobody's."""
    release = Release(1, "day-1", {"gold.customer_order": 1, "gold.customer_360": 1})
    statements = metric_statements([SALES], load_settings("test").roles.roles[role], release, 5)

    assert statements[0].startswith("CREATE VIEW" if is_made else "DROP VIEW")


def test_a_metric_view_of_databricks_says_the_same_as_yaml() -> None:
    head, _, rest = databricks_metric_view(SALES).partition("$$\n")
    body = yaml.safe_load(rest.removesuffix("$$"))

    assert head == "CREATE OR REPLACE VIEW gold.sales\nWITH METRICS\nLANGUAGE YAML\nAS "
    assert body == {
        "version": "1.1",
        "comment": "It's sales. Groups of any size are told: for who may read gold.customer_order and "
        "gold.customer_360 row by row, not to be published.",
        "source": "gold.customer_order",
        "filter": "coalesce(status, '') <> 'cancelled'",
        "joins": [
            {"name": "customer", "source": "gold.customer_360", "using": ["customer_id"]}
        ],
        "dimensions": [{"name": "country", "expr": "customer.country", "comment": "Country."}],
        "measures": [
            {"name": "buyers", "expr": "count(distinct customer_id)", "comment": "Buyers."},
            {"name": "net", "expr": "sum(reporting_amount)", "comment": "Sales."},
        ],
    }  # fmt: skip


def test_what_ships_runs_over_tables_as_the_specs_declare_them() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA gold")
        for spec in GOLD_TABLES:
            columns = sqlglot.transpile(
                f"CREATE TABLE {spec.name} ({spec.ddl()})", read="spark", write="duckdb"
            )[0]
            connection.execute(columns)
        for view in load_metrics():
            (query,) = sqlglot.transpile(sql_query(view, 5), read="spark", write="duckdb")
            assert connection.execute(query).fetchall() == []


@pytest.mark.parametrize(
    ("name", "day", "rest"),
    [
        ("metric_sales", "order_date", "'paid' AS status"),
        ("metric_satisfaction", "interaction_date", "'survey_response' AS interaction_type, "
         "'nps' AS topic, 9 AS score"),
        ("metric_support", "opened_date", "'phone' AS channel"),
    ],
)  # fmt: skip
def test_what_ships_counts_nothing_of_days_to_come(name: str, day: str, rest: str) -> None:
    (view,) = (view for view in load_metrics() if view.name == name)
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA gold")
        read = {view.source, *(join.table for join in view.joins)}
        for spec in (spec for spec in GOLD_TABLES if spec.name in read):
            ddl = spec.ddl().replace(" not null", "")
            statement = f"CREATE TABLE {spec.name} ({ddl})"
            connection.execute(sqlglot.transpile(statement, read="spark", write="duckdb")[0])
        connection.execute(
            f"INSERT INTO {view.source} BY NAME SELECT 'A' AS customer_id, {rest}, "
            f"unnest([DATE '2024-01-01', DATE '2999-01-01']) AS {day}"
        )
        (query,) = sqlglot.transpile(sql_query(view, 1), read="spark", write="duckdb")
        counts = connection.execute(query).fetchall()

    assert [row[len(view.dimensions)] for row in counts] == [1]


def conf_with(tmp_path: Path, **changes: Any) -> Path:
    """A conf folder whose metrics are `SALES`, changed."""
    view = SALES.model_dump(mode="json") | changes
    (tmp_path / "base").mkdir()
    text = yaml.safe_dump({"views": [view, SALES.model_dump(mode="json") | {"name": "other"}]})
    (tmp_path / "base" / "metrics.yml").write_text(text)
    return tmp_path


def measure(expression: str, name: str = "net") -> list[dict[str, str]]:
    return [{"name": name, "expression": expression, "description": "Of a test."}]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"source": "gold.nothing"}, "views[0].source: gold has no such table"),
        ({"name": "other"}, "views[1].name: another view has this name"),
        ({"measures": measure("sum(amount)")}, "measures[0].expression: there is no column amount"),
        ({"measures": measure("reporting_amount")}, "measures[0].expression: must aggregate rows"),
        ({"measures": measure("sum(")}, "measures[0].expression: is no expression of Spark SQL"),
        ({"measures": measure("count('x")}, "measures[0].expression: is no expression of Spark SQL"),
        ({"measures": measure("max(java_method('x'))")}, "java_method reaches beyond the tables"),
        ({"description": "$$; drop table y"}, "may not hold $$"),
        ({"measures": measure("sum(1)", "country")}, "measures[0].name: given twice"),
        ({"dimensions": measure("max(status)")}, "dimensions[0].expression: must not aggregate"),
        ({"where": "drop table gold.customer"}, "where: must be an expression, not a query"),
        ({"where": "exists (select 1 from x)"}, "where: must be an expression, not a query"),
        ({"joins": [{"name": "customer", "table": "gold.customer_360", "using": ["email"]}]},
         "joins[0].using: must be the table's key: customer_id"),
        ({"joins": [{"name": "customer", "table": "gold.x", "using": ["customer_id"]}]},
         "joins[0].table: gold has no such table"),
        ({"measures": []}, "views[0].measures:"),
        ({"unknown": 1}, "views[0].unknown: unknown key"),
    ],
)  # fmt: skip
def test_a_fault_is_told_by_its_place(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_metrics(conf_with(tmp_path, **changes))

    assert told in str(refused.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_metrics(tmp_path)
