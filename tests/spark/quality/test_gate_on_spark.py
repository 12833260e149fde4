"""Splitter and Great Expectations see the same rows, and neither lets a value out."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from great_expectations.core import ExpectationSuite
from great_expectations.exceptions import InvalidExpectationConfigurationError
from pyspark.sql import DataFrame, SparkSession

from lakehouse.errors import QualityGateError, SuiteError
from lakehouse.quality.docs import data_docs
from lakehouse.quality.gate import Verdict, gate, require_passed
from lakehouse.quality.gx import validated
from lakehouse.quality.quarantine import FLAGS, flagged, good_rows
from lakehouse.quality.records import quality_results, quarantined
from lakehouse.quality.rules import (
    BETWEEN,
    COMPOUND_UNIQUE,
    IN_SET,
    LENGTHS,
    NOT_NULL,
    NOT_NULL_SHARE,
    PAIR_GREATER,
    REGEX,
    ROW_COUNT,
    UNIQUE,
    Rule,
    Severity,
    Suite,
)
from lakehouse.quality.suites import read_suites
from lakehouse.tables.conform import conformed
from lakehouse.tables.gold import CUSTOMER_360
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import QUALITY_RESULT, QUARANTINE
from lakehouse.tables.registry import GATED_TABLES
from lakehouse.tables.spec import Column, Sensitivity, TableSpec

EXPECTATIONS = Path(__file__).parents[3] / "expectations"
HOSTILE = "<img src=x onerror=alert(1)>"
BREAKOUT = "</script><script>alert(1)</script>"
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

TICKET = TableSpec(
    name="silver.ticket",
    description="One row per ticket.",
    columns=(
        Column("record_key", "string", "Key."),
        Column("source_file", "string", "File."),
        Column("source_row_number", "bigint", "Row."),
        Column("name", "string", "Name.", Sensitivity.DIRECT_IDENTIFIER),
        Column("opened_at", "timestamp", "Opened."),
        Column("closed_at", "timestamp", "Closed."),
        Column("amount", "decimal(18,2)", "Amount."),
        Column("status", "string", "Status."),
        Column("is_known", "boolean", "Known."),
        Column("notes", "map<string,string>", "Notes."),
    ),
    primary_key=("record_key",),
    owner="support",
    retention_days=30,
    purposes=("service",),
)


def held(kind: str, reason: str, **kwargs: object) -> Rule:
    return Rule(kind, kwargs, Severity.QUARANTINE, reason)


ROW_RULES = (
    held(NOT_NULL, "impossible_date", column="opened_at"),
    held(BETWEEN, "impossible_date", column="opened_at", min_value="1990-01-01"),
    held(BETWEEN, "negative_amount", column="amount", min_value=0, max_value=100, strict_max=True),
    held(IN_SET, "unknown_status", column="status", value_set=["open", "closed"]),
    held(IN_SET, "orphan_order", column="is_known", value_set=[True]),
    held(REGEX, "odd_name", column="name", regex="^[A-Za-z ]+$"),
    held(LENGTHS, "long_name", column="name", max_value=20),
    held(PAIR_GREATER, "time_runs_back", column_A="closed_at", column_B="opened_at", or_equal=True),
    held(UNIQUE, "duplicate_key", column="record_key"),
    held(COMPOUND_UNIQUE, "duplicate_row", column_list=["source_file", "source_row_number"]),
)

MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)

# Values stand in the order of the table's columns.
GOOD = ("a", "f1", 1, "Ann", MARCH, APRIL, 0, "open", True, None)
EMPTY = (None, None, None, None, MARCH, None, None, None, None, None)
NO_TIME = ("b", "f1", 2, "Bob", None, None, 1, "open", True, None)
OLD = ("c", "f1", 3, "Cy", LONG_AGO, None, 1, "open", True, None)
NEGATIVE = ("d", "f1", 4, "Di", MARCH, MARCH, -1, "open", True, None)
AT_LIMIT = ("e", "f1", 5, "Ed", MARCH, None, 100, "open", True, None)
ODD_STATUS = ("f", "f1", 6, "Flo", MARCH, None, 1, "gone", True, None)
ORPHAN = ("g", "f1", 7, "Gus", MARCH, None, 1, "open", False, None)
TIME_BACK = ("h", "f1", 8, "Hal", APRIL, MARCH, 1, "open", True, None)
HOSTILE_ROW = ("i", "f1", 9, HOSTILE, MARCH, None, 1, "open", True, {"k": BREAKOUT})
TWIN_1 = ("j", "f1", 10, "Jo", MARCH, None, 1, "open", True, None)
TWIN_2 = ("j", "f1", 11, "Jo", MARCH, None, 1, "open", True, None)
TWIN_3 = ("j", "f1", 12, "Jo", MARCH, None, 1, "open", True, None)
SAME_ROW_1 = ("k", "f2", 1, "Kay", MARCH, None, 1, "open", True, None)
SAME_ROW_2 = ("l", "f2", 1, "Lee", MARCH, None, 1, "open", True, None)
BOTH = ("m", "f2", 2, BREAKOUT, None, None, -5, "open", False, None)

ROWS = [
    GOOD, EMPTY, EMPTY, NO_TIME, OLD, NEGATIVE, AT_LIMIT, ODD_STATUS, ORPHAN, TIME_BACK,
    HOSTILE_ROW, TWIN_1, TWIN_2, TWIN_3, SAME_ROW_1, SAME_ROW_2, BOTH,
]  # fmt: skip


def tickets(spark: SparkSession, rows: list[tuple[object, ...]]) -> DataFrame:
    """The rows with every column nullable, as a transform hands them over."""
    ddl = TICKET.ddl().replace("decimal(18,2)", "int")
    frame = local_frame(spark, rows, ddl)
    return frame.withColumn("amount", frame.amount.cast("decimal(18,2)"))


def staged(spark: SparkSession, rows: list[tuple[object, ...]], suite: Suite) -> DataFrame:
    return flagged(tickets(spark, rows), suite, TICKET)


def test_each_row_carries_the_reasons_for_which_it_is_held(spark: SparkSession) -> None:
    frame = staged(spark, ROWS, Suite("silver.ticket", ROW_RULES))

    reasons = {
        (row.record_key, row.source_row_number): row.reasons
        for row in frame.select("record_key", "source_row_number", f"{FLAGS}.reasons").collect()
    }

    assert reasons == {
        ("a", 1): [],
        (None, None): [],
        ("b", 2): ["impossible_date"],
        ("c", 3): ["impossible_date"],
        ("d", 4): ["negative_amount"],
        ("e", 5): ["negative_amount"],
        ("f", 6): ["unknown_status"],
        ("g", 7): ["orphan_order"],
        ("h", 8): ["time_runs_back"],
        ("i", 9): ["long_name", "odd_name"],
        ("j", 10): [],
        ("j", 11): ["duplicate_key"],
        ("j", 12): ["duplicate_key"],
        ("k", 1): [],
        ("l", 1): ["duplicate_row"],
        ("m", 2): [
            "impossible_date", "long_name", "negative_amount", "odd_name", "orphan_order",
        ],
    }  # fmt: skip


def test_the_splitter_counts_as_great_expectations_does(spark: SparkSession) -> None:
    suite = Suite("silver.ticket", ROW_RULES)

    outcome = gate(staged(spark, ROWS, suite), suite)

    assert outcome.verdict is Verdict.QUARANTINE
    assert {r.rule.label: r.unexpected_count for r in outcome.results} == {
        "expect_column_values_to_not_be_null(opened_at)": 2,
        "expect_column_values_to_be_between(opened_at)": 1,
        "expect_column_values_to_be_between(amount)": 3,
        "expect_column_values_to_be_in_set(status)": 1,
        "expect_column_values_to_be_in_set(is_known)": 2,
        "expect_column_values_to_match_regex(name)": 2,
        "expect_column_value_lengths_to_be_between(name)": 2,
        "expect_column_pair_values_a_to_be_greater_than_b(closed_at, opened_at)": 1,
        "expect_column_values_to_be_unique(record_key)": 3,
        "expect_compound_columns_to_be_unique(source_file, source_row_number)": 2,
    }
    assert (outcome.row_count, outcome.held_count, outcome.good_count) == (17, 12, 5)
    assert outcome.reasons["impossible_date"] == 3
    assert outcome.reasons["duplicate_key"] == 2


def test_good_rows_come_out_as_they_went_in(spark: SparkSession) -> None:
    frame = staged(spark, ROWS, Suite("silver.ticket", ROW_RULES))

    good = good_rows(frame)

    assert good.columns == list(TICKET.column_names)
    kept = [(row.record_key, row.name, row.opened_at) for row in good.collect()]
    assert sorted(key or "" for key, _, _ in kept) == ["", "", "a", "j", "k"]


def test_held_rows_can_be_traced_and_read_back(spark: SparkSession) -> None:
    frame = staged(spark, [GOOD, HOSTILE_ROW], Suite("silver.ticket", ROW_RULES))

    (row,) = quarantined(frame, TICKET, "run-1", AT).collect()

    assert (row.run_id, row.table_name, row.record_key) == ("run-1", "silver.ticket", "i")
    assert (row.source_feed, row.source_file, row.source_row_number) == (None, "f1", 9)
    assert row.reasons == ["long_name", "odd_name"]
    assert HOSTILE in bytes(row.payload).decode()
    assert FLAGS not in bytes(row.payload).decode()


def test_quarantine_and_results_have_the_columns_of_their_tables(spark: SparkSession) -> None:
    suite = Suite("silver.ticket", ROW_RULES)
    frame = staged(spark, ROWS, suite)

    results = quality_results(spark, [gate(frame, suite)], "run-1", AT)

    assert conformed(results, QUALITY_RESULT).count() == len(ROW_RULES)
    assert conformed(quarantined(frame, TICKET, "run-1", AT), QUARANTINE).count() == 12


def test_no_value_of_a_row_reaches_results_docs_errors_or_logs(
    spark: SparkSession, caplog: pytest.LogCaptureFixture
) -> None:
    strict = tuple(Rule(r.type, r.kwargs, Severity.FAIL, r.reason) for r in ROW_RULES)
    for suite in (Suite("silver.ticket", ROW_RULES), Suite("silver.ticket", strict)):
        with caplog.at_level(logging.DEBUG, logger="great_expectations"):
            outcome = gate(staged(spark, ROWS, suite), suite)
        stop = ""
        if outcome.verdict is Verdict.FAIL:
            with pytest.raises(QualityGateError) as stopped:
                require_passed([outcome])
            stop = str(stopped.value)
        records = quality_results(spark, [outcome], "run-1", AT).collect()
        told = f"{outcome}{data_docs('run-1', AT, [outcome])}{records}{stop}{caplog.text}"

        assert "onerror" not in told
        assert "alert(1)" not in told
        assert "gone" not in told


def test_a_failing_rule_is_judged_before_rows_are_held(spark: SparkSession) -> None:
    suite = Suite(
        "silver.ticket",
        (
            held(NOT_NULL, "impossible_date", column="opened_at"),
            Rule(NOT_NULL, {"column": "opened_at"}, Severity.FAIL, "no_time"),
        ),
    )

    assert gate(staged(spark, [GOOD, NO_TIME], suite), suite).verdict is Verdict.FAIL


def test_a_suite_without_quarantine_holds_nothing(spark: SparkSession) -> None:
    suite = Suite(
        "silver.ticket",
        (
            Rule(ROW_COUNT, {"min_value": 1}, Severity.WARN, "empty_table"),
            Rule(NOT_NULL_SHARE, {"column": "name", "min_value": 0.9}, Severity.WARN, "few_names"),
            Rule(NOT_NULL, {"column": "name", "mostly": 0.5}, Severity.WARN, "few_names"),
        ),
    )

    outcome = gate(staged(spark, [GOOD, EMPTY, NO_TIME], suite), suite)

    assert outcome.verdict is Verdict.WARN
    assert [r.is_success for r in outcome.results] == [True, False, True]
    assert (outcome.row_count, outcome.held_count) == (3, 0)


def test_an_order_before_the_customers_birth_is_warned_of_and_one_on_that_day_is_not(
    spark: SparkSession,
) -> None:
    suite = read_suites(EXPECTATIONS, GATED_TABLES)[CUSTOMER_360.name]
    born = date(1990, 5, 1)
    rows = [
        ("before", "active", 1, date(1990, 4, 30), born),
        ("on the day", "active", 1, born, born),
        ("never ordered", "prospect", 0, None, born),
        ("birth date not known", "active", 1, born, None),
    ]
    ddl = (
        "customer_id string, journey_stage string, order_count bigint, first_order_date date, "
        "birth_date date"
    )

    outcome = gate(flagged(local_frame(spark, rows, ddl), suite, CUSTOMER_360), suite)

    assert outcome.verdict is Verdict.WARN
    assert [(r.rule.reason, r.unexpected_count) for r in outcome.broken(Severity.WARN)] == [
        ("order_before_birth", 1)
    ]


def test_an_empty_table_is_judged_by_its_row_count_alone(spark: SparkSession) -> None:
    full = Rule(ROW_COUNT, {"min_value": 1}, Severity.WARN, "empty_table")
    suite = Suite("silver.ticket", (*ROW_RULES, full))

    outcome = gate(staged(spark, [], suite), suite)

    assert [r.rule for r in outcome.results if not r.is_success] == [full]
    assert outcome.row_count == 0


@pytest.mark.parametrize(
    "rule",
    [
        Rule("expect_column_values_to_match_regex", {"column": "name", "regex": None},
             Severity.WARN, "bad"),
        Rule("expect_column_values_to_not_be_null", {"column": "name", "colour": 1},
             Severity.WARN, "bad"),
    ],
    ids=["keyword of a wrong type", "unknown keyword"],
)  # fmt: skip
def test_an_expectation_that_does_not_load_stops_the_run(spark: SparkSession, rule: Rule) -> None:
    suite = Suite("silver.ticket", (ROW_RULES[0], rule))

    with pytest.raises(SuiteError, match=r"silver\.ticket"):
        validated(tickets(spark, [GOOD]), suite)


def test_an_expectation_that_great_expectations_drops_stops_the_run(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(self: ExpectationSuite, expectation: object) -> object:
        raise InvalidExpectationConfigurationError("no")

    monkeypatch.setattr(ExpectationSuite, "_process_expectation", refusing)

    with pytest.raises(SuiteError, match="took 0 of the 10 expectations"):
        validated(tickets(spark, [GOOD]), Suite("silver.ticket", ROW_RULES))


def test_an_expectation_that_raises_stops_the_run_and_quotes_no_value(spark: SparkSession) -> None:
    against_text = Rule(BETWEEN, {"column": "name", "min_value": 5}, Severity.WARN, "bad")

    with pytest.raises(SuiteError) as stop:
        validated(tickets(spark, [HOSTILE_ROW]), Suite("silver.ticket", (against_text,)))

    assert "expect_column_values_to_be_between(name)" in str(stop.value)
    assert "onerror" not in str(stop.value)


def test_nothing_stays_persisted(spark: SparkSession) -> None:
    suite = Suite("silver.ticket", ROW_RULES)
    frame = staged(spark, ROWS, suite)
    # The session is shared: what other tests left persisted is not the gate's.
    before = spark.sparkContext._jsc.sc().getPersistentRDDs().size()

    gate(frame, suite)

    assert not frame.is_cached
    assert spark.sparkContext._jsc.sc().getPersistentRDDs().size() == before


def test_gates_of_several_tables_may_run_at_once(spark: SparkSession) -> None:
    suites = [Suite(f"silver.ticket_{n}", ROW_RULES[:7]) for n in range(6)]
    frames = [staged(spark, [GOOD, *[NO_TIME] * n], s) for n, s in enumerate(suites)]

    with ThreadPoolExecutor(max_workers=4) as pool:
        outcomes = list(pool.map(gate, frames, suites))

    assert [(o.table, o.row_count, o.held_count) for o in outcomes] == [
        (f"silver.ticket_{n}", n + 1, n) for n in range(6)
    ]
