"""Privacy requests: checked, decided and listed, each step a row of ops.privacy_request.

Nobody is shown anything before somebody has checked who asks.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from lakehouse.errors import ConflictError, InputError, NotFoundError
from lakehouse.pipeline.audit import record
from lakehouse.pipeline.privacy_limits import (
    LIMITS,
    carry_out_limit,
    lift_limit,
)
from lakehouse.pipeline.reader_tables import rows_for_reader
from lakehouse.privacy.request_log import (
    PrivacyRequest,
    Step,
    requests_of,
)
from lakehouse.settings.models import Settings
from lakehouse.settings.regimes import Regime, Right
from lakehouse.storage.plain_log import PlainLog
from lakehouse.storage.released_tables import Row
from lakehouse.tables.ops import ATTRIBUTE_OVERRIDE, PRIVACY_REQUEST

TICK = timedelta(microseconds=1)
"""By which a step comes after the one before it."""


def request_log(settings: Settings) -> PlainLog:
    """The log of requests."""
    return PlainLog(settings.lake, PRIVACY_REQUEST)


def all_requests(settings: Settings) -> list[PrivacyRequest]:
    """All requests, those that are due first in front."""
    return requests_of(request_log(settings).rows())


def requests_for_reader(settings: Settings) -> list[PrivacyRequest]:
    """All requests as the role of the session sees them: words about people may be masked.

    Raises AccessError if the role reads for no purpose that requests are kept for.
    """
    return requests_of(rows_for_reader(settings, PRIVACY_REQUEST, request_log(settings).rows()))


def request_for_reader(settings: Settings, request_id: str) -> PrivacyRequest:
    """The request as the role of the session sees it, once that is recorded.

    Raises AccessError as `requests_for_reader`, or if it cannot be recorded; NotFoundError as `request_of`.
    """
    seen = {request.request_id: request for request in requests_for_reader(settings)}
    found = request_of(settings, request_id)
    record(
        settings,
        action="read",
        surface="privacy request show",
        subjects=found.record_keys,
        reason=request_id,
    )
    return seen[request_id]


def request_of(settings: Settings, request_id: str) -> PrivacyRequest:
    """The request of that id. Raises NotFoundError if there is none."""
    for request in all_requests(settings):
        if request.request_id == request_id:
            return request
    raise NotFoundError(f"There is no request {request_id!r}.", "c360 privacy request list.")


def law_of(settings: Settings, request: PrivacyRequest) -> Regime:
    """The law that the request is under. Raises ConflictError if conf does not have it any more."""
    found = settings.regimes.regimes.get(request.regime)
    if found is None:
        raise ConflictError(
            f"Request {request.request_id} is under the law {request.regime}, which conf does not have "
            "any more.",
            f"put {request.regime} back into conf/base/regimes.yml, at least until the request has ended.",
        )
    return found


def record_step(settings: Settings, request_id: str, step: str, record_keys: Sequence[str]) -> None:
    """One row of the audit, before the step is logged: it says nothing that a token does not."""
    record(
        settings,
        action="request",
        surface="privacy request",
        subjects=record_keys,
        reason=f"{request_id} {step}",
    )


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
        ConflictError: the step cannot come now, or somebody else must take it; nothing was written.
    """
    if not by.strip() or not note.strip():
        raise InputError(
            "A step needs who took it, and why or how.", "give --by and --why or --how."
        )
    log = request_log(settings)
    with log.deciding():
        request = request_of(settings, request_id)
        request.require(step)
        if step is Step.APPROVED and settings.privacy_requests.four_eyes:
            request.require_other_eyes(by)
        record_step(settings, request_id, step, request.record_keys)
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
    at = max(now or datetime.now(UTC), last["at"] + TICK)
    told = {"step": step, "actor": by, "note": note, "purpose": request.purpose, "at": at}
    return {**kept, **told, **more}


def extend(settings: Settings, request_id: str, *, by: str, why: str) -> PrivacyRequest:
    """Extends the deadline by what the regime allows, once.

    Raises ConflictError where it allows nothing for such a request, or conf has lost it; else as `take_step`.
    """
    request = request_of(settings, request_id)
    regime = law_of(settings, request)
    days = regime.extension(request.kind)
    if not days:
        raise ConflictError(
            f"{regime.title} lets nobody wait longer for an answer to a request for {request.kind}.",
            "answer it by the day that `c360 privacy request list` tells.",
        )
    due = request.rows[0]["due_at"] + timedelta(days=days)
    return take_step(settings, request_id, Step.EXTENDED, by=by, note=why, due_at=due)


def approve(settings: Settings, request_id: str, *, by: str, note: str) -> PrivacyRequest:
    """Allows a request to be carried out; one that limits what data is used for is, at once.

    Raises as `take_step`; the person's identity must have been checked, where the law lets us ask.
    """
    request = request_of(settings, request_id)
    # One that was approved by a process that died is carried out by the next.
    is_half_done = request.taken[-1] is Step.APPROVED and request.kind in LIMITS
    if not is_half_done:
        request = take_step(settings, request_id, Step.APPROVED, by=by, note=note)
    if request.kind not in LIMITS:
        return request
    carry_out_limit(settings, request)
    said = f"{len(request.record_keys)} records are restricted."
    return take_step(settings, request_id, Step.EXECUTED, by=by, note=said)


def lift(settings: Settings, request_id: str, *, by: str, why: str) -> PrivacyRequest:
    """Ends what a request limited, from the next run on. Tell the person first (GDPR article 18(3)).

    Raises ConflictError where it limited nothing; else as `take_step`.
    """
    request = request_of(settings, request_id)
    if request.kind not in LIMITS:
        raise ConflictError(
            f"A request for {request.kind} limits nothing.",
            f"name one for {', '.join(LIMITS)}.",
        )
    # One that was lifted by a process that died is carried out by the next.
    if Step.LIFTED not in request.taken:
        request = take_step(settings, request_id, Step.LIFTED, by=by, note=why)
    lift_limit(settings, request)
    return request


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
