"""One group of records into clusters: the strongest pairs first, as long as the whole agrees.

Plain connected components chain strangers through one good pair (a household through its address,
two namesakes through a record that lacks a birth date). Here two groups join by their best pair
only if their pairs on the whole support it and none of them contradicts.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

_NEUTRAL_SUPPORT = 2.0
"""Bits up to which a pair says too little to count for or against."""


@dataclass(frozen=True)
class PairEvidence:
    """One scored pair of a group. `support` is None where nothing could be compared."""

    left: str
    right: str
    weight: float
    support: float | None
    contradicted: bool


@dataclass(frozen=True)
class Bond:
    """What all pairs between two groups say together."""

    best: float
    support: float
    pairs: int
    contradicted: bool

    def joined(self, other: "Bond") -> "Bond":
        """The bond of a third group to the two together."""
        return Bond(
            max(self.best, other.best),
            self.support + other.support,
            self.pairs + other.pairs,
            self.contradicted or other.contradicted,
        )

    def holds(self, join_weight: float, least_support: float) -> bool:
        """True if the two groups may become one."""
        if self.contradicted or self.best < join_weight:
            return False
        return self.pairs == 0 or self.support >= least_support * self.pairs


def _bond(pair: PairEvidence) -> Bond:
    if pair.support is None or abs(pair.support) < _NEUTRAL_SUPPORT:
        return Bond(pair.weight, 0.0, 0, pair.contradicted)
    return Bond(pair.weight, pair.support, 1, pair.contradicted)


def refined(
    pairs: Iterable[PairEvidence], join_weight: float, least_support: float
) -> dict[str, str]:
    """By record, the smallest record of its cluster.

    The result does not depend on the order of the pairs: ties go by the names of the groups, which
    are their smallest records.
    """
    bonds: dict[str, dict[str, Bond]] = {}
    for pair in pairs:
        bond = _bond(pair)
        bonds.setdefault(pair.left, {})[pair.right] = bond
        bonds.setdefault(pair.right, {})[pair.left] = bond
    members = {record: [record] for record in bonds}
    queue = [
        (-bond.best, left, right)
        for left, others in bonds.items()
        for right, bond in others.items()
        if left < right and bond.best >= join_weight
    ]
    heapq.heapify(queue)
    while queue:
        best, left, right = heapq.heappop(queue)
        found = bonds.get(left, {}).get(right)
        if found is None or found.best != -best or not found.holds(join_weight, least_support):
            continue
        members[left] += members.pop(right)
        for other in _merge(bonds, left, right):
            merged = bonds[left][other]
            if merged.best >= join_weight:
                heapq.heappush(queue, (-merged.best, min(left, other), max(left, other)))
    return {record: name for name, records in members.items() for record in records}


def _merge(bonds: dict[str, dict[str, Bond]], left: str, right: str) -> list[str]:
    """Move the bonds of `right` to `left`; the groups whose bond to `left` changed."""
    moved = bonds.pop(right)
    del moved[left], bonds[left][right]
    for other, bond in moved.items():
        del bonds[other][right]
        known = bonds[left].get(other)
        merged = bond if known is None else known.joined(bond)
        bonds[left][other] = bonds[other][left] = merged
    return list(moved)
