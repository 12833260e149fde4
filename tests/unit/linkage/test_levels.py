"""The ladders that score, against the labels that conf may name."""

from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.linkage.levels import edits
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


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.text("ab1@", max_size=8), st.text("ab1@", max_size=8)),
        min_size=1,
        max_size=200,
    ),
    st.integers(1, 4),
)
def test_what_is_asked_first_of_edits_never_says_no_to_what_is_near_enough(
    pairs: list[tuple[str, str]], most: int
) -> None:
    with duckdb.connect() as connection:
        connection.execute("create table pair (word_l varchar, word_r varchar)")
        connection.executemany("insert into pair values (?, ?)", pairs)
        told, right = connection.execute(
            f"""select count_if({edits("word", most)}),
                count_if(damerau_levenshtein(word_l, word_r) <= {most}) from pair"""  # noqa: S608
        ).fetchall()[0]
    assert told == right
