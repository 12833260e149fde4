"""Decisions that cannot hold together are refused, and those in the way are named."""

import pytest

from lakehouse.linkage.overrides import Override, contradicted


def said(*texts: str) -> list[Override]:
    """Decisions from texts such as `a=b` (the same), `a!c` (different) and `a?d` (skip)."""
    words = {"=": "same", "!": "different", "?": "skip"}
    return [Override(t[0], t[2], words[t[1]]) for t in texts]


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
        # Of the same two.
        ("a!b", ["a=b", "b=c"], ["a=b"]),
        ("a=b", ["a!b"], ["a!b"]),
        ("a?b", ["a=b"], ["a=b"]),
        ("a?b", ["a!b"], ["a!b"]),
        ("a=b", ["a=b", "b=c"], []),
        # To skip decides nothing that others could contradict.
        ("a=b", ["a?b"], []),
        ("a!b", ["a?b", "a=c", "b=c"], ["a=c", "b=c"]),
        ("a?b", ["a=c", "b!c"], []),
    ],
)
def test_a_decision_that_others_contradict_names_them(
    new: str, others: list[str], in_the_way: list[str]
) -> None:
    (decision,) = said(new)
    assert set(contradicted(decision, said(*others))) == set(said(*in_the_way))
