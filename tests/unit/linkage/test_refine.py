"""A group of records falls into clusters by its strongest pairs, as long as the whole agrees."""

import random
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.linkage.components import MUST_JOIN, connected, grouped
from lakehouse.linkage.refine import SAME, PairEvidence, refined


def pair(
    left: str, right: str, weight: float, support: float | None = None, contradicted: bool = False
) -> PairEvidence:
    return PairEvidence(left, right, weight, weight if support is None else support, contradicted)


edges = st.lists(
    st.tuples(st.integers(0, 25), st.integers(0, 25)).filter(lambda e: e[0] != e[1]), max_size=60
)


@given(edges)
def test_connected_components_are_those_of_networkx(pairs: list[tuple[int, int]]) -> None:
    named = [(f"r{a:02d}", f"r{b:02d}") for a, b in pairs]
    graph = nx.Graph(named)
    expected = {record: min(part) for part in nx.connected_components(graph) for record in part}
    assert connected(named) == expected


@given(edges, st.randoms())
def test_groups_do_not_depend_on_the_order_of_edges(
    pairs: list[tuple[int, int]], rnd: random.Random
) -> None:
    weighted = [(f"r{a:02d}", f"r{b:02d}", float((a * 7 + b * 7) % 11)) for a, b in pairs]
    shuffled = list(weighted)
    rnd.shuffle(shuffled)
    assert grouped(weighted, 4) == grouped(shuffled, 4)


def test_a_group_that_is_too_large_is_taken_apart_at_its_weak_edges() -> None:
    chain = [("a", "b", 9.0), ("b", "c", 2.0), ("c", "d", 9.0)]
    assert grouped(chain, 4) == {"a": "a", "b": "a", "c": "a", "d": "a"}
    assert grouped(chain, 3) == {"a": "a", "b": "a", "c": "c", "d": "c"}


def all_pairs(records: Iterable[str], margin: float) -> list[tuple[str, str, float]]:
    return [(left, right, margin) for left, right in combinations(sorted(records), 2)]


@pytest.mark.parametrize("margin", [25.0, 99.0])
def test_a_group_whose_pairs_are_all_equally_strong_is_cut_by_name_and_not_dissolved(
    margin: float,
) -> None:
    assert grouped(all_pairs("abc", margin), 2) == {"a": "a", "b": "a"}
    assert grouped(all_pairs("abcdefg", margin), 3) == dict(zip("abcdef", "aaaddd", strict=True))


def test_a_record_more_than_a_customer_may_have_stays_out_and_leaves_the_others_together() -> None:
    records = [f"r{n:03d}" for n in range(151)]
    found = grouped(all_pairs(records, 25.0), 150)
    assert found == dict.fromkeys(records[:150], "r000")


def test_what_a_steward_said_does_not_dissolve_the_group_around_it() -> None:
    said = [e for e in all_pairs("abcde", 25.0) if e[:2] != ("a", "e")] + [("a", "e", MUST_JOIN)]
    assert grouped(said, 3) == {"a": "a", "e": "a", "b": "b", "c": "b", "d": "b"}


def test_the_few_whom_a_step_leaves_alone_were_held_weakly_and_stay_alone() -> None:
    strong = all_pairs("abcd", 9.0)
    assert grouped(
        [*strong, ("d", "y", 0.5), ("d", "z", 0.5), ("y", "z", 0.5)], 4
    ) == dict.fromkeys("abcd", "a")


def test_pairs_that_agree_become_one_cluster() -> None:
    found = refined([pair("a", "b", 9), pair("b", "c", 8), pair("a", "c", 7)], 4.0)
    assert found == {"a": "a", "b": "a", "c": "a"}


def test_twins_stay_apart_though_a_record_without_given_name_fits_both() -> None:
    pairs = [
        pair("anna", "family", 12),
        pair("emma", "family", 11),
        pair("anna", "emma", 10, contradicted=True),
    ]
    assert refined(pairs, 4.0) == {"anna": "anna", "family": "anna", "emma": "emma"}


def test_one_good_pair_does_not_chain_two_groups_that_do_not_support_each_other() -> None:
    pairs = [
        pair("a1", "a2", 15),
        pair("b1", "b2", 15),
        pair("a2", "b1", 5),
        pair("a1", "b1", -12),
        pair("a1", "b2", -12),
        pair("a2", "b2", -12),
    ]
    assert refined(pairs, 4.0) == {"a1": "a1", "a2": "a1", "b1": "b1", "b2": "b1"}


def test_pairs_that_say_nothing_do_not_keep_a_sparse_record_out() -> None:
    """A newsletter record shares its e-mail with one record; the person's others have none."""
    pairs = [pair("newsletter", "shop", 13)]
    pairs += [PairEvidence("newsletter", f"crm{i}", -12.0, None, False) for i in range(9)]
    pairs += [pair("shop", f"crm{i}", 14) for i in range(9)]
    pairs += [pair(f"crm{i}", f"crm{j}", 14) for i in range(9) for j in range(i)]
    assert set(refined(pairs, 4.0).values()) == {"crm0"}


weights = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(-10, 10)).filter(
        lambda e: e[0] < e[1]
    ),
    unique_by=lambda e: (e[0], e[1]),
    max_size=40,
)


@given(weights, st.randoms())
def test_clusters_do_not_depend_on_the_order_of_pairs(
    found: list[tuple[int, int, int]], rnd: random.Random
) -> None:
    pairs = [pair(f"r{a}", f"r{b}", float(w)) for a, b, w in found]
    shuffled = list(pairs)
    rnd.shuffle(shuffled)
    assert refined(pairs, 1.0) == refined(shuffled, 1.0)


def test_what_a_steward_decided_holds_whatever_the_pairs_say() -> None:
    said_same = PairEvidence("a", "b", -30.0, -30.0, True, "same")
    said_different = PairEvidence("b", "c", 30.0, 30.0, False, "different")
    assert refined([said_same, said_different], 4.0) == {"a": "a", "b": "a", "c": "c"}


def said(left: str, right: str, decided: str, weight: float = -9.0) -> PairEvidence:
    """A pair that a steward decided, and of which the model says the contrary by so many bits."""
    return PairEvidence(left, right, weight, weight, decided == "same", decided)


def clusters(pairs: Iterable[PairEvidence]) -> set[str]:
    """The clusters, each as the names of its records: `r1 r2`."""
    found = refined(pairs, 4.0)
    return {" ".join(sorted(r for r in found if found[r] == name)) for name in found.values()}


NAMESAKES = [
    pair("r1", "r2", 15),
    pair("r3", "r4", 15),
    *(pair(left, right, 8, contradicted=True) for left in ("r1", "r2") for right in ("r3", "r4")),
]
"""Two customers who share all but the given name."""
CHAINED = [
    pair("a1", "a2", 15),
    pair("b1", "b2", 15),
    pair("a2", "b1", 5),
    pair("a1", "b1", -12),
    pair("a1", "b2", -12),
    pair("a2", "b2", -12),
]
"""Two customers whom one good pair connects, and all others speak against."""


def decided(pairs: Iterable[PairEvidence], *said: tuple[str, str, str]) -> list[PairEvidence]:
    """The same pairs with what stewards said of some."""
    told = {(left, right): decision for left, right, decision in said}
    return [replace(p, decided=told.get((p.left, p.right))) for p in pairs]


@pytest.mark.parametrize(
    ("pairs", "before", "same", "after"),
    [
        (NAMESAKES, {"r1 r2", "r3 r4"}, ("r1", "r3", "same"), {"r1 r2 r3 r4"}),
        (CHAINED, {"a1 a2", "b1 b2"}, ("a2", "b1", "same"), {"a1 a2 b1 b2"}),
    ],
)
def test_two_customers_whom_a_steward_calls_the_same_become_one_with_all_their_records(
    pairs: list[PairEvidence], before: set[str], same: tuple[str, str, str], after: set[str]
) -> None:
    assert clusters(pairs) == before
    assert clusters(decided(pairs, same)) == after


def test_who_is_the_same_as_one_is_different_from_whom_that_one_is_different() -> None:
    """a and b are the same, b and c different: a, who would join c by the model, does not."""
    pairs = [pair("a", "c", 20), said("a", "b", "same"), said("b", "c", "different", 20)]
    assert clusters(pairs) == {"a b", "c"}
    around = [*pairs, pair("a", "d", 9), pair("c", "e", 9), pair("d", "e", 5)]
    assert clusters(around) == {"a b d", "c e"}


def test_where_different_stands_between_two_who_are_the_same_the_strongest_pairs_settle_it() -> (
    None
):
    """a1 is b1, a2 is not b2: one of the two stays with them, the one whose pairs are stronger."""
    pairs = [pair("a1", "a2", 9), pair("b1", "b2", 15), pair("a1", "b2", 0), pair("a2", "b1", 0)]
    pairs += [said("a1", "b1", "same"), said("a2", "b2", "different")]
    assert clusters(pairs) == {"a1 b1 b2", "a2"}


decisions = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.integers(0, 9),
        st.integers(-10, 10),
        st.sampled_from([None, None, None, "same", "different"]),
        st.booleans(),
    ).filter(lambda e: e[0] < e[1]),
    unique_by=lambda e: (e[0], e[1]),
    max_size=40,
)


def evidence(found: list[tuple[int, int, int, str | None, bool]]) -> list[PairEvidence]:
    return [
        PairEvidence(f"r{a}", f"r{b}", float(w), float(w), contradicted, decision)
        for a, b, w, decision, contradicted in found
    ]


@given(decisions)
def test_same_parts_nobody_who_was_one_without_it(
    found: list[tuple[int, int, int, str | None, bool]],
) -> None:
    pairs = [replace(p, decided=SAME if p.decided else None) for p in evidence(found)]
    before = refined([replace(p, decided=None) for p in pairs], 1.0)
    after = refined(pairs, 1.0)
    assert all(after[record] == after[name] for record, name in before.items())


@given(decisions, st.randoms())
def test_every_decision_holds_in_whatever_order_pairs_come(
    found: list[tuple[int, int, int, str | None, bool]], rnd: random.Random
) -> None:
    """Of decisions that contradict each other, which are refused, those hold that say same."""
    pairs = evidence(found)
    clusters = refined(pairs, 1.0)
    same = connected((p.left, p.right) for p in pairs if p.decided == SAME)
    for p in pairs:
        is_same = same.get(p.left, p.left) == same.get(p.right, p.right)
        if p.decided:
            assert (clusters[p.left] == clusters[p.right]) == is_same
    rnd.shuffle(pairs)
    assert refined(pairs, 1.0) == clusters
    assert all(
        name == min(r for r in clusters if clusters[r] == name) for name in clusters.values()
    )


def test_two_records_that_must_join_do_so_in_a_group_that_is_too_large() -> None:
    alike = [("a", "b", 99.0), ("b", "c", 99.0), ("a", "c", MUST_JOIN)]
    assert grouped(alike, 2) == {"a": "a", "c": "a"}
