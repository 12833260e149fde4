"""The quality gate: what a table's results mean for the run.

Protocol, so that the table is computed once and both engines see the same rows:

1. `flagged(frame, suite, spec)` adds the `_quality` column; nothing runs yet.
2. The caller persists it, so that the table is computed once.
3. `gate(staged, suite)` counts the flags, lets Great Expectations judge the same rows, compares,
   and decides. Rules of severity `fail` have thus seen every row.
4. `require_passed(outcomes)` raises if a table failed.
5. `good_rows(staged)` is what to publish; `quarantined(staged, …)` goes to ops.quarantine. Where
   `outcome.held_count` is 0 there is nothing to hold and every staged row is good.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import QualityGateError
from lakehouse.quality.gx import validated
from lakehouse.quality.quarantine import FLAGS, flag_name
from lakehouse.quality.rules import ROW_COUNT, RuleResult, Severity, Suite


class Verdict(StrEnum):
    """What the gate says of a table, worst last: publish, publish and say so, publish the good
    rows and hold the others, publish nothing.
    """

    PASS = "pass"  # noqa: S105
    WARN = "warn"
    QUARANTINE = "quarantine"
    FAIL = "fail"


@dataclass(frozen=True)
class FlagCounts:
    """What the flags of a staged table add up to.

    `broken` has one count per quarantine rule in the suite's order, all copies counted for a
    uniqueness rule; `reasons` counts the rows held for each reason code, zeros included.
    """

    row_count: int
    held_count: int
    broken: tuple[int, ...]
    reasons: Mapping[str, int]


@dataclass(frozen=True)
class GateOutcome:
    """The gate's decision on one table, with the counts that it rests on.

    `seconds` is what Great Expectations took. The flags are computed in the pass that fills the
    cache, and cannot be told apart from it.
    """

    table: str
    verdict: Verdict
    results: tuple[RuleResult, ...]
    row_count: int
    held_count: int
    reasons: Mapping[str, int]
    seconds: float = 0.0

    @property
    def good_count(self) -> int:
        """Rows that no rule holds."""
        return self.row_count - self.held_count

    def broken(self, severity: Severity) -> tuple[RuleResult, ...]:
        """The results of broken rules of that severity, in the suite's order."""
        return tuple(
            result
            for result in self.results
            if not result.is_success and result.rule.severity is severity
        )


def gate(staged: DataFrame, suite: Suite) -> GateOutcome:
    """Judge a flagged, persisted table by its suite.

    Args:
        staged: what `flagged` returned for this suite, persisted.
        suite: the table's suite.

    Raises:
        QualityGateError: the splitter and Great Expectations count differently.
        SuiteError: an expectation could not be loaded or evaluated.
    """
    # The flags come first: they fill the cache, and what the transform raises is raised as it is.
    counts = flag_counts(staged, suite)
    began = time.monotonic()
    results = validated(staged, suite)
    return replace(decided(suite, results, counts), seconds=time.monotonic() - began)


def flag_counts(staged: DataFrame, suite: Suite) -> FlagCounts:
    """Add up the flags of a flagged, persisted table in one aggregate (one Spark job)."""
    rules = suite.quarantine_rules
    codes = sorted({rule.reason for rule in rules})
    held = [F.array_contains(f"{FLAGS}.reasons", code) for code in codes]
    flags = [F.col(f"{FLAGS}.{flag_name(number)}") for number in range(len(rules))]
    conditions = [F.col(f"{FLAGS}.is_held"), *flags, *held]
    counts = [F.count_if(condition).alias(f"c{i}") for i, condition in enumerate(conditions)]
    row = staged.agg(F.count(F.lit(1)).alias("rows"), *counts).collect()[0]
    first_reason = 2 + len(rules)
    return FlagCounts(
        row_count=row[0],
        held_count=row[1],
        broken=tuple(row[2:first_reason]),
        reasons=dict(zip(codes, row[first_reason:], strict=True)),
    )


def decided(suite: Suite, results: Sequence[RuleResult], counts: FlagCounts) -> GateOutcome:
    """The decision from results and counts alone; reads no data.

    Raises:
        QualityGateError: the two counts of a quarantine rule, or of the rows, differ.
    """
    _require_agreement(suite, results, counts)
    return GateOutcome(
        table=suite.table,
        verdict=_verdict(results),
        results=tuple(_with_evaluated(result, counts.row_count) for result in results),
        row_count=counts.row_count,
        held_count=counts.held_count,
        reasons=counts.reasons,
    )


def _with_evaluated(result: RuleResult, row_count: int) -> RuleResult:
    # Great Expectations does not count again for a rule that holds.
    is_counted = result.unexpected_count is not None or result.rule.type == ROW_COUNT
    if result.evaluated_count is None and is_counted:
        return replace(result, evaluated_count=row_count)
    return result


def require_passed(outcomes: Iterable[GateOutcome]) -> None:
    """Return if no table failed.

    Raises:
        QualityGateError: some rule of severity `fail` is broken; names all of them with counts.
    """
    broken = [
        f"{outcome.table}: {result.rule.reason} by {result.rule.label}{_rows(result)}"
        for outcome in outcomes
        for result in outcome.broken(Severity.FAIL)
    ]
    if broken:
        raise QualityGateError(
            f"{len(broken)} rule(s) of severity fail are broken: {'; '.join(broken)}."
            " Nothing was published.",
            "correct the source or the transform, then run again;"
            " ops.quality_result and the Data Docs hold all counts",
        )


def _rows(result: RuleResult) -> str:
    if result.unexpected_count is None:
        return ""
    return f" ({result.unexpected_count} of {result.evaluated_count} rows)"


def _verdict(results: Sequence[RuleResult]) -> Verdict:
    broken = {result.rule.severity for result in results if not result.is_success}
    for severity in (Severity.FAIL, Severity.QUARANTINE, Severity.WARN):
        if severity in broken:
            return Verdict(severity.value)
    return Verdict.PASS


def _require_agreement(suite: Suite, results: Sequence[RuleResult], counts: FlagCounts) -> None:
    held = [result for result in results if result.rule.severity is Severity.QUARANTINE]
    differing = [
        f"{result.rule.label}: {result.unexpected_count} against {count} rows"
        for result, count in zip(held, counts.broken, strict=True)
        if result.unexpected_count != count
    ]
    differing += [
        f"{result.rule.label}: {result.evaluated_count} against {counts.row_count} rows in all"
        for result in results
        if result.evaluated_count not in (None, counts.row_count)
    ]
    if differing:
        raise QualityGateError(
            f"Great Expectations and the row splitter differ on {suite.table}:"
            f" {'; '.join(differing)}. Nothing was published.",
            "hand the gate a table that is materialised and that no one changes; if it was,"
            " please report this as a defect",
        )
