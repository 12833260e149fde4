"""The company's numbers as views: plain SQL for any reader, metric views for Databricks."""

from collections.abc import Callable

import sqlglot
from sqlglot import exp

from lakehouse.errors import ConfigurationError
from lakehouse.settings.documents import yaml_text
from lakehouse.settings.metrics import Expression, MetricView
from lakehouse.tables.gold import GOLD_TABLES

Naming = Callable[[str], str]
"""From a table's name (`gold.customer`) to what SQL calls it."""

_SUBJECTS = {spec.name: spec.subject_keys for spec in GOLD_TABLES if spec.subject_key}
"""By table about persons, the columns that say whom."""


def sql_query(view: MetricView, smallest_group: int, table: Naming = str) -> str:
    """The query that gives one row per combination of the dimensions' values, with every measure.

    A combination of some customers, but fewer than `smallest_group`, has no row.
    A measure that is no sum, such as a distinct count or a mean, cannot be added up over rows.
    """
    fields = [*view.dimensions, *view.measures]
    selected = ",\n".join(f"  {_of_source(field.expression)} AS {field.name}" for field in fields)
    lines = [f"SELECT\n{selected}", f"FROM {table(view.source)} AS source"]
    for join in view.joins:
        pairs = " AND ".join(f"source.{key} = {join.name}.{key}" for key in join.using)
        lines.append(f"LEFT JOIN {table(join.table)} AS {join.name} ON {pairs}")
    if view.where is not None:
        lines.append(f"WHERE {_of_source(view.where)}")
    if view.dimensions:
        grouped = (_of_source(field.expression) for field in view.dimensions)
        lines.append(f"GROUP BY {', '.join(grouped)}")
    named = ((view.source, "source"), *((join.table, join.name) for join in view.joins))
    subjects = [f"{name}.{key}" for told, name in named for key in _SUBJECTS.get(told, ())]
    if subjects:
        few = (f"count(DISTINCT {s}) NOT BETWEEN 1 AND {smallest_group - 1}" for s in subjects)
        lines.append(f"HAVING {' AND '.join(few)}")
    return "\n".join(lines)


def sql_view(view: MetricView, smallest_group: int, table: Naming = str) -> str:
    """The statement that makes a view of `sql_query` in gold, with comments."""
    columns = ", ".join(
        f"{field.name} COMMENT {_quoted(field.description)}"
        for field in (*view.dimensions, *view.measures)
    )
    name = table(f"gold.{view.name}")
    query = sql_query(view, smallest_group, table)
    return (
        f"CREATE OR REPLACE VIEW {name} ({columns}) COMMENT {_quoted(view.description)} AS\n{query}"
    )


def databricks_metric_view(view: MetricView, table: Naming = str) -> str:
    """The statement that makes a metric view of Databricks (YAML version 1.1), of which any dimensions
    can be asked without losing what a measure means.

    Raises ConfigurationError where its text would end the YAML before its end.
    """
    body: dict[str, object] = {
        "version": "1.1",
        "comment": _comment(view),
        "source": table(view.source),
    }
    if view.where is not None:
        body["filter"] = view.where
    if view.joins:
        body["joins"] = [
            {
                "name": join.name,
                "source": table(join.table),
                "using": list(join.using),
            }
            for join in view.joins
        ]
    body["dimensions"] = [_entry(field) for field in view.dimensions]
    body["measures"] = [_entry(field) for field in view.measures]
    name = table(f"gold.{view.name}")
    text = yaml_text(body)
    if "$$" in text:
        raise ConfigurationError(
            f"{view.name} of conf/base/metrics.yml holds $$, which would end the view's YAML.",
            "write it without.",
        )
    return f"CREATE OR REPLACE VIEW {name}\nWITH METRICS\nLANGUAGE YAML\nAS $$\n{text}$$"


def _comment(view: MetricView) -> str:
    """What a metric view says; of one about persons also who it is for, as it tells of small groups."""
    persons = [t for t in (view.source, *(j.table for j in view.joins)) if t in _SUBJECTS]
    if not persons:
        return view.description
    return (
        f"{view.description} Groups of any size are told: for who may read {' and '.join(persons)} row by "
        "row, not to be published."
    )


def _of_source(expression: str) -> str:
    """The expression with the source named where it names no table: a joined one may have the column too."""
    tree = sqlglot.parse_one(expression, dialect="spark")
    for column in tree.find_all(exp.Column):
        if not column.table:
            column.set("table", exp.to_identifier("source"))
    return tree.sql(dialect="spark")


def _entry(field: Expression) -> dict[str, str]:
    return {"name": field.name, "expr": field.expression, "comment": field.description}


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
