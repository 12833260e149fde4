"""Why two records are one customer, or are not: the pairs that lead from one to the other."""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lakehouse.linkage.refine import DIFFERENT, SAME


class ScoredPair(NamedTuple):
    """A row of linkage.scored_edge; field names are its columns."""

    record_key_l: str
    record_key_r: str
    match_weight: float
    join_margin: float
    contradiction: str | None
    gammas: Mapping[str, int]
    weights: Mapping[str, float]
    found_by: str
    model_version: str
    scored_in_release: int
    override: str | None

    @property
    def joins(self) -> bool:
        """True if the pair holds a component together."""
        if self.override is not None:
            return self.override == SAME
        return self.contradiction is None and self.join_margin >= 0

    @property
    def verdict(self) -> str:
        """What the pair alone says, in words."""
        if self.override is not None:
            return steward_says(self.override)
        if self.contradiction is not None:
            return f"the rule {self.contradiction} says that they are two people"
        if self.join_margin >= 0:
            return f"joins, {self.join_margin:.1f} bits above what is asked"
        return f"does not join, {-self.join_margin:.1f} bits below what is asked"


def steward_says(decision: str) -> str:
    """What a steward's decision of two records says, in words."""
    return f"a steward decided that they are {decision}"


def strongest_chain(
    pairs: Iterable[ScoredPair], start: str, end: str, within: frozenset[str]
) -> list[ScoredPair]:
    """The joining pairs that lead from `start` to `end`: of all ways the one whose weakest is strongest.

    Args:
        pairs: of linkage.scored_edge.
        start: a record.
        end: another one.
        within: records that the way may pass: those of a customer, or of a component.

    Returns:
        The pairs in the order of the way; none if there is no way.
    """
    neighbours: dict[str, list[tuple[str, ScoredPair]]] = {}
    for pair in pairs:
        if pair.joins and {pair.record_key_l, pair.record_key_r} <= within:
            neighbours.setdefault(pair.record_key_l, []).append((pair.record_key_r, pair))
            neighbours.setdefault(pair.record_key_r, []).append((pair.record_key_l, pair))
    came_by: dict[str, tuple[str, ScoredPair] | None] = {}
    # By the weakest pair so far, then the shortest way, then names, so that the answer is steady.
    queue: list[tuple[float, int, str, str, ScoredPair | None]] = [
        (float("-inf"), 0, start, start, None)
    ]
    while queue:
        weakest, length, record, before, link = heapq.heappop(queue)
        if record in came_by:
            continue
        came_by[record] = None if link is None else (before, link)
        if record == end:
            break
        for other, pair in neighbours.get(record, ()):
            if other not in came_by:
                strength = float("inf") if pair.override == SAME else pair.join_margin
                heapq.heappush(queue, (max(weakest, -strength), length + 1, other, record, pair))
    return _way_back(came_by, end)


def _way_back(came_by: Mapping[str, tuple[str, ScoredPair] | None], end: str) -> list[ScoredPair]:
    way: list[ScoredPair] = []
    step = came_by.get(end)
    while step is not None:
        record, pair = step
        way.append(pair)
        step = came_by[record]
    return way[::-1]


@dataclass(frozen=True)
class Explanation:
    """Why two records are one customer or not.

    `direct` is their own pair, if it was compared and came near; `chain` leads from one to the other.
    """

    is_one: bool
    reason: str
    direct: ScoredPair | None
    chain: tuple[ScoredPair, ...]


def explanation(
    pairs: Iterable[ScoredPair],
    start: str,
    end: str,
    *,
    customer: frozenset[str],
    other: frozenset[str],
    component: frozenset[str],
    unpaired: str,
    most_records: int,
) -> Explanation:
    """Why `start` and `end` are one customer or not.

    Args:
        pairs: all of linkage.scored_edge that lie in the component, and the pair of the two.
        start: a record.
        end: another one.
        customer: the records of the customer that `start` belongs to.
        other: the same of `end`.
        component: the records that joining pairs connect with `start`.
        unpaired: why the two have no pair, in words, for where that is the answer.
        most_records: size beyond which a group is taken apart.
    """
    known = list(pairs)
    ends = {start, end}
    direct = next((p for p in known if {p.record_key_l, p.record_key_r} == ends), None)
    is_one = end in customer
    chain = tuple(strongest_chain(known, start, end, customer if is_one else component))
    if is_one:
        inside = [p for p in known if {p.record_key_l, p.record_key_r} <= customer]
        return Explanation(is_one, _reason_for_one(direct, chain, inside), direct, chain)
    is_large = len(component) > most_records
    cut = _cut_by(_between(known, customer, other), len(component) if is_large else None)
    reason = _reason_for_two(direct, cut if chain else unpaired)
    return Explanation(is_one, reason, direct, chain)


def _reason_for_one(
    direct: ScoredPair | None, chain: tuple[ScoredPair, ...], inside: Iterable[ScoredPair]
) -> str:
    """Why two records are one customer; `inside` are the pairs of its records.

    What a steward called the same is said also where the chain does not pass it: pairs that lead from
    one to the other need not be what made the two one.
    """
    if direct is not None and direct.override == SAME:
        return f"their own pair {direct.verdict}"
    called = sum(pair.override == SAME for pair in inside)
    pairs = "1 pair" if called == 1 else f"{called} pairs"
    also = f"; a steward called {pairs} of the customer's records the same" if called else ""
    if direct is not None and direct.joins:
        return f"their own pair {direct.verdict}{also}"
    return f"{len(chain)} pairs lead from one to the other{also}"


def _reason_for_two(direct: ScoredPair | None, otherwise: str) -> str:
    if direct is not None and direct.override == DIFFERENT:
        return direct.verdict
    if direct is not None and not direct.joins:
        return f"their own pair {direct.verdict}"
    return otherwise


def _between(
    pairs: Iterable[ScoredPair], customer: frozenset[str], other: frozenset[str]
) -> list[ScoredPair]:
    """The pairs of two customers, one record of each."""
    return [
        p
        for p in pairs
        if (p.record_key_l in customer and p.record_key_r in other)
        or (p.record_key_l in other and p.record_key_r in customer)
    ]


def _cut_by(between: Iterable[ScoredPair], too_many: int | None) -> str:
    """What parted a group that joining pairs hold together: its size, or the pairs that speak against it.

    Args:
        between: the pairs of the two customers, one record of each.
        too_many: the number of the group's records if that is too large.
    """
    against = {
        "a steward's decision" if pair.override == DIFFERENT else f"the rule {pair.contradiction}"
        for pair in between
        if pair.override == DIFFERENT or pair.contradiction is not None
    }
    said = " and ".join(sorted(against))
    if too_many is not None:
        also = f", and {said} spoke against it" if said else ""
        return (
            f"pairs lead from one to the other, but the group was cut at its weakest pairs: its {too_many}"
            f" records are more than guards.max_cluster_records allows{also}"
        )
    said = said or "the weight of all pairs between its parts"
    return f"pairs lead from one to the other, but the group was cut: {said} spoke against it"


def joined_by(pairs: Iterable[ScoredPair], customer: frozenset[str]) -> list[ScoredPair]:
    """The pairs by which a customer's records come together, the strongest first, none that adds nothing."""
    inside = [
        p for p in pairs if p.joins and p.record_key_l in customer and p.record_key_r in customer
    ]
    group = {record: record for record in customer}
    steps = []
    for pair in sorted(inside, key=lambda p: (p.override != SAME, -p.join_margin, *p[:2])):
        left, right = group[pair.record_key_l], group[pair.record_key_r]
        if left != right:
            steps.append(pair)
            group = {r: left if g == right else g for r, g in group.items()}
    return steps
