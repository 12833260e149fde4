"""The ladders that score, against the labels that conf may name."""

from typing import Any

import pytest

from lakehouse.linkage.model import levels_of
from lakehouse.settings.level_labels import level_labels
from lakehouse.settings.linkage import ComparisonKind, ComparisonRule

COLUMNS = {"given_name": 4, "family_name": 3, "address": 3}
THRESHOLDS = {"levenshtein": (1, 2), "jaro_winkler": (0.9, 0.8)}


def rule_of(kind: ComparisonKind) -> ComparisonRule:
    given: dict[str, Any] = {"thresholds": THRESHOLDS.get(kind, ())}
    columns = tuple(f"column_{n}" for n in range(COLUMNS.get(kind, 1)))
    return ComparisonRule(name="any", kind=kind, columns=columns, **given)


@pytest.mark.parametrize("kind", ComparisonKind)
def test_each_ladder_has_the_levels_that_conf_may_name(kind: ComparisonKind) -> None:
    rule = rule_of(kind)

    levels = levels_of(rule, frozenset(rule.columns))

    assert tuple(level.label for level in levels) == level_labels(rule)
