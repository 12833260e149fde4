"""Privacy requests: opened, checked, decided and listed, each step a row of ops.privacy_request.

Nothing that a person said of herself is kept: her identifiers are used to find her records, and stay as
keyed hashes. Nobody is shown anything before somebody has checked who asks.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lakehouse.errors import ConflictError, InputError, NotFoundError, SeveralFoundError
from lakehouse.pipeline.audit import record
from lakehouse.pipeline.privacy_subject import find_subject
from lakehouse.privacy.request_log import (
    KINDS,
    PrivacyRequest,
    Scope,
    Step,
    requests_of,
)
from lakehouse.privacy.subject import Given, Subject
from lakehouse.settings.models import Settings
from lakehouse.settings.regimes import Regime, Right
from lakehouse.storage.plain_log import PlainLog
from lakehouse.storage.released_tables import Row, released_tables
from lakehouse.tables.ops import ATTRIBUTE_OVERRIDE, PRIVACY_REQUEST, RESTRICTION

LIMITS = (Right.RESTRICTION, Right.OBJECTION)
"""Requests that end in rows of ops.restriction."""

_TICK = timedelta(microseconds=1)


def request_log(settings: Settings) -> PlainLog:
    """The log of requests."""
    return PlainLog(settings.lake, PRIVACY_REQUEST)


def all_requests(settings: Settings) -> list[PrivacyRequest]:
    """All requests, those that are due first in front."""
    return requests_of(request_log(settings).rows())


def request_of(settings: Settings, request_id: str) -> PrivacyRequest:
    """The request of that id. Raises NotFoundError if there is none."""
    for request in all_requests(settings):
        if request.request_id == request_id:
            return request
    raise NotFoundError(f"There is no request {request_id!r}.", "c360 privacy request list.")


@dataclass(frozen=True)
class Asked:
    """What a person asks for, and where she lives: country as ISO 3166-1 alpha-2, region as law names it.

    `purpose` is the one that a restriction or objection is about; None for all of them.
    """

    kind: Right
    given: Given
    scope: Scope = Scope.EXACT
    country: str = ""
    region: str = ""
    purpose: str | None = None
    note: str | None = None


def open_request(
    settings: Settings, asked: Asked, *, by: str, now: datetime | None = None
) -> tuple[PrivacyRequest, Subject]:
    """Registers a request, and finds whom it is about. One that the law of her residence lacks is refused.

    Raises:
        AccessError: it cannot be recorded in the audit.
        InputError: no identifier was given or nobody says who registers it, or its purpose is none of conf.
        SeveralFoundError: what was given fits more than one person; nothing was registered.
    """
    _require_sense(settings, asked, by)
    regime = settings.regimes.regime_of(asked.country.upper() or None, asked.region or None)
    at = now or datetime.now(UTC)
    subject = find_subject(released_tables(settings.lake), settings, asked.given, asked.scope)
    if subject.is_ambiguous:
        raise SeveralFoundError(
            "What was given fits records of more than one person, and none of them is shown.",
            "give what tells them apart: name, birth date or another identifier of the person who asks.",
        )
    row: Row = {
        "request_id": f"{at:%Y%m%d}-{secrets.token_hex(4)}",
        "kind": asked.kind,
        "scope": asked.scope,
        "regime": regime.name,
        "due_at": at + timedelta(days=regime.deadline_days),
        "purpose": asked.purpose,
        "actor": by,
    }
    rows = [{**row, **more} for more in _first_steps(settings, asked, regime, subject)]
    for number, step in enumerate(rows):
        step["at"] = at + number * _TICK
    _record(settings, row["request_id"], "opened", subject.record_keys)
    request_log(settings).append(rows)
    return request_of(settings, row["request_id"]), subject


def _record(settings: Settings, request_id: str, step: str, record_keys: Sequence[str]) -> None:
    """One row of the audit, before the step is logged: it says nothing that a token does not."""
    record(
        settings,
        action="request",
        surface="privacy request",
        subjects=record_keys,
        reason=f"{request_id} {step}",
    )


def _require_sense(settings: Settings, asked: Asked, by: str) -> None:
    if asked.kind not in KINDS:
        raise InputError(f"{asked.kind} is no kind of request.", f"choose from {', '.join(KINDS)}.")
    if not asked.given.identifiers:
        raise InputError(
            "Nothing was given that finds a person.",
            "give an e-mail address, telephone number, customer number or another identifier.",
        )
    if not by.strip():
        raise InputError("A request needs who registers it.", "give --by.")
    if asked.purpose is not None and asked.purpose not in settings.purposes.purposes:
        raise InputError(
            f"conf has no purpose {asked.purpose!r}.",
            f"choose from {', '.join(settings.purposes.purposes)}.",
        )


def _first_steps(settings: Settings, asked: Asked, regime: Regime, subject: Subject) -> list[Row]:
    secret = settings.lake.secret.get_secret_value()
    hashes = sorted({h for found in asked.given.identifiers for h in found.hashes(secret)})
    steps: list[Row] = [{"step": Step.RECEIVED, "note": asked.note, "identifier_hashes": hashes}]
    if asked.kind not in regime.rights:
        # Whom it is about is nobody's concern then.
        said = f"{regime.title} gives no right of {asked.kind}."
        return [*steps, {"step": Step.REFUSED, "note": said}]
    found = {"record_keys": subject.record_keys, "reasons": dict(subject.reasons)}
    left = f"{subject.left_out} records that match are or may be others' and stay out."
    return [*steps, {"step": Step.SCOPED, "note": left if subject.left_out else None, **found}]


def take_step(
    settings: Settings,
    request_id: str,
    step: Step,
    *,
    by: str,
    note: str,
    now: datetime | None = None,
    **more: Any,
) -> PrivacyRequest:
    """Logs one step of a request, and returns the request after it.

    Raises:
        AccessError: it cannot be recorded in the audit.
        InputError: nobody says who took it, or why or how.
        NotFoundError: there is no such request.
        ConflictError: the step cannot come now; nothing was written.
    """
    if not by.strip() or not note.strip():
        raise InputError(
            "A step needs who took it, and why or how.", "give --by and --why or --how."
        )
    log = request_log(settings)
    with log.deciding():
        request = request_of(settings, request_id)
        request.require(step)
        _record(settings, request_id, step, request.record_keys)
        log.append([_next_row(request, step, by, note, now, more)])
    return request_of(settings, request_id)


def _next_row(
    request: PrivacyRequest,
    step: Step,
    by: str,
    note: str,
    now: datetime | None,
    more: Mapping[str, Any],
) -> Row:
    last = request.rows[-1]
    kept = {name: last[name] for name in ("request_id", "kind", "scope", "regime", "due_at")}
    # After all steps before it, whatever the clocks of the machines say.
    at = max(now or datetime.now(UTC), last["at"] + _TICK)
    told = {"step": step, "actor": by, "note": note, "purpose": request.purpose, "at": at}
    return {**kept, **told, **more}


def extend(settings: Settings, request_id: str, *, by: str, why: str) -> PrivacyRequest:
    """Extends the deadline by what the regime allows, once. Raises as `take_step`."""
    request = request_of(settings, request_id)
    days = settings.regimes.regimes[request.regime].extension_days
    due = request.rows[0]["due_at"] + timedelta(days=days)
    return take_step(settings, request_id, Step.EXTENDED, by=by, note=why, due_at=due)


def approve(settings: Settings, request_id: str, *, by: str, note: str) -> PrivacyRequest:
    """Allows a request to be carried out; a restriction or objection is carried out at once.

    Raises as `take_step`; the person's identity must have been checked.
    """
    request = request_of(settings, request_id)
    # One that was approved by a process that died is carried out by the next.
    is_half_done = request.taken[-1] is Step.APPROVED and request.kind in LIMITS
    if not is_half_done:
        request = take_step(settings, request_id, Step.APPROVED, by=by, note=note)
    return carry_out_limit(settings, request, by=by) if request.kind in LIMITS else request


def carry_out_limit(settings: Settings, request: PrivacyRequest, *, by: str) -> PrivacyRequest:
    """Writes what restricts the use of the request's records, once, however often it is called."""
    log = PlainLog(settings.lake, RESTRICTION)
    with log.deciding():
        there = {r["record_key"] for r in log.rows() if r["request_id"] == request.request_id}
        rows = [
            {
                "record_key": key,
                "kind": request.kind,
                "purpose": request.purpose,
                "restricted_from": request.rows[-1]["at"],
                "request_id": request.request_id,
            }
            for key in request.record_keys
            if key not in there
        ]
        if rows:
            log.append(rows)
    said = f"{len(request.record_keys)} records are restricted."
    return take_step(settings, request.request_id, Step.EXECUTED, by=by, note=said)


def record_rectification(
    settings: Settings, request_id: str, *, by: str, why: str
) -> PrivacyRequest:
    """Ties a request for rectification to the decisions that were made of its records since it came.

    The decisions (`c360 attribute set`) stand above what sources say in every later run. Raises
    ConflictError if there is none yet, or the request is of another kind; else as `take_step`.
    """
    request = request_of(settings, request_id)
    decided = [
        row
        for row in PlainLog(settings.lake, ATTRIBUTE_OVERRIDE).rows()
        if row["record_key"] in request.record_keys and row["decided_at"] >= request.received_at
    ]
    if request.kind is not Right.RECTIFICATION or not decided:
        raise ConflictError(
            f"No attribute of the records of request {request_id} was decided since it came.",
            "decide it by `c360 attribute set`, with a record that `c360 privacy request show` names.",
        )
    made = sorted(
        {f"{row['attribute_group']} of record {row['record_key'][:8]}" for row in decided}
    )
    if Step.EXECUTED not in request.taken:
        take_step(settings, request_id, Step.EXECUTED, by=by, note=f"decided: {', '.join(made)}")
    return take_step(settings, request_id, Step.DELIVERED, by=by, note=why)
