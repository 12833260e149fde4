"""One group of records into clusters: the strongest pairs first, as long as the whole agrees.

Plain connected components chain strangers through one good pair (a household through its address,
two namesakes through a record that lacks a birth date). Here two groups join by their best pair
only if their pairs on the whole support it and none of them contradicts.

What stewards called the same joins what came together without it: of two customers whom they were shown
each stays whole.
"""

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product

from lakehouse.linkage.components import connected

_NEUTRAL_SUPPORT = 2.0
"""Bits up to which a pair says too little to count for or against."""


SAME, DIFFERENT = "same", "different"
"""What a steward can decide of two records."""


@dataclass(frozen=True)
class PairEvidence:
    """One scored pair of a group.

    `margin` is by how many bits it exceeds what pairs that join must reach; `support` is None where
    nothing could be compared; `decided` is what a steward said, which holds whatever the model says.
    """

    left: str
    right: str
    margin: float
    support: float | None
    contradicted: bool
    decided: str | None = None

    @property
    def joins(self) -> bool:
        """True if the pair holds a component together."""
        if self.decided is not None:
            return self.decided == SAME
        return not self.contradicted and self.margin >= 0


@dataclass(frozen=True)
class Bond:
    """What all pairs between two groups say together."""

    best: float
    support: float
    pairs: int
    contradicted: bool
    must_join: bool = False

    def joined(self, other: "Bond") -> "Bond":
        """The bond of a third group to the two together."""
        return Bond(
            max(self.best, other.best),
            self.support + other.support,
            self.pairs + other.pairs,
            self.contradicted or other.contradicted,
            self.must_join or other.must_join,
        )

    def holds(self, least_support: float) -> bool:
        """True if the two groups may become one."""
        if self.must_join:
            return True
        if self.contradicted or self.best < 0:
            return False
        return self.pairs == 0 or self.support >= least_support * self.pairs


def _bond(pair: PairEvidence) -> Bond:
    if pair.decided == SAME:
        return Bond(math.inf, 0.0, 0, contradicted=False, must_join=True)
    contradicted = pair.contradicted or pair.decided == DIFFERENT
    if pair.support is None or abs(pair.support) < _NEUTRAL_SUPPORT:
        return Bond(pair.margin, 0.0, 0, contradicted)
    return Bond(pair.margin, pair.support, 1, contradicted)


_NEVER = Bond(-math.inf, 0.0, 0, contradicted=True)

Bonds = dict[str, dict[str, Bond]]


def refined(pairs: Iterable[PairEvidence], least_support: float) -> dict[str, str]:
    """By record, the smallest record of its cluster.

    First the records come together as if nobody had called any two the same. Then the clusters of two
    who were become one, whatever all other pairs between them say. Where that would join two who
    were called different, the same come first, and what lies around them goes by all pairs together.
    """
    known = list(pairs)
    same = [(p.left, p.right) for p in known if p.decided == SAME]
    if not same:
        return _merged(_bonds(known), least_support)
    apart = _called_different(known, same)
    unsaid = _bonds(replace(p, decided=None) if p.decided == SAME else p for p in known)
    for left, right in apart:
        never = unsaid[left].get(right, _NEVER).joined(_NEVER)
        unsaid[left][right] = unsaid[right][left] = never
    alone = _merged(unsaid, least_support)
    joined = connected((alone[left], alone[right]) for left, right in same)
    found = {record: joined.get(name, name) for record, name in alone.items()}
    at_odds = {found[left] for left, right in apart if found[left] == found[right]}
    inside = [p for p in known if found[p.left] in at_odds and found[p.left] == found[p.right]]
    return found | _merged(_bonds(inside), least_support)


def _called_different(
    pairs: Iterable[PairEvidence], same: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Two records each that are different by what was decided of them, or of whom they are the same as."""
    group = connected(same)
    members: dict[str, list[str]] = defaultdict(list)
    for record, name in group.items():
        members[name].append(record)
    ends = (
        (group.get(p.left, p.left), group.get(p.right, p.right))
        for p in pairs
        if p.decided == DIFFERENT
    )
    return {
        two
        for left, right in ends
        if left != right
        for two in product(members.get(left, [left]), members.get(right, [right]))
    }


def _bonds(pairs: Iterable[PairEvidence]) -> Bonds:
    """The bonds of each record by the other."""
    bonds: Bonds = {}
    for pair in pairs:
        bond = _bond(pair)
        bonds.setdefault(pair.left, {})[pair.right] = bond
        bonds.setdefault(pair.right, {})[pair.left] = bond
    return bonds


def _merged(bonds: Bonds, least_support: float) -> dict[str, str]:
    """By record, the smallest record of its cluster, by bonds alone.

    The result does not depend on the order of the bonds: ties go by the names of the groups, which
    are their smallest records.
    """
    members = {record: [record] for record in bonds}
    queue = [
        (-bond.best, left, right)
        for left, others in bonds.items()
        for right, bond in others.items()
        if left < right and bond.best >= 0
    ]
    heapq.heapify(queue)
    while queue:
        best, left, right = heapq.heappop(queue)
        found = bonds.get(left, {}).get(right)
        if found is None or found.best != -best or not found.holds(least_support):
            continue
        members[left] += members.pop(right)
        for other in _merge(bonds, left, right):
            merged = bonds[left][other]
            if merged.best >= 0:
                heapq.heappush(queue, (-merged.best, min(left, other), max(left, other)))
    return {record: name for name, records in members.items() for record in records}


def _merge(bonds: Bonds, left: str, right: str) -> list[str]:
    """Move the bonds of `right` to `left`; the groups whose bond to `left` changed."""
    moved = bonds.pop(right)
    del moved[left], bonds[left][right]
    for other, bond in moved.items():
        del bonds[other][right]
        known = bonds[left].get(other)
        merged = bond if known is None else known.joined(bond)
        bonds[left][other] = bonds[other][left] = merged
    return list(moved)
