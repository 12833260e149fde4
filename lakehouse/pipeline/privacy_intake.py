"""How a request is opened: whether its law gives it, whom it is about, and by when it must be answered.

Nothing that a person said of herself is kept: her identifiers are used to find her records, and stay as
keyed hashes.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lakehouse.columns.countries import country_of
from lakehouse.errors import InputError, SeveralFoundError
from lakehouse.pipeline.privacy_limits import reason_against
from lakehouse.pipeline.privacy_requests import TICK, record_step, request_log, request_of
from lakehouse.pipeline.privacy_subject import find_subject
from lakehouse.privacy.request_log import PrivacyRequest, Scope, Step
from lakehouse.privacy.subject import Given, Subject
from lakehouse.settings.models import Settings
from lakehouse.settings.regimes import Right
from lakehouse.storage.released_tables import Row, released_tables

_OF_ONE_PURPOSE = (Right.RESTRICTION, Right.OBJECTION)


@dataclass(frozen=True)
class Asked:
    """What a person asks for, and where she lives: country by code or name, region as law names it.

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
    """Registers a request, and finds whom it is about.

    One that the law of her residence lacks is refused at once, and one that finds nobody closed, each with
    the reason.

    Raises:
        AccessError: it cannot be recorded in the audit.
        InputError: no identifier was given or nobody says who registers it, the residence is no country,
            or its purpose is none of conf, or none that such a request can be about.
        SeveralFoundError: what was given fits more than one person; nothing was registered.
    """
    _require_sense(settings, asked, by)
    regime = settings.regimes.regime_of(residence(asked.country), asked.region)
    at = now or datetime.now(UTC)
    against = reason_against(settings.purposes.purposes, regime, asked.kind, asked.purpose)
    # Whom a request that is refused is about is nobody's concern.
    subject = Subject() if against else _subject(settings, asked)
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
        "due_at": at + timedelta(days=regime.days(asked.kind)),
        "purpose": asked.purpose,
        "actor": by,
    }
    rows = [{**row, **more} for more in _first_steps(settings, asked, subject, against)]
    for number, step in enumerate(rows):
        step["at"] = at + number * TICK
    record_step(settings, row["request_id"], "opened", subject.record_keys)
    request_log(settings).append(rows)
    return request_of(settings, row["request_id"]), subject


def residence(country: str) -> str | None:
    """The country's code; None where nothing is said. InputError where that names no country."""
    said = " ".join(country.split())
    found = country_of(said) if said else None
    if said and found is None:
        raise InputError(
            "The residence is no country, so that nobody knows which law holds.",
            "give its ISO code, such as DE or US, or leave it where it is unknown.",
        )
    return found


def _subject(settings: Settings, asked: Asked) -> Subject:
    return find_subject(released_tables(settings.lake), settings, asked.given, asked.scope)


def _require_sense(settings: Settings, asked: Asked, by: str) -> None:
    if not asked.given.identifiers:
        raise InputError(
            "Nothing was given that finds a person.",
            "give an e-mail address, telephone number, customer number or another identifier.",
        )
    if not by.strip():
        raise InputError("A request needs who registers it.", "give --by.")
    if asked.purpose is not None and asked.kind not in _OF_ONE_PURPOSE:
        raise InputError(
            f"A request for {asked.kind} is about no single purpose.",
            f"leave the purpose; it is for {' and '.join(_OF_ONE_PURPOSE)}.",
        )
    if asked.purpose is not None and asked.purpose not in settings.purposes.purposes:
        raise InputError(
            f"conf has no purpose {asked.purpose!r}.",
            f"choose from {', '.join(settings.purposes.purposes)}.",
        )


def _first_steps(
    settings: Settings, asked: Asked, subject: Subject, against: str | None
) -> list[Row]:
    secret = settings.lake.secret.get_secret_value()
    hashes = sorted({h for found in asked.given.identifiers for h in found.hashes(secret)})
    steps: list[Row] = [{"step": Step.RECEIVED, "note": asked.note, "identifier_hashes": hashes}]
    if against:
        return [*steps, {"step": Step.REFUSED, "note": against}]
    left = f"{subject.left_out} records that match are or may be others' and stay out."
    if not subject.reasons:
        said = f"Nothing is held under what was given. {left if subject.left_out else ''}"
        return [*steps, {"step": Step.CLOSED, "note": said.rstrip()}]
    found = {"record_keys": subject.record_keys, "reasons": dict(subject.reasons)}
    return [*steps, {"step": Step.SCOPED, "note": left if subject.left_out else None, **found}]
