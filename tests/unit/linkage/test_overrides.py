"""Decisions that cannot hold together are refused, and those in the way are named."""

import pytest

from lakehouse.linkage.overrides import Override, contradicted


def said(*texts: str) -> list[Override]:
    """Decisions from texts such as `a=b` (the same) and `a!c` (different)."""
    return [Override(t[0], t[2], "same" if t[1] == "=" else "different") for t in texts]


@pytest.mark.parametrize(
    ("new", "others", "in_the_way"),
    [
        ("a=b", [], []),
        ("a!b", [], []),
        ("a=b", ["b=c", "c!d"], []),
        ("a=b", ["b!c", "a!d"], []),
        ("a!b", ["a=c", "b=d"], []),
        ("a!b", ["a=c", "b=c"], ["a=c", "b=c"]),
        ("a=c", ["a=b", "b!c"], ["a=b", "b!c"]),
        ("b=c", ["a=b", "c=d", "a!d", "x=y"], ["a=b", "c=d", "a!d"]),
        ("a!e", ["a=b", "b=c", "c=e", "b=e", "a!z"], ["a=b", "b=e"]),
    ],
)
def test_a_decision_that_others_contradict_names_them(
    new: str, others: list[str], in_the_way: list[str]
) -> None:
    (decision,) = said(new)
    assert set(contradicted(decision, said(*others))) == set(said(*in_the_way))


def test_a_later_decision_about_the_same_two_takes_the_place_of_the_earlier() -> None:
    assert contradicted(*[said("a!b")[0], said("a=b", "b=c")]) == ()
