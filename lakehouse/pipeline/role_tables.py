"""What a role sees of the release, written as tables of its own.

They are for readers of folders: no view keeps them from the files beneath it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from lakehouse import __version__
from lakehouse.errors import InputError
from lakehouse.pipeline.audit import record
from lakehouse.pipeline.bi_server import of_conf
from lakehouse.pipeline.lake import Lake, in_parallel, open_lake
from lakehouse.pipeline.reader_tables import reader_keys
from lakehouse.privacy.masked_frame import masked
from lakehouse.privacy.masking import require_identifiers
from lakehouse.report import Grid, Report
from lakehouse.settings.models import Settings
from lakehouse.settings.places import local_path
from lakehouse.settings.roles import Role
from lakehouse.storage.delta_tables import DeltaTables, WriteKey
from lakehouse.storage.kill_points import KillPoints
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.storage.maintenance import vacuum_before
from lakehouse.storage.releases import Release
from lakehouse.tables.gold import CUSTOMER
from lakehouse.tables.spec import Layer, Sensitivity, TableSpec

FOLDER = "roles"
"""Where roles' tables lie below the lake's root, unless somebody says otherwise."""
_LOOKED_BACK = 20


def export_role(settings: Settings, role: str, to: str | None) -> Report:
    """Writes gold and the data products as the role sees them to `<to>/<role>`; tells the rows of each table.

    `to` is a folder or URI, by default `roles` below the lake's root. A table that has what it would have
    is not written again; what an earlier export held, and the role sees no longer, is deleted.

    Raises:
        AccessError: the session's role may not see identifiers, or the export cannot be recorded.
        InputError: there is no such role, or a table that it may not read any more cannot be deleted.
        NotFoundError: nothing has been released yet.
        AlreadyRunningError: another export to this folder is under way.
    """
    require_identifiers(settings.roles.current)
    if role not in settings.roles.roles:
        raise InputError(f"There is no role {role}.", "`c360 roles list` names those there are.")
    lake = open_lake(settings)
    release = of_conf(lake.release(), settings.products)
    record(settings, action="export", surface="roles export", reason=role, release=release.number)
    place = (to or f"{settings.lake.root}/{FOLDER}").rstrip("/")
    folder = f"{place}/{role}"
    rows = write_role(lake, release, settings.roles.roles[role], folder)
    title = f"Release {release.number} as {role} sees it, below {folder}"
    return Report([Grid(title, ("table", "rows", ""), rows)])


def write_role(lake: Lake, release: Release, role: Role, folder: str) -> list[tuple[str, int, str]]:
    """Makes the folder's tables what the role sees of the release: name, rows, and whether it was written."""
    locks = Locks(folder, lake.settings.lake.lock.value)
    tables = DeltaTables(lake.spark, Locations(folder), locks, KillPoints(None))
    seen = [
        spec
        for spec in lake.specs.values()
        if _is_for_readers(spec) and spec.name in release.versions and role.may_read(spec)
    ]

    def written(spec: TableSpec) -> tuple[str, int, str]:
        is_new = _write(lake, release, role, tables, spec)
        count = tables.row_count(spec.name, tables.version(spec.name))
        return spec.name, count, "written" if is_new else "as it was"

    with locks.run():
        _drop_others(lake, tables, folder, {spec.name for spec in seen})
        rows = in_parallel(written, seen, lake.settings.lake.parallel_steps)
        # An earlier version may hold who is erased, or what the role saw then.
        vacuum_before(lake.spark, tables, [spec.name for spec in seen], datetime.now(UTC))
    return rows


def _is_for_readers(spec: TableSpec) -> bool:
    return spec.layer in (Layer.GOLD, Layer.SERVE)


def _write(lake: Lake, release: Release, role: Role, tables: DeltaTables, spec: TableSpec) -> bool:
    """Writes the table, unless it has this release as this role sees it; True if it was written."""
    keys = reader_keys(lake.settings, role)
    made_by = f"{release.number} {role.model_dump_json()} {keys.version} {__version__}"
    told = f"release {release.number}, {hashlib.sha256(made_by.encode()).hexdigest()[:16]}"
    kept = _without_statistics(spec)
    tables.create(kept)
    written = (commit.key for commit in tables.history(spec.name, _LOOKED_BACK) if commit.key)
    newest = next(written, None)
    if newest is not None and newest.input_digest == told:
        return False
    tables.fit(kept)
    frame = masked(
        lake.released(release, spec.name),
        spec,
        role,
        keys=keys,
        customers=lake.released(release, CUSTOMER.name),
    )
    number = tables.version(spec.name) + 1
    tables.write(frame, kept, WriteKey(f"c360:{FOLDER}", number, told))
    return True


def _without_statistics(spec: TableSpec) -> TableSpec:
    """The table, with no value in Delta's log: no erasure cuts that off, nor one of a role that sees less."""
    columns = (replace(c, sensitivity=Sensitivity.DIRECT_IDENTIFIER) for c in spec.columns)
    return replace(spec, columns=tuple(columns), cluster_by=())


def _drop_others(lake: Lake, tables: DeltaTables, folder: str, seen: Iterable[str]) -> None:
    """Deletes the folder's tables that are not among these: of a purpose that the role has no more, say.

    Raises InputError where that is left to whoever runs the store.
    """
    place = local_path(folder)
    if place is not None:
        there = {f"{p.parts[-3]}.{p.parts[-2]}" for p in place.glob("*/*/_delta_log")}
    else:
        others = filter(_is_for_readers, lake.specs.values())
        there = {spec.name for spec in others if tables.exists(spec.name)}
    left = [name for name in sorted(there - {*seen}) if not tables.drop(name)]
    if left:
        raise InputError(
            f"{', '.join(left)} below {folder} are not the role's any more, and cannot be deleted from here.",
            "delete their folders, then export again.",
        )
