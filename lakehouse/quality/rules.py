"""The words of a suite: which expectations it may hold, and what a rule, a suite and a result are.

The vocabulary is closed. It holds row rules, whose failing rows can be told apart, and aggregates
whose observed value is a count or a share of rows. An aggregate that would report a value of the
table (a minimum, a most common value) is left out, as such a value can be a person's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """What a broken rule does: stop the run, hold the failing rows, or say so."""

    FAIL = "fail"
    QUARANTINE = "quarantine"
    WARN = "warn"


@dataclass(frozen=True)
class RuleKind:
    """One expectation type of Great Expectations and how a suite may use it.

    `column_types` lists prefixes of the Spark types that the rule can judge; empty means any.
    `is_row_rule` is true where each failing row is known, which `quarantine` needs.
    """

    type: str
    column_keys: tuple[str, ...]
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    column_types: tuple[str, ...] = ()
    is_row_rule: bool = True

    @property
    def allowed(self) -> frozenset[str]:
        """Every keyword that the rule takes."""
        return frozenset(self.column_keys) | self.required | self.optional


_MOSTLY = frozenset({"mostly"})
_LIMITS = frozenset({"min_value", "max_value", "strict_min", "strict_max"})
_ORDERED = (
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "decimal",
    "date",
    "timestamp",
)

NOT_NULL = "expect_column_values_to_not_be_null"
IN_SET = "expect_column_values_to_be_in_set"
BETWEEN = "expect_column_values_to_be_between"
REGEX = "expect_column_values_to_match_regex"
LENGTHS = "expect_column_value_lengths_to_be_between"
UNIQUE = "expect_column_values_to_be_unique"
COMPOUND_UNIQUE = "expect_compound_columns_to_be_unique"
PAIR_GREATER = "expect_column_pair_values_a_to_be_greater_than_b"
ROW_COUNT = "expect_table_row_count_to_be_between"
NOT_NULL_SHARE = "expect_column_proportion_of_non_null_values_to_be_between"

KINDS: Mapping[str, RuleKind] = {
    kind.type: kind
    for kind in (
        RuleKind(NOT_NULL, ("column",), optional=_MOSTLY),
        RuleKind(
            IN_SET,
            ("column",),
            frozenset({"value_set"}),
            _MOSTLY,
            ("string", "boolean", "tinyint", "smallint", "int", "bigint"),
        ),
        RuleKind(BETWEEN, ("column",), optional=_LIMITS | _MOSTLY, column_types=_ORDERED),
        RuleKind(REGEX, ("column",), frozenset({"regex"}), _MOSTLY, ("string",)),
        RuleKind(
            LENGTHS,
            ("column",),
            optional=frozenset({"min_value", "max_value"}) | _MOSTLY,
            column_types=("string",),
        ),
        RuleKind(UNIQUE, ("column",), optional=_MOSTLY),
        RuleKind(COMPOUND_UNIQUE, ("column_list",), optional=_MOSTLY),
        RuleKind(
            PAIR_GREATER,
            ("column_A", "column_B"),
            optional=frozenset({"or_equal"}) | _MOSTLY,
            column_types=_ORDERED,
        ),
        RuleKind(ROW_COUNT, (), optional=frozenset({"min_value", "max_value"}), is_row_rule=False),
        RuleKind(
            NOT_NULL_SHARE,
            ("column",),
            optional=frozenset({"min_value", "max_value"}),
            is_row_rule=False,
        ),
    )
}


@dataclass(frozen=True)
class Rule:
    """One expectation: Great Expectations' own type and keywords, then our severity and reason."""

    type: str
    kwargs: Mapping[str, Any]
    severity: Severity
    reason: str
    description: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rule names, in the order of its keywords; empty for the table."""
        named: list[str] = []
        for key in KINDS[self.type].column_keys:
            value = self.kwargs[key]
            named.extend(value if isinstance(value, list) else [value])
        return tuple(named)

    @property
    def label(self) -> str:
        """Type and columns in one short line, for messages."""
        return f"{self.type}({', '.join(self.columns)})"


@dataclass(frozen=True)
class Suite:
    """The rules of one table, in declared order."""

    table: str
    rules: tuple[Rule, ...]

    @property
    def quarantine_rules(self) -> tuple[Rule, ...]:
        """The row rules whose failing rows are held."""
        return tuple(rule for rule in self.rules if rule.severity is Severity.QUARANTINE)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that some rule names, once, in order of first mention."""
        return tuple(dict.fromkeys(column for rule in self.rules for column in rule.columns))


@dataclass(frozen=True)
class RuleResult:
    """What Great Expectations found for one rule: counts of rows, never a value.

    `evaluated_count` is None for a share of rows, `unexpected_count` for every aggregate.
    """

    rule: Rule
    is_success: bool
    evaluated_count: int | None
    unexpected_count: int | None
