"""Why two records are one customer, or are not, on pairs that can be read."""

import pytest

from lakehouse.linkage.explain import (
    Explanation,
    ScoredPair,
    explanation,
    joined_by,
    strongest_chain,
)


def pair(text: str, contradiction: str | None = None, override: str | None = None) -> ScoredPair:
    """`ab 3.5`: the records a and b, 3.5 bits above what joining asks."""
    ends, margin = text.split()
    values = (0.0, float(margin), contradiction, {}, {}, "email_match", "m1", 1, override)
    return ScoredPair(ends[0], ends[1], *values)


def names(chain: tuple[ScoredPair, ...] | list[ScoredPair]) -> list[str]:
    return [p.record_key_l + p.record_key_r for p in chain]


def explained(
    pairs: list[ScoredPair], customer: str, component: str, other: str = "yz"
) -> Explanation:
    """Why a and z are one customer or not. z's customer is `customer` if it has z, and else `other`."""
    return explanation(
        pairs,
        "a",
        "z",
        customer=frozenset(customer),
        other=frozenset(customer if "z" in customer else other),
        component=frozenset(component),
        unpaired="they were never compared",
        most_records=4,
    )


def test_the_chain_is_the_one_whose_weakest_pair_is_strongest() -> None:
    pairs = [pair("az 0.5"), pair("ab 9"), pair("bz 3"), pair("ac 9"), pair("cz 1")]
    assert names(strongest_chain(pairs, "a", "z", frozenset("abcz"))) == ["ab", "bz"]


def test_of_equal_chains_the_shortest_is_taken() -> None:
    pairs = [pair("ab 3"), pair("bc 3"), pair("cz 3"), pair("bz 3")]
    assert names(strongest_chain(pairs, "a", "z", frozenset("abcz"))) == ["ab", "bz"]


def test_a_chain_passes_neither_strangers_nor_pairs_that_do_not_join() -> None:
    pairs = [pair("ab 9"), pair("bz 9"), pair("ac 9", "twins"), pair("cz 9"), pair("az -1")]
    assert strongest_chain(pairs, "a", "z", frozenset("acz")) == []


def test_a_decision_of_a_steward_is_the_strongest_pair() -> None:
    pairs = [pair("az -8", override="same"), pair("ab 9"), pair("bz 9")]
    assert names(strongest_chain(pairs, "a", "z", frozenset("abz"))) == ["az"]


@pytest.mark.parametrize(
    ("pairs", "customer", "component", "reason"),
    [
        ([pair("az 2")], "az", "az", "their own pair joins, 2.0 bits above what is asked"),
        ([pair("ab 2"), pair("bz 2")], "abz", "abz", "2 pairs lead from one to the other"),
        (
            [pair("ab 9"), pair("bz -8", override="same"), pair("az 9", "twins")],
            "abz",
            "abz",
            "2 pairs lead from one to the other; a steward called 1 pair of the customer's records the same",
        ),
        (
            [pair("az 2"), pair("ab 9"), pair("bz -8", "twins", override="same")],
            "abz",
            "abz",
            "joins, 2.0 bits above what is asked; a steward called 1 pair of the customer's records",
        ),
        ([pair("az -2")], "a", "a", "their own pair does not join, 2.0 bits below what is asked"),
        ([pair("az 9", "parent_and_child")], "a", "a", "their own pair the rule parent_and_child"),
        (
            [pair("az 9", override="different")],
            "a",
            "a",
            "a steward decided that they are different",
        ),
        ([pair("ab 2"), pair("bz 2")], "ab", "abz", "cut: the weight of all pairs"),
        (
            [pair("ab 2"), pair("by 2"), pair("yz 9"), pair("ay 9", "twins")],
            "ab",
            "abyz",
            "the group was cut: the rule twins spoke against it",
        ),
        (
            [pair("ab 2"), pair("bz 2")],
            "ab",
            "abcdz",
            "cut at its weakest pairs: its 5 records are more than guards.max_cluster_records allows",
        ),
        (
            [pair("ab 2"), pair("bz 2"), pair("az 9", "twins")],
            "ab",
            "abcdz",
            "their own pair the rule twins",
        ),
        ([], "a", "a", "they were never compared"),
    ],
)
def test_a_reason_says_what_decided(
    pairs: list[ScoredPair], customer: str, component: str, reason: str
) -> None:
    found = explained(pairs, customer, component)
    assert found.is_one == ("z" in customer)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        ("abyz", "the group was cut: the weight of all pairs between its parts spoke against it"),
        ("abcyz", "its 5 records are more than guards.max_cluster_records allows"),
    ],
)
def test_a_rule_that_keeps_others_away_did_not_part_the_two(component: str, reason: str) -> None:
    """y is the child of a and b; z is apart from them for what it has in common with a, which is nothing."""
    pairs = [
        *(pair("az 2"), pair("ab 9"), pair("bz -9"), pair("yz 2")),
        *(pair("ay 3", "parent_and_child"), pair("by 4", "parent_and_child")),
    ]
    found = explained(pairs, "ab", component, other="z")
    assert found.reason.endswith(reason)


def test_a_customer_comes_together_by_its_strongest_pairs() -> None:
    pairs = [pair("ab 3"), pair("bc 2"), pair("ac 1"), pair("cz 9"), pair("bd 5", "twins")]
    assert names(joined_by(pairs, frozenset("abcd"))) == ["ab", "bc"]
