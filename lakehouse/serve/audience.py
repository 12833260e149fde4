"""An exported audience: what changed since the last export."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.privacy.csv_cells import cell

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Delta:
    """Ids of customers, in order: new to the destination, there with other values, and to be removed."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """True where the destination has what it should have."""
        return not (self.added or self.changed or self.removed)


def row_hashes(rows: Iterable[Row], columns: Sequence[str], secret: str) -> dict[str, str]:
    """By customer_id, a keyed hash of the row's columns."""
    return {row["customer_id"]: _row_hash(row, columns, secret) for row in rows}


def _row_hash(row: Row, columns: Sequence[str], secret: str) -> str:
    told = json.dumps([[name, cell(row[name])] for name in columns])
    keyed = hmac.new(secret.encode(), f"c360 audience {told}".encode(), hashlib.sha256)
    return keyed.hexdigest()[:32]


def delta(before: Mapping[str, str], now: Mapping[str, str]) -> Delta:
    """What a destination that has the rows with the hashes `before` must be told to have those of `now`."""
    return Delta(
        added=tuple(sorted(now.keys() - before.keys())),
        changed=tuple(sorted(c for c in now.keys() & before.keys() if now[c] != before[c])),
        removed=tuple(sorted(before.keys() - now.keys())),
    )


def told_since(log: Iterable[Row], release: int, now: Mapping[str, str]) -> Delta:
    """What to tell a destination that has fetched all exports before this release, and any or none since.

    Args:
        log: the rows of ops.audience_export of the product and the destination.
        release: the first whose exports are told again.
        now: whom the destination is to have.
    """
    by_change: dict[str, set[str]] = {"added": set(), "changed": set(), "removed": set()}
    for row in log:
        if row["release_number"] >= release:
            by_change[row["change"]].add(row["customer_id"])
    added = by_change["added"] & now.keys()
    return Delta(
        added=tuple(sorted(added)),
        changed=tuple(sorted((by_change["changed"] & now.keys()) - added)),
        removed=tuple(sorted(by_change["removed"] - now.keys())),
    )


def members(log: Iterable[Row], before: int | None = None) -> tuple[dict[str, str], int]:
    """What a destination has by its product's rows of ops.audience_export: hashes by customer_id.

    And the release of the last export; 0 if there was none. `before` leaves out those of this release and
    later ones.
    """
    known = [row for row in log if before is None or row["release_number"] < before]
    has: dict[str, str] = {}
    for row in sorted(known, key=lambda row: (row["release_number"], row["exported_at"])):
        if row["row_hash"] is None:
            has.pop(row["customer_id"], None)
        else:
            has[row["customer_id"]] = row["row_hash"]
    return has, max((row["release_number"] for row in known), default=0)
