"""Telling good rows from bad in one pass, by the same rules that Great Expectations counts.

Great Expectations says how many rows break a rule but not which. Here each row gets one struct
column that says which quarantine rules it breaks; `gate` compares the counts of both.

Nulls pass every rule but not-null. A uniqueness rule marks all copies as broken, as Great
Expectations counts them, and holds all but the first.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.quality.rules import (
    BETWEEN,
    COMPOUND_UNIQUE,
    IN_SET,
    LENGTHS,
    NOT_NULL,
    PAIR_GREATER,
    REGEX,
    UNIQUE,
    Rule,
    Suite,
)
from lakehouse.tables.spec import TableSpec

FLAGS = "_quality"
"""The added column: struct<is_held: boolean, reasons: array<string>, rule_0: boolean, …>."""


def flagged(frame: DataFrame, suite: Suite, spec: TableSpec) -> DataFrame:
    """The frame's rows and columns, and `_quality` beside them.

    `_quality.rule_<n>` is true where the row breaks the suite's n-th quarantine rule (from 0),
    `reasons` are the distinct reason codes for which the row is held, sorted, and `is_held` is
    true if there are any. Only a uniqueness rule of severity quarantine needs a shuffle.
    """
    rules = suite.quarantine_rules
    broken = [F.coalesce(_violated(rule), F.lit(False)) for rule in rules]
    held = [
        flag & _is_later_copy(rule, frame, spec) if rule.type in _UNIQUENESS else flag
        for rule, flag in zip(rules, broken, strict=True)
    ]
    is_held = _any(held)
    flags = F.struct(
        is_held.alias("is_held"),
        F.when(is_held, _reasons(rules, held)).otherwise(_no_reasons()).alias("reasons"),
        *(flag.alias(flag_name(number)) for number, flag in enumerate(broken)),
    )
    return frame.select("*", flags.alias(FLAGS))


def flag_name(number: int) -> str:
    """Field of `_quality` for the suite's n-th quarantine rule, from 0."""
    return f"rule_{number}"


def good_rows(flagged_frame: DataFrame) -> DataFrame:
    """The rows of a flagged frame that no rule holds, with the table's own columns."""
    return flagged_frame.where(~F.col(f"{FLAGS}.is_held")).drop(FLAGS)


def held_rows(flagged_frame: DataFrame) -> DataFrame:
    """The rows of a flagged frame that some rule holds, with `_quality` still on them."""
    return flagged_frame.where(F.col(f"{FLAGS}.is_held"))


def _no_reasons() -> Column:
    return F.array().cast("array<string>")


def _reasons(rules: tuple[Rule, ...], held: list[Column]) -> Column:
    # concat_ws skips nulls. Spark's array functions would do the same without its code generation,
    # which then is off for the whole stage that computes the table.
    codes = sorted({rule.reason for rule in rules})
    hits = [
        F.when(_any([flag for rule, flag in zip(rules, held, strict=True) if rule.reason == c]), c)
        for c in codes
    ]
    return F.split(F.concat_ws(",", *hits), ",")


def _any(flags: list[Column]) -> Column:
    return reduce(or_, flags, F.lit(False))


def _violated(rule: Rule) -> Column:
    return _VIOLATIONS[rule.type](rule.kwargs)


def _null(kwargs: Mapping[str, Any]) -> Column:
    return F.col(kwargs["column"]).isNull()


def _outside_set(kwargs: Mapping[str, Any]) -> Column:
    return ~F.col(kwargs["column"]).isin(kwargs["value_set"])


def _outside_limits(kwargs: Mapping[str, Any]) -> Column:
    return _outside(F.col(kwargs["column"]), kwargs)


def _length_outside_limits(kwargs: Mapping[str, Any]) -> Column:
    return _outside(F.length(kwargs["column"]), kwargs)


def _outside(value: Column, kwargs: Mapping[str, Any]) -> Column:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    outside = F.lit(False)
    if low is not None:
        outside |= value <= F.lit(low) if kwargs.get("strict_min") else value < F.lit(low)
    if high is not None:
        outside |= value >= F.lit(high) if kwargs.get("strict_max") else value > F.lit(high)
    return outside


def _unmatched(kwargs: Mapping[str, Any]) -> Column:
    return ~F.col(kwargs["column"]).rlike(kwargs["regex"])


def _not_greater(kwargs: Mapping[str, Any]) -> Column:
    greater, lesser = F.col(kwargs["column_A"]), F.col(kwargs["column_B"])
    return greater < lesser if kwargs.get("or_equal") else greater <= lesser


def _repeated(kwargs: Mapping[str, Any]) -> Column:
    column = kwargs["column"]
    copies = F.count(F.lit(1)).over(Window.partitionBy(column))
    return F.col(column).isNotNull() & (copies > 1)


def _repeated_together(kwargs: Mapping[str, Any]) -> Column:
    columns = kwargs["column_list"]
    copies = F.count(F.lit(1)).over(Window.partitionBy(*columns))
    has_any = reduce(or_, (F.col(column).isNotNull() for column in columns))
    return has_any & (copies > 1)


def _is_later_copy(rule: Rule, frame: DataFrame, spec: TableSpec) -> Column:
    keys = [column for column in spec.primary_key if column in frame.columns]
    # The key may be what repeats; the whole row then decides, so that every run keeps the same one.
    whole_row = F.to_json(F.struct(*frame.columns))
    window = Window.partitionBy(*rule.columns).orderBy(*keys, whole_row)
    return F.row_number().over(window) > 1


_UNIQUENESS = frozenset({UNIQUE, COMPOUND_UNIQUE})
_VIOLATIONS: Mapping[str, Callable[[Mapping[str, Any]], Column]] = {
    NOT_NULL: _null,
    IN_SET: _outside_set,
    BETWEEN: _outside_limits,
    LENGTHS: _length_outside_limits,
    REGEX: _unmatched,
    PAIR_GREATER: _not_greater,
    UNIQUE: _repeated,
    COMPOUND_UNIQUE: _repeated_together,
}
