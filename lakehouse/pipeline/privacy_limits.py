"""Requests that limit what data is used for: restriction, objection and the opt-out of sale.

They end in rows of ops.restriction, by which whoever serves data leaves the customers of those records out.
"""

from collections.abc import Mapping

from lakehouse.privacy.request_log import PrivacyRequest
from lakehouse.settings.models import Settings
from lakehouse.settings.purposes import Purpose
from lakehouse.settings.regimes import Regime, Right
from lakehouse.storage.plain_log import PlainLog
from lakehouse.tables.ops import RESTRICTION

LIMITS = (Right.RESTRICTION, Right.OBJECTION, Right.OPT_OUT_OF_SALE)
"""Requests that end in rows of ops.restriction."""


def reason_against(
    purposes: Mapping[str, Purpose], regime: Regime, kind: Right, purpose: str | None
) -> str | None:
    """Why the law gives no such right, in words for the person; None where it does."""
    if kind not in regime.rights:
        return f"{regime.title} gives no right of {kind}."
    meant = purposes.get(purpose or "")
    if kind is not Right.OBJECTION or meant is None or meant.may_be_objected_to:
        return None
    return (
        f"{meant.title} rests on {regime.bases[meant.legal_basis]}: there is no objection to that, "
        "only to what rests on our own interest or on consent."
    )


def limited_purposes(
    purposes: Mapping[str, Purpose], kind: Right, purpose: str | None
) -> list[str | None]:
    """The purposes that a request of that kind limits; None stands for all of them."""
    if kind is Right.RESTRICTION:
        return [purpose]
    if kind is Right.OPT_OUT_OF_SALE:
        return [name for name, found in purposes.items() if found.is_sale]
    return [
        name
        for name, found in purposes.items()
        if found.may_be_objected_to and purpose in (None, name)
    ]


def carry_out_limit(settings: Settings, request: PrivacyRequest) -> None:
    """Writes what limits the use of the request's records, once, however often it is called."""
    purposes = limited_purposes(settings.purposes.purposes, request.kind, request.purpose)
    log = PlainLog(settings.lake, RESTRICTION)
    with log.deciding():
        there = {
            (row["record_key"], row["purpose"])
            for row in log.rows()
            if row["request_id"] == request.request_id
        }
        rows = [
            {
                "record_key": key,
                "kind": request.kind,
                "purpose": purpose,
                "restricted_from": request.rows[-1]["at"],
                "request_id": request.request_id,
            }
            for key in request.record_keys
            for purpose in purposes
            if (key, purpose) not in there
        ]
        if rows:
            log.append(rows)


def lift_limit(settings: Settings, request: PrivacyRequest) -> None:
    """Writes for each row of the request one that ends it, once, however often it is called."""
    log = PlainLog(settings.lake, RESTRICTION)
    with log.deciding():
        rows = [row for row in log.rows() if row["request_id"] == request.request_id]
        ended = {(r["record_key"], r["purpose"]) for r in rows if r["restricted_to"] is not None}
        lifted = [
            {**row, "restricted_to": request.rows[-1]["at"]}
            for row in rows
            if (row["record_key"], row["purpose"]) not in ended
        ]
        if lifted:
            log.append(lifted)
