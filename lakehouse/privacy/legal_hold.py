"""Legal holds as their log tells them: records that must stay, why, and until when."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

PLACED, LIFTED = "placed", "lifted"


@dataclass(frozen=True)
class LegalHold:
    """A hold on person records; `held_until` is its last day, None until it is lifted."""

    hold_id: str
    record_keys: frozenset[str]
    reason: str
    held_until: date | None
    placed_by: str
    placed_at: datetime
    is_lifted: bool

    def holds_on(self, day: date) -> bool:
        """True if nothing of its records may go on that day."""
        return not self.is_lifted and (self.held_until is None or day <= self.held_until)


def holds_of(rows: Iterable[Mapping[str, Any]]) -> list[LegalHold]:
    """The holds of rows of ops.legal_hold, newest first."""
    by_id: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_id[row["hold_id"]].append(row)
    found = [_hold(hold_id, steps) for hold_id, steps in by_id.items()]
    return sorted(found, key=lambda hold: (hold.placed_at, hold.hold_id), reverse=True)


def _hold(hold_id: str, rows: Sequence[Mapping[str, Any]]) -> LegalHold:
    first = min(rows, key=lambda row: (row["step"] != PLACED, row["said_at"]))
    return LegalHold(
        hold_id,
        frozenset(row["record_key"] for row in rows),
        first["reason"],
        first["held_until"],
        first["said_by"],
        first["said_at"],
        any(row["step"] == LIFTED for row in rows),
    )


def holding(holds: Iterable[LegalHold], day: date) -> list[LegalHold]:
    """Those that hold on that day."""
    return [hold for hold in holds if hold.holds_on(day)]
