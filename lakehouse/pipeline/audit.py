"""Who did what to whose data: `record` adds to the lake's audit, and nothing is shown without it."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from lakehouse.errors import AccessError, AuditError, ConfigurationError, InputError
from lakehouse.privacy.audit_chain import (
    BEGINNING,
    Head,
    Keys,
    Row,
    chain_faults,
    line_of,
    read_line,
    sealed,
    unsealed,
)
from lakehouse.report import Grid, Report
from lakehouse.settings.audit import machine_user
from lakehouse.settings.models import Settings
from lakehouse.settings.places import local_path
from lakehouse.storage.audit_log import AuditLog, Tail

_BEGUN_ANEW = "begun anew"


def record(
    settings: Settings,
    *,
    action: str,
    surface: str,
    subjects: Iterable[str] = (),
    count: int | None = None,
    purpose: str | None = None,
    reason: str = "",
    release: int | None = None,
) -> None:
    """Adds one row to the audit, which is on the disk when this returns: call it before showing or doing.

    Nothing in it may tell who somebody is, as no row is ever taken out. The settings say who acts.

    Args:
        settings: of the lake.
        action: what is done: read, search, decide, request, erase, export, …
        surface: where: the command, such as `show`.
        subjects: ids of the customers (or keys of the records) that it is about; kept as tokens.
        count: of how many; by default the number of subjects.
        purpose: what for; by default the purposes of the role.
        reason: why, by a code or a number such as a request's.
        release: of which release.

    Raises AccessError if it cannot be recorded, and so must not be done.
    """
    tokens = [_keys(settings).token(subject) for subject in sorted(set(subjects))]
    _append(
        settings,
        {
            "action": action,
            "surface": surface,
            "subjects": tokens,
            "count": len(tokens) if count is None else count,
            "purpose": purpose or ", ".join(settings.roles.current.purposes),
            "reason": reason,
            "release": release,
        },
    )


def _append(settings: Settings, told: Row) -> None:
    user = machine_user()
    row = {
        **told,
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "actor": settings.audit.actor or user,
        "machine_user": user,
        "role": settings.roles.reader,
    }
    log = audit_log(settings)
    try:
        log.append(_following(row, _keys(settings)))
    except OSError as error:
        raise AccessError(
            f"The audit cannot be written to {log.path.parent} ({type(error).__name__}), and what is "
            "not recorded is not done.",
            "let this user write there and at the head beside it, or name other places: audit.folder "
            "and audit.head_file.",
        ) from None


def _following(told: Row, keys: Keys) -> Callable[[Tail, bytes | None], tuple[bytes, bytes]]:
    def make(tail: Tail, kept: bytes | None) -> tuple[bytes, bytes]:
        last = None if tail.last is None else read_line(tail.last, keys)
        before = Head(0, BEGINNING) if last is None else Head(last["number"], last["hash"])
        head = None if kept is None else unsealed(kept, keys)
        is_strange = (tail.last is not None and last is None) or (kept is not None and head is None)
        is_cut = head is not None and (
            head.count > before.count or (head.count == before.count and head != before)
        )
        if is_strange or is_cut:
            raise AccessError(
                "The end of the audit is not what was last written, so nothing is added to it and "
                "nothing is done.",
                "run `c360 audit verify`, and put the audit and its head back from a copy.",
            )
        row = {**told, "torn_bytes": tail.torn} if tail.torn else told
        if last is not None and kept is None:
            row = {**row, "head": _BEGUN_ANEW}
        line, after = line_of(row, before, keys)
        return line, sealed(after, keys)

    return make


def audit_log(settings: Settings) -> AuditLog:
    """The audit of the lake. Raises ConfigurationError if the lake is no folder and conf names none."""
    root, said = local_path(settings.lake.root), settings.audit
    if root is None and (said.folder is None or said.head_file is None):
        raise ConfigurationError(
            f"The lake {settings.lake.root} is no folder, and conf does not say where its audit lies.",
            "set audit.folder and audit.head_file.",
        )
    beside = Path() if root is None else root.with_name(f"{root.name}.audit-head.json")
    folder = said.folder or (root or Path()) / "_audit"
    return AuditLog(folder, said.head_file or beside)


def _keys(settings: Settings) -> Keys:
    return Keys.of(settings.lake.secret.get_secret_value())


def audit_list(settings: Settings, *, subject: str | None, most: int) -> Report:
    """The newest rows of the audit, or of those about a customer."""
    lines, _, _ = audit_log(settings).content()
    keys = _keys(settings)
    rows = [row for line in lines if (row := read_line(line, keys)) is not None]
    if subject is not None:
        token = keys.token(subject)
        rows = [row for row in rows if token in row["subjects"]]
    unread = len(lines) - len(rows) if subject is None else 0
    warnings = [f"{unread} lines cannot be read: run `c360 audit verify`."] if unread else []
    if not rows:
        none = "The audit has no such row." if subject else "The audit has no row that can be read."
        return Report(lines=[none], warnings=warnings)
    shown = [
        (row["number"], row["at"][:19], row["actor"], row["role"], row["action"], row["surface"],
         row["count"], row["subjects"][0][:12] if row["subjects"] else "", row["reason"])
        for row in reversed(rows[-most:])
    ]  # fmt: skip
    heading = ("row", "at (UTC)", "who", "role", "did", "where", "of", "subject", "why")
    return Report([Grid("Audit", heading, shown)], [f"{len(rows):,} rows."], warnings)


def audit_verify(settings: Settings, *, copied_head: Path | None = None) -> Report:
    """Whether the audit is whole, by the head that is kept beside it and by a copy of an earlier one.

    Raises:
        AuditError: a row was changed, left out, doubled or moved, or the end was cut.
        InputError: the copy cannot be read.
    """
    log, keys = audit_log(settings), _keys(settings)
    lines, torn, kept = log.content()
    heads = [("The head", kept)]
    if copied_head is not None:
        heads.append(("The copied head", _content_of(copied_head)))
    faults: dict[str, None] = {}
    for name, content in heads:
        head = None if content is None else unsealed(content, keys)
        faults |= dict.fromkeys(chain_faults(lines, head, keys))
        if content is not None and head is None:
            faults[f"{name} was changed, or was made by another secret."] = None
    if faults:
        raise AuditError(
            f"The audit in {log.path} is not whole. {' '.join(faults)}",
            "compare it with a copy, and find out who could write there.",
        )
    warnings = [
        f"The head was begun anew at row {row['number']}: an end that was cut before it would not be seen."
        for line in lines
        if (row := read_line(line, keys)) is not None and "head" in row
    ]
    if kept is None:
        warnings.append(f"No head is kept at {log.head_path}: a cut end would not be seen.")
    if not lines and kept is None:
        warnings.append("Nothing was ever recorded here, or all of it was deleted, the head too.")
    if torn:
        warnings.append(
            f"A process died while it wrote: {torn} bytes of a row that was never acted on stand at the "
            "end, and the next row takes their place."
        )
    return Report(lines=[f"The audit is whole: {len(lines):,} rows."], warnings=warnings)


def _content_of(head_file: Path) -> bytes:
    try:
        return head_file.read_bytes()
    except OSError as error:
        raise InputError(
            f"The copied head cannot be read ({type(error).__name__}).",
            "name a copy of the file that audit.head_file names.",
        ) from None
