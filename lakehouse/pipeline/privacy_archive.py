"""The archive that answers a request for access or portability, delivered as one zip file."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lakehouse.errors import ConflictError, LakehouseError
from lakehouse.pipeline.audit import record
from lakehouse.pipeline.privacy_requests import law_of, request_of, take_step
from lakehouse.pipeline.privacy_rows import Held, held_rows
from lakehouse.privacy.archive_files import SCHEMA_VERSION, archive_files
from lakehouse.privacy.kept import kept
from lakehouse.privacy.masking import require_identifiers
from lakehouse.privacy.request_log import PrivacyRequest, Step
from lakehouse.settings.models import Settings
from lakehouse.settings.regimes import Right
from lakehouse.storage.released_tables import ReleasedTables, released_tables
from lakehouse.storage.sealed_files import (
    ARCHIVE,
    SEALED,
    SealedFile,
    begin_private,
    part_of,
    require_place,
    sealed,
    write_private,
)
from lakehouse.tables.spec import Layer, TableSpec

_ANSWERED_BY_ARCHIVE = (Right.ACCESS, Right.PORTABILITY)
_WRITTEN_TO = "archive written to "
_MADE_AT = (1980, 1, 1, 0, 0, 0)
"""The time of each entry: the same data give the same archive."""

_OTHERS = (
    "Names of our staff, and keys and values of other people, such as those who share a household, "
    "an address or a telephone number with you, are left out; their number stands with each table."
)
_FREE_TEXT = "Free text, such as messages, stands as it was written."


def deliver_archive(settings: Settings, request_id: str, folder: Path, *, by: str) -> Path:
    """Logs that the archive of an approved request is delivered, and writes it as `<request_id>.zip`.

    Logged before it is written, so that an erasure finds it whenever this is killed; the same call then goes
    on, once. Readable by its owner alone. It is there whole or not at all. Where the lake encrypts at rest
    it is sealed (`<request_id>.zip.sealed`), and `c360 unseal` gives the zip file.

    Raises:
        AccessError: the session's role does not see identifiers, or nothing can be recorded.
        ConflictError: the request is of another kind, not verified, not approved, or was delivered,
            or conf has lost its law.
        InputError: the folder is not there, cannot be written, or holds that file already.
    """
    request = request_of(settings, request_id)
    if request.kind not in _ANSWERED_BY_ARCHIVE:
        raise ConflictError(
            f"A request for {request.kind} is not answered by an archive.", "see --help."
        )
    require_identifiers(settings.roles.current)
    path = folder / f"{request_id}.zip{SEALED if settings.lake.encryption.at_rest else ''}"
    is_half_done = _is_half_done(request, path)
    if not is_half_done:
        request.require(Step.DELIVERED)
    require_place(path)
    tables = released_tables(settings.lake)
    document = archive_document(tables, settings, request)
    record(
        settings,
        action="export",
        surface="privacy request",
        subjects=request.record_keys,
        reason=request_id,
        release=tables.number,
    )
    content = _content(settings, request_id, document)
    if not is_half_done:
        _log_delivery(settings, request_id, path, by)
    write_private(path, content)
    return path


def _log_delivery(settings: Settings, request_id: str, path: Path, by: str) -> None:
    # An empty part says that the file has never been there: carried off, it is not made again.
    begin_private(path)
    try:
        note = f"{_WRITTEN_TO}{path.resolve()}"
        take_step(settings, request_id, Step.DELIVERED, by=by, note=note)
    except LakehouseError:
        # It may be that of another clerk, who was first.
        if written_archive(request_of(settings, request_id)) != str(path.resolve()):
            part_of(path).unlink(missing_ok=True)
        raise


def _content(settings: Settings, request_id: str, document: dict[str, Any]) -> bytes:
    content = zipped(archive_files(document))
    if settings.lake.encryption.at_rest:
        return sealed(SealedFile(ARCHIVE, request_id, content), settings.lake)
    return content


def _is_half_done(request: PrivacyRequest, path: Path) -> bool:
    """True where delivery to this file was logged as the last step, and the file was never there."""
    is_last = request.taken[-1] is Step.DELIVERED
    return is_last and written_archive(request) == str(path.resolve()) and part_of(path).exists()


def written_archive(request: PrivacyRequest) -> str | None:
    """The file of the request's archive, its name alone if nobody noted where; None if there is none."""
    if request.kind not in _ANSWERED_BY_ARCHIVE or Step.DELIVERED not in request.taken:
        return None
    name = f"{request.request_id}.zip"
    notes = (row["note"] or "" for row in request.rows if row["step"] == Step.DELIVERED)
    noted = (Path(note.removeprefix(_WRITTEN_TO)) for note in notes)
    return next((str(p) for p in noted if p.name in (name, f"{name}{SEALED}")), name)


def zipped(contents: dict[str, bytes]) -> bytes:
    """The files as one zip archive, the same for the same files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(contents.items()):
            archive.writestr(zipfile.ZipInfo(name, _MADE_AT), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def archive_document(
    tables: ReleasedTables, settings: Settings, request: PrivacyRequest
) -> dict[str, Any]:
    """All that subject.json holds: for portability what sources sent, for access everything."""
    held = held_rows(tables, settings, request)
    if request.kind is Right.PORTABILITY:
        held = [found for part in held if (found := _provided(part, settings))]
    regime = law_of(settings, request)
    return {
        "schema_version": SCHEMA_VERSION,
        "controller": _controller(settings),
        "request": {
            "id": request.request_id,
            "kind": request.kind,
            "scope": request.scope,
            "received_at": request.received_at,
            "law": regime.title,
            "complaint": regime.complaint,
        },
        "release": {"number": tables.number, "made_for": tables.as_of},
        "records": [
            {"record_key": key, "reason": request.reasons.get(key, "")}
            for key in request.record_keys
        ],
        "purposes": _purposes(settings, request, held),
        "tables": [_table(settings, part) for part in held],
        "logic": [] if request.kind is Right.PORTABILITY else _logic(settings, held),
        "not_included": [_OTHERS, _FREE_TEXT],
    }


def _provided(held: Held, settings: Settings) -> Held | None:
    """The part of it that sources sent, in columns that a source fills; None if there is none."""
    if held.spec.layer is Layer.BRONZE:
        return held
    mapped = {
        column
        for source in settings.sources
        for feed in source.feeds
        if held.spec.name == f"silver.{feed.table}"
        for column in feed.map
    }
    if not mapped:
        return None
    names = {*mapped, "source_system", "source_record_id"} & {*held.spec.column_names}
    rows = [
        {name: row[name] for name in held.spec.column_names if name in names} for row in held.rows
    ]
    return Held(held.spec, rows, held.withheld, held.redacted)


def _controller(settings: Settings) -> dict[str, str] | None:
    controller = settings.purposes.controller
    return {"name": controller.name, "contact": controller.contact} if controller else None


def _purposes(
    settings: Settings, request: PrivacyRequest, held: Sequence[Held]
) -> list[dict[str, Any]]:
    bases = law_of(settings, request).bases
    named = {name for part in held for name in part.spec.purposes}
    return [
        {
            "name": name,
            "title": purpose.title,
            "text": purpose.text,
            "legal_basis": bases[purpose.legal_basis],
            "recipients": list(purpose.recipients),
        }
        for name, purpose in settings.purposes.purposes.items()
        if name in named
    ]


def _table(settings: Settings, held: Held) -> dict[str, Any]:
    spec = held.spec
    present = [c for c in spec.columns if not held.rows or c.name in held.rows[0]]
    return {
        "name": spec.name,
        "description": spec.description,
        "sources": _sources(settings, spec),
        "purposes": list(spec.purposes),
        "retention_days": spec.retention_days,
        "kept": kept(spec, settings.sources),
        "columns": [
            {"name": c.name, "type": c.type, "description": c.description} for c in present
        ],
        "rows": list(held.rows),
        "withheld": held.withheld,
        "redacted": held.redacted,
    }


def _sources(settings: Settings, spec: TableSpec) -> list[str]:
    """The feeds that a table of bronze or silver is filled from, in words."""
    return [
        f"{source.name} ({source.description.rstrip('.')})"
        for source in settings.sources
        if spec.name == source.bronze_table.name
        or any(spec.name == f"silver.{feed.table}" for feed in source.feeds)
    ]


def _logic(settings: Settings, held: Sequence[Held]) -> list[dict[str, Any]]:
    """How what is derived comes about: what the specs say of it, and the settings that it goes by."""
    derived = (Layer.LINKAGE, Layer.GOLD, Layer.SERVE)
    told = [
        {"about": part.spec.name, "text": part.spec.description, "settings": {}}
        for part in held
        if part.spec.layer in derived
    ]
    facts = settings.facts.model_dump(mode="json", exclude={"money"})
    linkage = settings.linkage.model_dump(mode="json", include={"comparisons", "thresholds"})
    survivorship = settings.survivorship.model_dump(mode="json", include={"trust", "completeness"})
    return [
        *told,
        {
            "about": "interests, journey and visits",
            "text": "Limits that these go by.",
            "settings": facts,
        },
        {
            "about": "recognising you",
            "text": "Records are compared field by field; what agrees speaks for one person, the more the "
            "rarer it is. No decision about you alone rests on it.",
            "settings": linkage,
        },
        {
            "about": "trust and completeness",
            "text": "How values are chosen and scored.",
            "settings": survivorship,
        },
    ]
