"""The decision follows from results and counts alone."""

import pytest

from lakehouse.errors import ExitCode, QualityGateError
from lakehouse.quality.gate import FlagCounts, Verdict, decided, require_passed
from lakehouse.quality.rules import NOT_NULL, ROW_COUNT, Rule, RuleResult, Severity, Suite

KEY = Rule(NOT_NULL, {"column": "record_key"}, Severity.FAIL, "missing_key")
TIME = Rule(NOT_NULL, {"column": "event_at"}, Severity.QUARANTINE, "impossible_date")
FULL = Rule(ROW_COUNT, {"min_value": 1}, Severity.WARN, "empty_table")
SUITE = Suite("silver.web_event", (KEY, TIME, FULL))


def results(key: int = 0, time: int = 0, rows: int = 10) -> tuple[RuleResult, ...]:
    return (
        RuleResult(KEY, key == 0, rows, key),
        RuleResult(TIME, time == 0, rows, time),
        RuleResult(FULL, rows > 0, rows, None),
    )


def counts(held: int = 0, rows: int = 10) -> FlagCounts:
    return FlagCounts(rows, held, (held,), {"impossible_date": held})


def test_a_table_without_a_broken_rule_passes() -> None:
    outcome = decided(SUITE, results(), counts())

    assert outcome.verdict is Verdict.PASS
    require_passed([outcome])


def test_a_broken_warning_publishes_every_row() -> None:
    outcome = decided(SUITE, results(rows=0), counts(rows=0))

    assert outcome.verdict is Verdict.WARN
    require_passed([outcome])


def test_held_rows_leave_the_good_ones() -> None:
    outcome = decided(SUITE, results(time=3), counts(held=3))

    assert outcome.verdict is Verdict.QUARANTINE
    assert (outcome.good_count, outcome.held_count) == (7, 3)
    require_passed([outcome])


def test_a_failure_outweighs_held_rows_and_stops_the_run_with_its_own_code() -> None:
    outcome = decided(SUITE, results(key=2, time=3), counts(held=3))

    assert outcome.verdict is Verdict.FAIL
    with pytest.raises(QualityGateError) as stop:
        require_passed([outcome])
    assert stop.value.exit_code is ExitCode.QUALITY_GATE
    assert "silver.web_event: missing_key" in str(stop.value)
    assert "(2 of 10 rows)" in str(stop.value)


def test_a_failed_table_rule_is_told_without_a_count_of_rows() -> None:
    full = Rule(ROW_COUNT, {"min_value": 1}, Severity.FAIL, "empty_table")
    outcome = decided(
        Suite("gold.customer", (full,)),
        (RuleResult(full, False, 0, None),),
        FlagCounts(0, 0, (), {}),
    )

    with pytest.raises(QualityGateError, match=r"empty_table by expect_table_row_count\S+\(\)\."):
        require_passed([outcome])


def test_a_splitter_that_counts_other_rows_than_great_expectations_stops_the_run() -> None:
    with pytest.raises(QualityGateError, match="3 against 2 rows"):
        decided(SUITE, results(time=3), counts(held=2))


def test_engines_that_saw_different_tables_stop_the_run() -> None:
    with pytest.raises(QualityGateError, match="10 against 11 rows in all"):
        decided(SUITE, results(), counts(rows=11))
