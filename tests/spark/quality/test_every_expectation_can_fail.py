"""Every expectation of every suite passes rows made to keep it and is seen to fail on one made to
break it, by Great Expectations and, where it holds rows, by the splitter.

The rows follow from the suites themselves, so a new rule is covered on the day it is written.
"""

import re
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.quality.bronze_suite import SEQUENCE_AT, bronze_suite
from lakehouse.quality.gx import validated
from lakehouse.quality.product_suite import product_suite
from lakehouse.quality.quarantine import FLAGS, flag_name, flagged
from lakehouse.quality.rules import (
    BETWEEN,
    COMPOUND_UNIQUE,
    IN_SET,
    LENGTHS,
    NOT_NULL,
    PAIR_GREATER,
    REGEX,
    ROW_COUNT,
    UNIQUE,
    Rule,
    Severity,
    Suite,
)
from lakehouse.quality.suites import read_suites
from lakehouse.settings.load import load_settings
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.registry import GATED_TABLES
from lakehouse.tables.spec import Column, TableSpec

SLOW = pytest.mark.slow
EXPECTATIONS = Path(__file__).parents[3] / "expectations"
SUITES = read_suites(EXPECTATIONS, GATED_TABLES)
CRM = next(s for s in load_settings("test").sources if s.name == "crm_contact")
PRODUCTS = load_settings("test").products
BRONZE = replace(
    CRM.bronze_table,
    columns=(*CRM.bronze_table.columns, Column(SEQUENCE_AT, "timestamp", "Beside bronze's own.")),
)
"""A bronze table, whose suite follows from its source, as the gate sees it."""
SAMPLE = (
    "silver.order",
    "silver.consent_event",
    "linkage.touched_record",
    "gold.customer_contact_point",
)
"""What `make test` tries, with every kind of rule between them; all suites together take minutes."""
CASES = [
    *(
        pytest.param(
            spec, SUITES[spec.name], id=spec.name, marks=() if spec.name in SAMPLE else SLOW
        )
        for spec in GATED_TABLES
    ),
    *(pytest.param(p.table, product_suite(p), id=p.table_name, marks=SLOW) for p in PRODUCTS),
    pytest.param(BRONZE, bronze_suite(CRM, date(2026, 1, 5)), id=BRONZE.name),
]

Row = dict[str, Any]

# Texts of the forms that suites ask for, and one that none of them lets through.
_WELL_FORMED = ("EUR", "GB", "ann@example.org", "+442079460000", "ann")
_MALFORMED = "\u00e9"

_LOW = {"date": date(2020, 1, 1), "timestamp": datetime(2020, 1, 1)}  # noqa: DTZ001
_HIGH = {"date": date(2021, 1, 1), "timestamp": datetime(2021, 1, 1)}  # noqa: DTZ001
_TOO_LATE = {"date": date(9000, 1, 1), "timestamp": datetime(9000, 1, 1)}  # noqa: DTZ001
_TOO_EARLY = {"date": date(1800, 1, 1), "timestamp": datetime(1800, 1, 1)}  # noqa: DTZ001


def spark_type(spec: TableSpec, column: str) -> str:
    return spec.column(column).type


def number(kind: str, value: float) -> Any:
    """The value as Spark wants it for a column of that type."""
    if kind.startswith("decimal"):
        return Decimal(str(value))
    return float(value) if kind in {"double", "float"} else int(value)


def kept_value(spec: TableSpec, column: str, rules: list[Rule]) -> Any:
    """A value of the column that keeps every rule about it alone."""
    kind = spark_type(spec, column)
    for rule in rules:
        if rule.type == IN_SET:
            return rule.kwargs["value_set"][0]
        if rule.type == REGEX:
            return next(t for t in _WELL_FORMED if re.search(rule.kwargs["regex"], t))
        if rule.type == BETWEEN and kind not in _LOW:
            low, high = rule.kwargs.get("min_value"), rule.kwargs.get("max_value")
            return number(kind, low if low is not None else high)
    plain = {**_LOW, "string": "ann", "boolean": True}
    return plain[kind] if kind in plain else number(kind, 1)


def kept_row(spec: TableSpec, suite: Suite) -> Row:
    """A row that breaks no rule, with a value in every column that some rule names."""
    row = {
        column: kept_value(spec, column, [r for r in suite.rules if r.columns == (column,)])
        for column in suite.columns
    }
    for rule in suite.rules:
        if rule.type == PAIR_GREATER:
            column = rule.kwargs["column_A"]
            kind = spark_type(spec, column)
            row[column] = _HIGH[kind] if kind in _HIGH else number(kind, 2)
    return row


def broken_rows(spec: TableSpec, rule: Rule, kept: Row) -> list[Row]:
    """Rows like the kept one that break the rule."""
    changed = _CHANGES[rule.type](spec, rule, kept)
    return [kept | change for change in changed]


def _to_null(_: TableSpec, rule: Rule, __: Row) -> list[Row]:
    # Two of three rows at the least, as `mostly` forgives some.
    return [{rule.kwargs["column"]: None}] * 3


def _out_of_set(spec: TableSpec, rule: Rule, _: Row) -> list[Row]:
    kind = spark_type(spec, rule.kwargs["column"])
    value = {"string": "none of these", "boolean": not rule.kwargs["value_set"][0]}.get(kind, -999)
    return [{rule.kwargs["column"]: value}]


def _out_of_limits(spec: TableSpec, rule: Rule, _: Row) -> list[Row]:
    column, kind = rule.kwargs["column"], spark_type(spec, rule.kwargs["column"])
    if kind in _TOO_EARLY:
        return [{column: (_TOO_EARLY if "min_value" in rule.kwargs else _TOO_LATE)[kind]}]
    low, high = rule.kwargs.get("min_value"), rule.kwargs.get("max_value")
    return [
        {column: number(kind, limit + step)}
        for limit, step in ((low, -1), (high, 1))
        if limit is not None
    ]


def _malformed(_: TableSpec, rule: Rule, __: Row) -> list[Row]:
    return [{rule.kwargs["column"]: _MALFORMED}]


def _out_of_length(_: TableSpec, rule: Rule, __: Row) -> list[Row]:
    if "max_value" in rule.kwargs:
        return [{rule.kwargs["column"]: "x" * (rule.kwargs["max_value"] + 1)}]
    return [{rule.kwargs["column"]: "x" * (rule.kwargs["min_value"] - 1)}]


def _the_wrong_way_round(_: TableSpec, rule: Rule, kept: Row) -> list[Row]:
    greater, lesser = rule.kwargs["column_A"], rule.kwargs["column_B"]
    return [{greater: kept[lesser], lesser: kept[greater]}]


def _twice(_: TableSpec, __: Rule, ___: Row) -> list[Row]:
    return [{}, {}]


_CHANGES = {
    NOT_NULL: _to_null,
    IN_SET: _out_of_set,
    BETWEEN: _out_of_limits,
    REGEX: _malformed,
    LENGTHS: _out_of_length,
    PAIR_GREATER: _the_wrong_way_round,
    UNIQUE: _twice,
    COMPOUND_UNIQUE: _twice,
}


def frame_of(spark: SparkSession, spec: TableSpec, suite: Suite, rows: list[Row]) -> DataFrame:
    """The rows as a frame with the table's columns, all nullable."""
    ddl = ", ".join(f"`{c}` {spark_type(spec, c)}" for c in suite.columns)
    named = local_frame(spark, [tuple(row[c] for c in suite.columns) for row in rows], ddl)
    missing = (c for c in spec.columns if c.name not in suite.columns)
    return named.select("*", *(F.lit(None).cast(c.type).alias(c.name) for c in missing))


def flags(frame: DataFrame, spec: TableSpec, rules: tuple[Rule, ...]) -> list[list[bool]]:
    """Per row, in order, whether it breaks each rule, were all of them of severity quarantine."""
    held = tuple(Rule(r.type, r.kwargs, Severity.QUARANTINE, r.reason) for r in rules)
    names = [f"{FLAGS}.{flag_name(number)}" for number in range(len(rules))]
    numbered = frame.withColumn("row_number", F.monotonically_increasing_id())
    marked = flagged(numbered, Suite(spec.name, held), spec).select("row_number", *names)
    return [list(row)[1:] for row in sorted(marked.collect())]


@pytest.mark.parametrize(("spec", "suite"), CASES)
def test_every_expectation_passes_kept_rows_and_fails_on_broken_ones(
    spark: SparkSession, spec: TableSpec, suite: Suite
) -> None:
    rules = tuple(rule for rule in suite.rules if rule.type in _CHANGES)
    kept = kept_row(spec, suite)
    made = [(n, row) for n, rule in enumerate(rules) for row in broken_rows(spec, rule, kept)]
    broken = frame_of(spark, spec, suite, [row for _, row in made])

    by_row = flags(broken, spec, rules)
    results = validated(broken, Suite(spec.name, rules))
    on_kept = flags(frame_of(spark, spec, suite, [kept]), spec, rules)

    assert on_kept == [[False] * len(rules)]
    assert [
        rules[n].label for (n, _), found in zip(made, by_row, strict=True) if not found[n]
    ] == []
    assert [r.unexpected_count for r in results] == [
        sum(found[n] for found in by_row) for n in range(len(rules))
    ]
    assert [r.rule.label for r in results if r.is_success and "mostly" not in r.rule.kwargs] == []


def test_rules_about_the_table_fail_on_a_table_made_for_them(spark: SparkSession) -> None:
    # They look at no column, so that one empty table serves all suites that ask the same.
    asked = {
        tuple(rule.kwargs.items()): rule
        for suite in SUITES.values()
        for rule in suite.rules
        if rule.type == ROW_COUNT
    }
    empty = local_frame(spark, [], "record_key string")

    for rule in asked.values():
        assert [r.is_success for r in validated(empty, Suite("silver.none", (rule,)))] == [False]


def test_rules_that_forgive_some_rows_fail_where_most_are_broken(spark: SparkSession) -> None:
    for spec in GATED_TABLES:
        suite = SUITES[spec.name]
        kept = kept_row(spec, suite)
        for rule in (rule for rule in suite.rules if "mostly" in rule.kwargs):
            rows = [kept, *broken_rows(spec, rule, kept)]
            alone = Suite(spec.name, (rule,))

            assert [r.is_success for r in validated(frame_of(spark, spec, suite, rows), alone)] == [
                False
            ]


def test_every_kind_of_rule_in_use_is_one_of_those_seen_to_fail() -> None:
    used = {rule.type for suite in SUITES.values() for rule in suite.rules}

    assert used <= _CHANGES.keys() | {ROW_COUNT}
