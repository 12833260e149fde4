"""The one doorway to Great Expectations.

Results leave here as counts. Each rule is judged by `BOOLEAN_ONLY` first, which needs one job for most
of a suite; only rules that are broken are asked again, by `BASIC` with `partial_unexpected_count: 0`,
for their counts. Neither makes Great Expectations report a value of a row, and what it logs or raises
is kept back too, as a Spark error quotes the value that it stumbled over.
"""

import logging
import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any

import great_expectations as gx
from great_expectations.core import ExpectationSuite, ExpectationValidationResult
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent.interfaces import Batch
from great_expectations.exceptions.exceptions import GreatExpectationsError
from pyspark.sql import DataFrame

from lakehouse.errors import SuiteError
from lakehouse.quality.rules import KINDS, ROW_COUNT, Rule, RuleResult, Suite

_VERDICT_ONLY: dict[str, Any] = {"result_format": "BOOLEAN_ONLY"}
_COUNTS_ONLY: dict[str, Any] = {"result_format": "BASIC", "partial_unexpected_count": 0}
_ERROR_CLASS = re.compile(r"\[([A-Z][A-Z0-9_.]+)\]")
_DATAFRAME = "dataframe"

# A context is registered as the process-wide "current project" while it is made; what follows
# resolves through the context that owns it, and so needs no lock.
_CONTEXT_LOCK = threading.Lock()

logging.getLogger("great_expectations").setLevel(logging.CRITICAL + 1)


def validated(frame: DataFrame, suite: Suite) -> tuple[RuleResult, ...]:
    """What Great Expectations finds for each rule of the suite, in the suite's order.

    Runs several Spark jobs over `frame` and keeps nothing of it persisted, so hand over a frame
    that reads from storage or a cache. May be called from several threads.

    Raises:
        SuiteError: an expectation was not loaded, or raised instead of giving an answer.
    """
    # Great Expectations would otherwise drag every column through its window functions.
    columns = suite.columns or tuple(frame.columns[:1])
    batch = _batch(frame.select(*columns))
    answers = _answers(batch, suite, _VERDICT_ONLY)
    uncounted = [n for n, rule in enumerate(suite.rules) if _needs_counts(rule, answers[n])]
    if uncounted:
        rules = Suite(suite.table, tuple(suite.rules[n] for n in uncounted))
        counted = _answers(batch, rules, _COUNTS_ONLY)
        for number, answer in zip(uncounted, counted, strict=True):
            answers[number] = answer
    return tuple(_result(rule, answers[n], suite) for n, rule in enumerate(suite.rules))


def _needs_counts(rule: Rule, verdict: ExpectationValidationResult) -> bool:
    # Counts cost a job for each rule, and a row rule that holds for every row has none to tell.
    return not verdict.success or "mostly" in rule.kwargs


def _answers(
    batch: Batch, suite: Suite, result_format: dict[str, Any]
) -> list[ExpectationValidationResult]:
    answer = batch.validate(_loaded(suite), result_format=result_format)
    answers = {_rule_number(result): result for result in answer.results}
    if len(answers) != len(suite.rules):
        raise _incomplete(suite, len(answers))
    return [answers[number] for number in range(len(suite.rules))]


def _loaded(suite: Suite) -> ExpectationSuite:
    declared = [
        {
            "type": rule.type,
            "kwargs": dict(rule.kwargs),
            "meta": {"number": number, "severity": rule.severity.value, "reason": rule.reason},
        }
        for number, rule in enumerate(suite.rules)
    ]
    try:
        loaded = ExpectationSuite(name=suite.table, expectations=declared)
    except (GreatExpectationsError, ValueError, TypeError, KeyError) as error:
        raise SuiteError(
            f"Great Expectations refuses the suite of {suite.table} ({type(error).__name__}).",
            f"check the expectations of {suite.table} against Great Expectations' reference",
        ) from None
    if len(loaded.expectations) != len(declared):
        raise _incomplete(suite, len(loaded.expectations))
    return loaded


def _batch(frame: DataFrame) -> Batch:
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    with _CONTEXT_LOCK:
        context = gx.get_context(mode="ephemeral", project_config=config)
    source = context.data_sources.add_spark("spark", persist=False)
    definition = source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("all")
    return definition.get_batch({_DATAFRAME: frame})


def _rule_number(result: ExpectationValidationResult) -> int:
    config = result.expectation_config
    return int(config.meta["number"]) if config is not None and config.meta else -1


def _result(rule: Rule, answer: ExpectationValidationResult, suite: Suite) -> RuleResult:
    raised = list(_raised(answer.exception_info))
    if raised or answer.success is None:
        classes = sorted({found for text in raised for found in _ERROR_CLASS.findall(text)})
        told = f" with {', '.join(classes)}" if classes else ""
        raise SuiteError(
            f"Great Expectations could not evaluate {rule.label} on {suite.table}{told}.",
            f"check the rule's keywords against the column's type in the suite of {suite.table}",
        )
    if not KINDS[rule.type].is_row_rule:
        is_counted = rule.type == ROW_COUNT and not answer.success
        rows = _count(answer.result, "observed_value") if is_counted else None
        return RuleResult(rule, bool(answer.success), rows, None)
    if not _needs_counts(rule, answer):
        return RuleResult(rule, is_success=True, evaluated_count=None, unexpected_count=0)
    evaluated = _count(answer.result, "element_count")
    unexpected = _count(answer.result, "unexpected_count")
    if evaluated == 0:
        # Over no rows Spark's sum is null, which Great Expectations hands on as it is.
        unexpected = 0
    if evaluated is None or unexpected is None:
        # Great Expectations calls a rule without a count a success.
        raise SuiteError(
            f"Great Expectations gave no count for {rule.label} on {suite.table}.",
            f"check the rule in the suite of {suite.table}",
        )
    return RuleResult(rule, bool(answer.success), evaluated, unexpected)


def _count(result: Mapping[str, Any], key: str) -> int | None:
    value = result.get(key)
    return None if value is None else int(value)


def _raised(info: Mapping[str, Any] | None) -> Iterable[str]:
    """Messages of what was raised: one info for the expectation, or one for each metric."""
    for entry in [info, *(info or {}).values()]:
        if isinstance(entry, Mapping) and entry.get("raised_exception"):
            yield str(entry.get("exception_message"))


def _incomplete(suite: Suite, found: int) -> SuiteError:
    return SuiteError(
        f"Great Expectations took {found} of the {len(suite.rules)} expectations of {suite.table}.",
        f"check the types and keywords in the suite of {suite.table}",
    )
