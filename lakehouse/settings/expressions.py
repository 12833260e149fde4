"""Expressions of Spark SQL in conf/: parsed on load, so that none can be a query or a statement."""

from collections.abc import Iterator, Set
from functools import cache

import sqlglot
from sqlglot import exp

_CALLS_OUT = frozenset(
    {"java_method", "reflect", "try_reflect", "read_files", "http_request", "ai_query"}
    | {"secret", "try_secret", "list_secrets"}
)
"""Functions of Spark and Databricks that run code, or read what is no table."""

_OF_THE_MOMENT = (
    *(exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.CurrentDatetime),
    *(exp.CurrentUser, exp.Rand, exp.Randn, exp.Uuid),
)
_OF_THE_MOMENT_BY_NAME = frozenset(
    {"now", "localtimestamp", "random", "shuffle", "monotonically_increasing_id", "input_file_name"}
    | {"spark_partition_id", "unix_timestamp", "session_user", "current_database", "user"}
)


def sql_faults(text: str, known: Set[tuple[str, str]], aggregates: bool) -> Iterator[str]:
    """What is wrong with an expression over the `known` pairs of table's name (or none) and column."""
    try:
        tree = sqlglot.parse_one(text, dialect="spark")
    except sqlglot.errors.SqlglotError:
        yield "is no expression of Spark SQL"
        return
    # A statement or a query within an expression could read or change anything.
    if not isinstance(tree, exp.Condition) or tree.find(exp.Query, exp.DDL, exp.DML, exp.Command):
        yield "must be an expression, not a query or a statement"
        return
    for function in tree.find_all(exp.Func):
        name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
        if name.lower() in _CALLS_OUT:
            yield f"{name.lower()} reaches beyond the tables"
    for column in tree.find_all(exp.Column):
        if (column.table, column.name) not in known:
            yield f"there is no column {column.sql()}"
    if bool(tree.find(exp.AggFunc)) != aggregates:
        yield "must aggregate rows" if aggregates else "must not aggregate rows"


def row_faults(text: str, known: Set[tuple[str, str]]) -> Iterator[str]:
    """The same, of an expression that must follow from one row alone, whenever it is computed."""
    faults = [*sql_faults(text, known, aggregates=False)]
    yield from faults
    if faults:
        return
    tree = sqlglot.parse_one(text, dialect="spark")
    if tree.find(exp.Window):
        yield "must tell of one row, without a window over others"
    by_name = {function.name.lower() for function in tree.find_all(exp.Anonymous)}
    if tree.find(*_OF_THE_MOMENT) or by_name & _OF_THE_MOMENT_BY_NAME:
        yield "must give the same whenever it is computed: as_of is the day of the run"


@cache
def columns_of(text: str) -> tuple[tuple[str, str], ...]:
    """Pairs of table's name (or none) and column that the expression names, each once."""
    tree = sqlglot.parse_one(text, dialect="spark")
    return tuple(dict.fromkeys((c.table, c.name) for c in tree.find_all(exp.Column)))
