"""One group of records into clusters: the strongest pairs first, as long as the whole agrees.

Plain connected components chain strangers through one good pair (a household through its address,
two namesakes through a record that lacks a birth date). Here two groups join by their best pair
only if their pairs on the whole support it and none of them contradicts.
"""

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass

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


def refined(pairs: Iterable[PairEvidence], least_support: float) -> dict[str, str]:
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
