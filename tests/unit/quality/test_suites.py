"""Suites are read whole or not at all, and a refusal names every fault."""

import json
from pathlib import Path
from typing import Any

import pytest

from lakehouse.errors import SuiteError
from lakehouse.quality.rules import BETWEEN, KINDS, LENGTHS, NOT_NULL, REGEX, ROW_COUNT, Severity
from lakehouse.quality.suites import read_suites, rule_faults
from lakehouse.tables.registry import GATED_TABLES
from lakehouse.tables.spec import Column, TableSpec

EXPECTATIONS = Path(__file__).parents[3] / "expectations"

VISIT = TableSpec(
    name="silver.visit",
    description="One row per visit.",
    columns=(
        Column("visit_key", "string", "Key."),
        Column("began_at", "timestamp", "Begin."),
        Column("ended_at", "timestamp", "End."),
        Column("paid_on", "date", "Payment."),
        Column("pages", "int", "Pages."),
        Column("kind", "string", "Kind."),
        Column("is_known", "boolean", "Known."),
        Column("tags", "map<string,string>", "Tags."),
    ),
    primary_key=("visit_key",),
    owner="digital",
    retention_days=30,
    purposes=("service",),
)


def entry(kind: str, severity: str = "warn", **kwargs: Any) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "severity": severity, "reason": "some_reason"}


def write_suite(root: Path, *entries: object, table: str = "silver.visit") -> None:
    path = root / "silver" / "visit.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"table": table, "expectations": list(entries)}))


def test_every_table_has_a_suite_and_every_suite_a_table() -> None:
    suites = read_suites(EXPECTATIONS, GATED_TABLES)

    assert suites.keys() == {spec.name for spec in GATED_TABLES}
    assert all(suite.rules for suite in suites.values())


def test_every_suite_says_why_each_rule_stands_in_it() -> None:
    suites = read_suites(EXPECTATIONS, GATED_TABLES)

    assert [
        rule.label for suite in suites.values() for rule in suite.rules if not rule.description
    ] == []


def test_a_suite_is_read_in_the_order_of_its_file(tmp_path: Path) -> None:
    write_suite(
        tmp_path,
        entry("expect_column_values_to_not_be_null", "quarantine", column="began_at"),
        entry("expect_table_row_count_to_be_between", min_value=1),
    )

    suite = read_suites(tmp_path, [VISIT])["silver.visit"]

    assert [rule.type for rule in suite.rules] == [NOT_NULL, ROW_COUNT]
    assert suite.columns == ("began_at",)
    assert [rule.severity for rule in suite.quarantine_rules] == [Severity.QUARANTINE]


def test_all_faults_of_a_suite_are_told_at_once(tmp_path: Path) -> None:
    write_suite(
        tmp_path,
        entry("expect_magic", column="kind"),
        entry("expect_column_values_to_not_be_null", "fatal", column="kind"),
        entry("expect_column_values_to_not_be_null", column="nowhere"),
    )

    with pytest.raises(SuiteError) as refusal:
        read_suites(tmp_path, [VISIT])

    told = str(refusal.value)
    assert "3 fault(s)" in told
    assert "silver/visit.json: expectation 1: unknown expectation type 'expect_magic'" in told
    assert "expectation 2: unknown severity 'fatal'" in told
    assert "silver.visit has no column 'nowhere'" in told


def test_a_missing_and_a_stray_suite_are_faults(tmp_path: Path) -> None:
    (tmp_path / "gold").mkdir()
    (tmp_path / "gold" / "ghost.json").write_text("{}")

    with pytest.raises(SuiteError) as refusal:
        read_suites(tmp_path, [VISIT])

    assert "silver/visit.json: the table has no suite" in str(refusal.value)
    assert "gold/ghost.json: the suite has no table" in str(refusal.value)


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ("{", "not JSON"),
        ("[]", "must be an object"),
        ('{"table": "silver.visit"}', "just the keys table and expectations"),
        ('{"table": "silver.visit", "expectations": []}', "not empty"),
        ('{"table": "silver.other", "expectations": [1]}', "expected 'silver.visit'"),
        ('{"table": "silver.visit", "expectations": [1]}', "not an object"),
    ],
)
def test_a_broken_document_is_refused(tmp_path: Path, document: str, fault: str) -> None:
    write_suite(tmp_path)
    (tmp_path / "silver" / "visit.json").write_text(document)

    with pytest.raises(SuiteError, match=fault):
        read_suites(tmp_path, [VISIT])


def test_an_expectation_that_stands_twice_is_a_fault(tmp_path: Path) -> None:
    twice = entry("expect_column_values_to_be_unique", column="kind")
    write_suite(tmp_path, twice, {**twice, "reason": "another_reason"})

    with pytest.raises(SuiteError, match="expectation 2: repeats expectation 1"):
        read_suites(tmp_path, [VISIT])


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (entry("expect_column_values_to_be_unique"), "keyword column is missing"),
        (entry("expect_column_values_to_be_unique", column="kind", colour=1), "colour"),
        (entry("expect_column_values_to_be_unique", column=["kind"], mostly=0), "mostly must"),
        (entry("expect_column_values_to_be_between", column="pages"), "needs min_value"),
        (entry("expect_column_values_to_be_between", column="kind", min_value=1), "cannot judge"),
        (entry("expect_column_values_to_be_between", column="pages", min_value="1"), "a number"),
        (entry("expect_column_values_to_be_between", column="pages", min_value=[1]), "a number"),
        (entry(BETWEEN, column="pages", min_value=True), "a number"),
        (entry(BETWEEN, column="pages", min_value=None), "needs min_value"),
        (entry(BETWEEN, column="pages", min_value=2, max_value=1), "above max_value"),
        (entry(LENGTHS, column="kind", min_value=2, max_value=1), "above max_value"),
        (entry(ROW_COUNT, min_value=2, max_value=1), "above max_value"),
        (entry(BETWEEN, column="began_at", min_value="tomorrow"), "2026-01-31 23:59:59"),
        (entry(BETWEEN, column="began_at", max_value="2026-02-30"), "2026-01-31 23:59:59"),
        (entry(BETWEEN, column="began_at", min_value=20260101), "2026-01-31 23:59:59"),
        (entry(BETWEEN, column="paid_on", min_value=1990), "2026-01-31"),
        (entry(BETWEEN, column="paid_on", min_value="2026-01-31 00:00:00"), "2026-01-31"),
        (
            entry(BETWEEN, column="paid_on", min_value="2026-01-02", max_value="2026-01-01"),
            "above max_value",
        ),
        (
            entry("expect_column_values_to_be_between", column="pages", min_value=1, strict_min=1),
            "true or false",
        ),
        (entry("expect_column_values_to_be_in_set", column="kind", value_set=[]), "not empty"),
        (entry("expect_column_values_to_be_in_set", column="kind", value_set=[1]), "str values"),
        (entry("expect_column_values_to_be_in_set", column="pages", value_set=["1"]), "int values"),
        (entry("expect_column_values_to_be_in_set", column="no", value_set=["1"]), "no column"),
        (
            entry("expect_column_values_to_be_in_set", column="is_known", value_set=[1]),
            "bool values",
        ),
        (entry("expect_column_values_to_match_regex", column="kind", regex="("), "regular"),
        (entry("expect_column_values_to_match_regex", column="kind", regex=7), "regular"),
        (entry(REGEX, column="kind", regex="(?P<a>x)(?P=a)"), "Java does not know"),
        (entry(REGEX, column="kind", regex="(?P<a>x)"), "Java does not know"),
        (entry(REGEX, column="kind", regex="(x)?(?(1)y|z)"), "Java does not know"),
        (entry(REGEX, column="kind", regex="x{,3}"), "Java does not know"),
        (entry(REGEX, column="kind", regex="[[a]"), "regular"),
        (entry("expect_compound_columns_to_be_unique", column_list=["kind"]), "two columns"),
        (entry("expect_table_row_count_to_be_between", "quarantine", min_value=1), "no rows"),
        (
            entry("expect_column_values_to_not_be_null", "quarantine", column="kind", mostly=0.9),
            "every failing row",
        ),
        ({"type": NOT_NULL, "kwargs": 1, "severity": "warn", "reason": "abc"}, "not an object"),
        ({**entry(NOT_NULL, column="kind"), "reason": "Some reason"}, "snake_case"),
        ({**entry(NOT_NULL, column="kind"), "colour": "red"}, "unknown key colour"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused(bad: dict[str, Any], fault: str) -> None:
    assert any(fault in found for found in rule_faults(bad, VISIT))


@pytest.mark.parametrize(
    ("column", "limit"),
    [
        ("began_at", "1990-01-01"),
        ("began_at", "1990-01-01 06:30:00"),
        ("paid_on", "1990-01-01"),
        ("pages", 0.5),
    ],
)
def test_a_column_is_limited_by_values_of_its_kind(column: str, limit: object) -> None:
    assert rule_faults(entry(BETWEEN, column=column, min_value=limit), VISIT) == []


@pytest.mark.parametrize("regex", [r"^[A-Z]{2,}$", r"[{(?P]x", r"\{,3\}", "(?:a|b)++", "(?i)x"])
def test_an_expression_that_both_know_is_taken(regex: str) -> None:
    assert rule_faults(entry(REGEX, column="kind", regex=regex), VISIT) == []


def test_no_rule_of_the_vocabulary_reports_a_value_of_the_table() -> None:
    aggregates = {kind.type for kind in KINDS.values() if not kind.is_row_rule}

    assert aggregates == {
        "expect_table_row_count_to_be_between",
        "expect_column_proportion_of_non_null_values_to_be_between",
    }
