import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.errors import InputError
from lakehouse.privacy.tokens import resolved_values, token, token_keys

SECRET = "a-secret-of-this-test"
KEYS = token_keys("marketing", {1: SECRET})


def test_a_value_has_one_token_within_a_purpose_and_another_in_every_other() -> None:
    again = token_keys("marketing", {1: SECRET})
    other = token_keys("service", {1: SECRET})

    assert token(KEYS, "ana@example.de") == token(again, "ana@example.de")
    assert token(KEYS, "ana@example.de") != token(other, "ana@example.de")
    assert re.fullmatch("t1:[0-9a-f]{32}", token(KEYS, "ana@example.de"))


@settings(max_examples=50)
@given(values=st.sets(st.text(min_size=1), min_size=2, max_size=5))
def test_a_token_resolves_to_its_value_among_all_and_to_no_other(values: set[str]) -> None:
    for value in values:
        assert resolved_values(KEYS, token(KEYS, value), sorted(values)) == [value]


def test_while_two_versions_stand_tokens_of_both_resolve_and_the_newer_makes_new_ones() -> None:
    old = token(KEYS, "ana")
    both = token_keys("marketing", {1: SECRET, 2: "another-secret-of-this-test"})

    assert token(both, "ana").startswith("t2:")
    assert resolved_values(both, old, ["ben", "ana"]) == ["ana"]
    assert resolved_values(both, token(both, "ana"), ["ben", "ana"]) == ["ana"]


def test_a_token_of_a_dropped_version_resolves_no_more() -> None:
    newer = token_keys("marketing", {2: "another-secret-of-this-test"})

    with pytest.raises(InputError, match="version 1 do not resolve"):
        resolved_values(newer, token(KEYS, "ana"), ["ana"])


@pytest.mark.parametrize("asked", ["", "t1:", "t0:" + "a" * 32, "T1:" + "a" * 32, "ana@example.de"])
def test_what_is_no_token_is_refused_and_not_repeated(asked: str) -> None:
    with pytest.raises(InputError, match="no token") as refused:
        resolved_values(KEYS, asked, ["ana"])

    assert "ana" not in str(refused.value)


def test_keys_are_not_shown_with_what_holds_them() -> None:
    assert SECRET not in repr(KEYS)
    assert "by_version" not in repr(KEYS)


@pytest.mark.parametrize("purpose", ["Marketing!", "b+a", "a+a", "a+", "+", "a b"])
def test_a_purpose_is_a_name_or_several_in_order(purpose: str) -> None:
    with pytest.raises(InputError, match="small letters"):
        token_keys(purpose, {1: SECRET})


def test_what_is_read_for_two_purposes_joins_with_what_is_read_for_neither_alone() -> None:
    both = token(token_keys("analytics+marketing", {1: SECRET}), "ana")

    assert both not in (
        token(token_keys(one, {1: SECRET}), "ana") for one in ("analytics", "marketing")
    )
