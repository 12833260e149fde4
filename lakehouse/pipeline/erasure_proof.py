"""The proof of an erasure: old files deleted once they may be, every file searched, a signed certificate."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from pyspark.sql import Row
from pyspark.sql import functions as F

from lakehouse import __version__
from lakehouse.errors import ConflictError, InputError, NotErasedError
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline.erased_exports import (
    DELETED,
    STUCK,
    delete_exported,
    exported_places,
    told_as,
)
from lakehouse.pipeline.erased_role_tables import (
    NOT_MADE,
    make_role_tables_anew,
    searched_folders,
    tokens_in_role_tables,
)
from lakehouse.pipeline.erasure_log import (
    EXECUTED,
    FAILED_PROOF,
    PLANNED,
    PROVED,
    Case,
    case,
    cases_of,
    record,
)
from lakehouse.pipeline.erasure_plan import stays
from lakehouse.pipeline.forgetting import is_about_people
from lakehouse.pipeline.lake import Lake
from lakehouse.privacy import byte_scan
from lakehouse.privacy.byte_scan import Finder, Scan
from lakehouse.privacy.certificate import signed
from lakehouse.privacy.erasure_marks import CUSTOMER, RECORD, VALUE, mark_of, mark_secret
from lakehouse.settings.erasure import LandingPolicy
from lakehouse.settings.models import Settings
from lakehouse.settings.places import local_path
from lakehouse.storage.locations import Locations
from lakehouse.storage.log_truncation import truncate_log
from lakehouse.storage.maintenance import vacuum_before
from lakehouse.storage.releases import current_release, release_of
from lakehouse.storage.sealed_files import sealed_content
from lakehouse.storage.wrapping import RUN_KEYS
from lakehouse.tables.audience import AUDIENCE_EXPORT
from lakehouse.tables.erasure import ERASED_ROW, ERASURE_MARK, SUPPRESSION
from lakehouse.tables.linkage import IDENTITY_EVENT
from lakehouse.tables.ops import PRIVACY_REQUEST, RELEASE
from lakehouse.tables.silver import PERSON_RECORD


def prove(
    lake: Lake,
    erasure_id: str,
    *,
    retention_hours: int | None = None,
    identifiers: Sequence[str] = (),
) -> dict[str, object]:
    """Deletes the old files, searches all that are left, and returns the certificate.

    Erasures that one run carried out are proved together. Of one that is proved it returns the certificate
    that was given: what to look for is deleted then, and a search would find nothing, whatever is there.

    Args:
        lake: the lake.
        erasure_id: one of them.
        retention_hours: instead of conf's; less only where nobody has an earlier release open.
        identifiers: values of the person, to be searched for in every encoding too; kept nowhere.

    Raises:
        NotFoundError: there is no such erasure.
        InputError: it is not executed, or readers may still have files open that are to go.
        AlreadyRunningError: another run has this lake; nothing was touched.
        ConflictError: nothing is left of what it looks for.
        NotErasedError: something is left; the files are named.
    """
    found = case(lake, erasure_id)
    executed = _step(found, EXECUTED, "c360 privacy erase execute comes first.")
    ids = [str(name) for name in _listed(found.detail(EXECUTED)["erasures"])]
    with lake.locks.run():
        waiting = [c for c in cases_of(lake, ids) if PROVED not in c.steps]
        if waiting:
            _require_age(_moment(executed), _hours(lake, retention_hours))
            _prove(lake, ids, waiting, executed, identifiers)
        # Last, and again if that was killed: without them nothing could be proved any more.
        _forget_marks(lake, ids, executed.run_id)
    return case(lake, erasure_id).detail(PROVED)


def _prove(
    lake: Lake,
    ids: Sequence[str],
    waiting: Sequence[Case],
    executed: Row,
    identifiers: Sequence[str],
) -> None:
    """Deletes and searches as of all these erasures, and logs the certificates of those that have none."""
    _require_marks(lake, ids)
    exports = _exports(lake, ids, waiting[0])
    role_tables = _role_tables(lake, ids)
    _vacuum(lake, executed)
    _cut_logs(lake, executed)
    scan = _scan(lake, ids, identifiers)
    if scan.hits or scan.unreadable:
        _not_erased(lake, ids, scan)
    outside = {"exports": exports, "role_tables": role_tables}
    certificates = _certificates(lake, waiting, scan, outside)
    record(lake, [*certificates], PROVED, certificates.__getitem__, run_id=executed.run_id)


def _require_marks(lake: Lake, ids: Sequence[str]) -> None:
    of_records = F.col("erasure_id").isin(*ids) & (F.col("kind") == RECORD)
    marked = lake.logged(ERASURE_MARK).where(of_records).select("erasure_id").distinct()
    if lacking := {*ids} - {row.erasure_id for row in marked.collect()}:
        raise ConflictError(
            f"{ERASURE_MARK.name} does not tell any more what to look for of erasure "
            f"{', '.join(sorted(lacking))}: a search would find nothing, whatever is there.",
            f"put {ERASURE_MARK.name} back from a backup, then prove it again.",
        )


def _exports(lake: Lake, ids: Sequence[str], executed: Case) -> dict[str, str]:
    """What became of exports with these people; also of one that had begun before they were erased.

    Raises NotErasedError if there is one that cannot be deleted; it is named.
    """
    told = executed.detail(EXECUTED).get("exports")
    before = told if isinstance(told, dict) else {}
    of_people = F.col("erasure_id").isin(*ids) & F.col("kind").isin(CUSTOMER, RECORD)
    marks = lake.logged(ERASURE_MARK).where(of_people).select("kind", "mark").collect()
    customers, records = ([m.mark for m in marks if m.kind == k] for k in (CUSTOMER, RECORD))
    places = {*before, *exported_places(lake.settings, customers, records)}
    number = executed.steps[EXECUTED].release_number
    found = delete_exported(lake.settings, places, number)
    if stuck := [place for place, state in found.items() if state == STUCK]:
        record(lake, ids, FAILED_PROOF, {"exports": stuck})
        raise NotErasedError(
            f"Exports with them cannot be deleted: {', '.join(stuck[:20])}.",
            "delete their files with people as somebody who may, and prove it again; where an archive is, "
            "the note of its request tells.",
        )
    return found | {told_as(p): DELETED for p, state in before.items() if state == DELETED}


def _role_tables(lake: Lake, ids: Sequence[str]) -> dict[str, str]:
    """What became of tables of roles; also of those that an export wrote which began before the erasure.

    Raises NotErasedError if some cannot be made anew; they are named.
    """
    found = make_role_tables_anew(lake)
    if stuck := [folder for folder, state in found.items() if state == NOT_MADE]:
        record(lake, ids, FAILED_PROOF, {"role_tables": stuck})
        raise NotErasedError(
            f"Tables of roles cannot be made anew or deleted: {', '.join(stuck[:20])}.",
            "see to it that this user may write there and that no other tables are in their way, or delete "
            "the folder; then prove it again.",
        )
    return found


def _step(found: Case, step: str, next_step: str) -> Row:
    if step not in found.steps:
        raise InputError(f"The erasure {found.erasure_id} is not {step}.", next_step)
    return found.steps[step]


def _listed(names: object) -> list[object]:
    return list(names) if isinstance(names, list) else []


def _moment(logged: Row) -> datetime:
    """When the step was logged."""
    at: datetime = logged.recorded_at.astimezone(UTC)
    return at


def _hours(lake: Lake, given: int | None) -> int:
    return lake.settings.erasure.retention_hours if given is None else given


def _released_at(lake: Lake, release_number: int) -> datetime:
    rows = lake.tables.read(RELEASE.name).where(F.col("release_number") == release_number)
    micros = rows.agg(F.unix_micros(F.min("released_at")).alias("at")).collect()[0].at
    return datetime.fromtimestamp(micros / 1_000_000, UTC)


def _require_age(executed_at: datetime, hours: int) -> None:
    free_at = executed_at + timedelta(hours=hours)
    if datetime.now(UTC) < free_at:
        raise InputError(
            f"Files from before the erasure stay until {free_at:%Y-%m-%d %H:%M} UTC, as readers may have "
            "them open (conf: erasure.retention_hours); nothing was touched.",
            "prove it then; or, where nobody reads an earlier release any more, with --retention-hours 0.",
        )


def _vacuum(lake: Lake, executed: Row) -> None:
    """Deletes what left any table before the release without the person.

    Of tables outside of releases what left them before the erasure was executed: they lose her rows last.
    """
    outside = _outside_of_releases(lake)
    named = {*lake.specs, *current_release(lake.tables).versions} - {*outside}
    there = sorted(name for name in named if lake.tables.exists(name))
    released_at = _released_at(lake, executed.release_number)
    vacuum_before(lake.spark, lake.tables, there, released_at)
    vacuum_before(lake.spark, lake.tables, outside, _moment(executed))


def _outside_of_releases(lake: Lake) -> list[str]:
    """The tables with rows about people that no release names."""
    named = (n for n, spec in lake.specs.items() if is_about_people(spec))
    return sorted(n for n in named if n in attempts.LOG_TABLES and lake.tables.exists(n))


def _cut_logs(lake: Lake, executed: Row) -> None:
    """Cuts the logs off below the release without the person; of tables outside of releases, below now."""
    versions = dict(release_of(lake.tables, executed.release_number).versions)
    for table in _outside_of_releases(lake):
        versions[table] = lake.tables.sealed(table, executed.run_id)
    for table, version in versions.items():
        _cut_log(lake, table, version)


def _cut_log(lake: Lake, table: str, version: int) -> None:
    folder = local_path(Locations(lake.settings.lake.root).path(table))
    if folder is not None:
        truncate_log(folder, version)


def _scan(lake: Lake, ids: Sequence[str], identifiers: Sequence[str]) -> Scan:
    marks = lake.logged(ERASURE_MARK).where(F.col("erasure_id").isin(*ids)).select("kind", "mark")
    key = mark_secret(lake.settings.lake.secret.get_secret_value())
    rows = marks.collect()
    looked_for = {
        (row.kind, row.mark if row.kind == VALUE else mark_of(row.mark, key)) for row in rows
    }
    # Of the log of identities nothing but the id may stay, with the event that it is erased.
    log = local_path(Locations(lake.settings.lake.root).path(IDENTITY_EVENT.name))
    logs = {} if log is None else {IDENTITY_EVENT.name: log}
    finder = Finder({mark for _, mark in looked_for}, key, identifiers)
    folders = searched_folders(lake)
    left_out = [*_left_out(lake), *logs.values(), *folders.values()]
    unsealed = partial(sealed_content, lake=lake.settings.lake)
    found = byte_scan.scan(places(lake.settings), finder, left_out, unsealed)
    but_ids = Finder({mark for kind, mark in looked_for if kind != CUSTOMER}, key, identifiers)
    # A token of hers lies in removed.csv of exports too, and may.
    tokens = tokens_in_role_tables(lake, (row.mark for row in rows if row.kind != VALUE))
    shown = {mark for _, mark in looked_for} | {mark_of(token, key) for token in tokens}
    of_roles = byte_scan.scan(folders, Finder(shown, key, identifiers), opened=unsealed)
    return found + byte_scan.scan(logs, but_ids) + of_roles


def places(settings: Settings) -> dict[str, Path]:
    """Every place of the lake on this machine's file system, by name.

    Raises:
        ConflictError: the tables do not lie where files can be read byte by byte.
    """
    root, landing = local_path(settings.lake.root), local_path(settings.lake.landing)
    if root is None or settings.lake.catalog_prefix is not None:
        raise ConflictError(
            "The tables of this lake do not lie on a file system of this machine, and cannot be searched.",
            "mount them, name the mount as lake.root, and prove the erasure there.",
        )
    named = {
        "lake": root,
        "work": settings.lake.work_dir,
        "logs": settings.logging.folder,
        "data docs": settings.quality.data_docs,
        "models": settings.linkage.models,
    }
    is_kept = settings.erasure.landing is LandingPolicy.KEEP
    return named if landing is None or is_kept else {**named, "landing": landing}


def _left_out(lake: Lake) -> list[Path]:
    """The residues that are allowed to stay, and what the search itself goes by."""
    locations = Locations(lake.settings.lake.root)
    # Of a person record a hold leaves no trace of whom is erased: other feeds fill that table too.
    held = {*lake.settings.erasure.held_tables(lake.settings.sources)} - {PERSON_RECORD.name}
    by_key = (PRIVACY_REQUEST.name, AUDIENCE_EXPORT.name)
    tables = [SUPPRESSION.name, ERASURE_MARK.name, ERASED_ROW.name, *by_key, *held]
    folders = [local_path(locations.path(table)) for table in tables]
    landing = local_path(lake.settings.lake.landing)
    patterns = [
        source.file_pattern
        for source in lake.settings.sources
        if source.name in lake.settings.erasure.holds
    ]
    files = [path for pattern in patterns if landing for path in landing.glob(pattern)]
    return [*(folder for folder in folders if folder is not None), *files]


def _not_erased(lake: Lake, ids: Sequence[str], scan: Scan) -> None:
    detail = {"files_with_hits": dict(scan.hits), "unreadable": scan.unreadable}
    record(lake, ids, FAILED_PROOF, detail)
    left = ", ".join(sorted({*scan.hits, *scan.unreadable})[:20])
    raise NotErasedError(
        f"{sum(scan.hits.values())} values are left in {len(scan.hits)} files, and "
        f"{len(scan.unreadable)} files cannot be read: {left}.",
        "see what these files are (a log, an export, a copy), delete or correct them, and prove it again.",
    )


def _certificates(
    lake: Lake, waiting: Sequence[Case], scan: Scan, outside: Mapping[str, Mapping[str, str]]
) -> dict[str, Mapping[str, object]]:
    """By erasure its certificate; all of them were carried out by one run.

    `outside` says what became of exports and of tables of roles.
    """
    done = waiting[0].detail(EXECUTED)
    executed = waiting[0].steps[EXECUTED]
    number = executed.release_number
    before = release_of(lake.tables, number - 1).versions
    after = release_of(lake.tables, number).versions
    shared: Mapping[str, object] = {
        "carried_out_with": done["erasures"],
        "deleted_rows": done["deleted_rows"],
        "landing_files": done["landing_files"],
        **outside,
        "release": number,
        "versions": {t: [before.get(t), version] for t, version in sorted(after.items())},
        "executed_at": _moment(executed).isoformat(timespec="seconds"),
        "proved_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "scanner": byte_scan.VERSION,
        "code": __version__,
        "files_searched": scan.files,
        "bytes_searched": scan.bytes,
        "searched_sha256": scan.sha256,
        "hits": 0,
        "places_searched": sorted({**places(lake.settings), **searched_folders(lake)}),
        "stays": stays(lake.settings),
        "not_searched": _not_searched(lake),
    }
    secret = lake.settings.lake.secret.get_secret_value()
    return {found.erasure_id: signed({**_of_plan(found), **shared}, secret) for found in waiting}


def _of_plan(found: Case) -> Mapping[str, object]:
    plan = found.detail(PLANNED)
    return {
        "erasure_id": found.erasure_id,
        "request_id": found.steps[PLANNED].request_id,
        "records": plan["records"],
        "planned_tables": plan["tables"],
        "held": plan.get("held", {}),
    }


def _not_searched(lake: Lake) -> str:
    outside = (
        "backups, exports that were carried on, tables of roles that lie on a store or were exported "
        "before ops.role_export was kept, swap, copies that others made; "
        "numbers of eight digits or fewer, which are sizes and amounts elsewhere"
    )
    # Keys of runs tell of rows from before it was turned off.
    if not (lake.settings.lake.encryption.at_rest or lake.encryption.has_keys(RUN_KEYS)):
        return outside
    return (
        f"{outside}; values that are encrypted in bronze, quarantine, silver and linkage: these tables are "
        "searched by keys and by what is in the clear alone"
    )


def _forget_marks(lake: Lake, ids: Sequence[str], run_id: str) -> None:
    """Deletes what the erasure worked on, and its files with it: nobody reads these tables."""
    marks = lake.tables.read(ERASURE_MARK.name).where(F.col("erasure_id").isin(*ids))
    lake.tables.delete(ERASURE_MARK, marks.select("erasure_id").distinct())
    rows = lake.tables.read(ERASED_ROW.name).where(F.col("run_id") == run_id)
    lake.tables.delete(ERASED_ROW, rows.select("run_id").distinct())
    names = (ERASURE_MARK.name, ERASED_ROW.name)
    vacuum_before(lake.spark, lake.tables, names, datetime.now(UTC))
    for name in names:
        _cut_log(lake, name, lake.tables.sealed(name, run_id))


def certificate(lake: Lake, erasure_id: str) -> str:
    """The certificate of a proved erasure, as JSON.

    Raises:
        NotFoundError: there is no such erasure.
        InputError: it is not proved.
    """
    found = case(lake, erasure_id)
    _step(found, PROVED, "c360 privacy erase prove does that.")
    return json.dumps(found.detail(PROVED), indent=2, sort_keys=True)
