"""A group of records falls into clusters by its strongest pairs, as long as the whole agrees."""

import random
from collections.abc import Iterable
from itertools import combinations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.linkage.components import MUST_JOIN, connected, grouped
from lakehouse.linkage.refine import PairEvidence, refined


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


def test_two_records_that_must_join_do_so_in_a_group_that_is_too_large() -> None:
    alike = [("a", "b", 99.0), ("b", "c", 99.0), ("a", "c", MUST_JOIN)]
    assert grouped(alike, 2) == {"a": "a", "c": "a"}
