"""Where a privacy request stands, from the steps that were logged of it; and which step may come next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from lakehouse.errors import ConflictError
from lakehouse.settings.regimes import Regime, Right


class Step(StrEnum):
    """What can happen to a request."""

    RECEIVED = "received"
    SCOPED = "scoped"
    IDENTITY_VERIFIED = "identity_verified"
    IDENTITY_REFUSED = "identity_refused"
    APPROVED = "approved"
    EXTENDED = "extended"
    EXECUTED = "executed"
    PROVED = "proved"
    DELIVERED = "delivered"
    REFUSED = "refused"
    CLOSED = "closed"
    LIFTED = "lifted"


class Scope(StrEnum):
    """Whose records a request is about; see `subject`."""

    EXACT = "exact"
    CONNECTED = "connected"


UNVERIFIED = frozenset({Right.OPT_OUT_OF_SALE})
"""Rights that are granted to whoever asks: the law forbids to ask for proof (11 CCR 7026(d))."""

_ENDS = frozenset({Step.DELIVERED, Step.REFUSED, Step.IDENTITY_REFUSED, Step.CLOSED, Step.PROVED})
_NEEDS: Mapping[Step, frozenset[Step]] = {
    Step.APPROVED: frozenset({Step.SCOPED, Step.IDENTITY_VERIFIED}),
    Step.EXECUTED: frozenset({Step.APPROVED}),
    Step.PROVED: frozenset({Step.EXECUTED}),
    Step.DELIVERED: frozenset({Step.APPROVED}),
    Step.LIFTED: frozenset({Step.EXECUTED}),
}
_AFTER_THE_END = (Step.CLOSED, Step.LIFTED)
_HINTS = {
    Step.SCOPED: "open it anew with identifiers that fit",
    Step.IDENTITY_VERIFIED: "check who asks, then `c360 privacy request verify`",
    Step.APPROVED: "look at `c360 privacy request show`, then `c360 privacy request approve`",
    Step.EXECUTED: "execute it first",
}


@dataclass(frozen=True)
class PrivacyRequest:
    """One request as its log has it.

    `taken` are the steps in order, `rows` what was logged of them; `due_at` may have been extended.
    """

    request_id: str
    kind: Right
    scope: Scope
    regime: str
    received_at: datetime
    due_at: datetime
    purpose: str | None
    record_keys: tuple[str, ...]
    reasons: Mapping[str, str]
    identifier_hashes: frozenset[str]
    rows: Sequence[Mapping[str, Any]]

    @property
    def taken(self) -> tuple[Step, ...]:
        """The steps so far, in order."""
        return tuple(Step(row["step"]) for row in self.rows)

    @property
    def is_verified(self) -> bool:
        """True if somebody has checked that the person is who she says."""
        return Step.IDENTITY_VERIFIED in self.taken

    @property
    def is_open(self) -> bool:
        """True while something remains to be done."""
        return self.ending is None

    @property
    def ending(self) -> Mapping[str, Any] | None:
        """The step that ended it, with the reason in `note`; None while it is open."""
        return next((row for row in self.rows if row["step"] in _ENDS), None)

    def require(self, step: Step) -> None:
        """Raises ConflictError if that step cannot come now; says what must come before."""
        if not self.is_open and step not in _AFTER_THE_END:
            raise ConflictError(
                f"Request {self.request_id} has ended ({self.taken[-1]}).", "open a new one."
            )
        if step in self.taken:
            raise ConflictError(
                f"Request {self.request_id} is {step} already.",
                "`c360 privacy request show` says by whom.",
            )
        unasked = {Step.IDENTITY_VERIFIED} if self.kind in UNVERIFIED else frozenset()
        for needed in sorted(_NEEDS.get(step, frozenset()) - {*self.taken} - unasked):
            raise ConflictError(
                f"Request {self.request_id} is not {needed}, which must come before {step}.",
                f"{_HINTS[needed]}.",
            )

    def require_other_eyes(self, by: str) -> None:
        """Raises ConflictError if that is who registered the request or checked who asks."""
        looked = (Step.RECEIVED, Step.IDENTITY_VERIFIED)
        if any(is_same_name(by, row["actor"]) for row in self.rows if row["step"] in looked):
            raise ConflictError(
                f"Who registered or verified request {self.request_id} does not approve it.",
                "let somebody else look at it (conf: privacy_requests.four_eyes).",
            )

    def urgency(self, regime: Regime, now: datetime) -> str:
        """late, due (within warn_days), unacknowledged (for longer than the law allows), or nothing."""
        if not self.is_open:
            return ""
        if now >= self.due_at:
            return "late"
        if now >= self.due_at - timedelta(days=regime.warn_days):
            return "due"
        waited = now - self.received_at
        nobody_answered = {*self.taken} <= {Step.RECEIVED, Step.SCOPED}
        too_long = waited >= timedelta(days=regime.acknowledge_days)
        return "unacknowledged" if nobody_answered and too_long else ""


def is_same_name(one: str, other: str) -> bool:
    """True if two people who say who they are say the same, whatever case and blanks they write."""
    return one.casefold().split() == other.casefold().split()


def requests_of(rows: Iterable[Mapping[str, Any]]) -> list[PrivacyRequest]:
    """The requests of a log, those that are due first in front."""
    by_id: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: row["at"]):
        by_id.setdefault(row["request_id"], []).append(row)
    return sorted(
        (_folded(steps) for steps in by_id.values()), key=lambda r: (r.due_at, r.request_id)
    )


def _folded(rows: Sequence[Mapping[str, Any]]) -> PrivacyRequest:
    first, last = rows[0], rows[-1]
    scoped = [row for row in rows if row["step"] == Step.SCOPED]
    return PrivacyRequest(
        request_id=first["request_id"],
        kind=Right(first["kind"]),
        scope=Scope(first["scope"]),
        regime=first["regime"],
        received_at=first["at"],
        due_at=last["due_at"],
        purpose=first.get("purpose"),
        record_keys=tuple(scoped[-1]["record_keys"] or ()) if scoped else (),
        reasons=(scoped[-1]["reasons"] or {}) if scoped else {},
        identifier_hashes=frozenset(first["identifier_hashes"] or ()),
        rows=rows,
    )
