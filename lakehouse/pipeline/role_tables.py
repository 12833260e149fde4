"""What a role sees of the release, written as tables of its own.

They are for readers of folders: no view keeps them from the files beneath it.
"""

import hashlib
import uuid
from collections.abc import Set
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
from lakehouse.settings.places import is_same, local_path
from lakehouse.settings.roles import Role
from lakehouse.storage.copied_tables import require_apart
from lakehouse.storage.delta_tables import DeltaTables, WriteKey
from lakehouse.storage.kill_points import KillPoints
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.storage.maintenance import vacuum_before
from lakehouse.storage.releases import Release
from lakehouse.tables.audience import ROLE_EXPORT
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_PERMITTED
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.spec import Layer, Sensitivity, TableSpec

FOLDER = "roles"
"""Where roles' tables lie below the lake's root, unless somebody says otherwise."""
_APP = f"c360:{FOLDER}"
"""Under which an export writes; what another has written is not its to replace or delete."""
_LAYERS = (Layer.GOLD, Layer.SERVE)
_LOOKED_BACK = 20


def export_role(settings: Settings, role: str, to: str | None) -> Report:
    """Writes gold and the data products as the role sees them to `<to>/<role>`; tells the rows of each table.

    `to` is a folder or URI, by default `roles` below the lake's root. A table that has what it would have
    is not written again; what an earlier export held, and the role sees no longer, is deleted.

    Raises:
        AccessError: the session's role may not see identifiers, or the export cannot be recorded.
        InputError: there is no such role, the folder is, holds or lies in one of the lake's own, a table that
            no export wrote is in the way, or one that the role may not read any more cannot be deleted.
        NotFoundError: nothing has been released yet.
        AlreadyRunningError: another export to this folder is under way.
    """
    require_identifiers(settings.roles.current)
    if role not in settings.roles.roles:
        raise InputError(f"There is no role {role}.", "`c360 roles list` names those there are.")
    own = f"{settings.lake.root.rstrip('/')}/{FOLDER}"
    place = (to or own).rstrip("/")
    folder = f"{place}/{role}"
    if not is_same(folder, f"{own}/{role}"):
        require_apart(settings.lake, folder)
    lake = open_lake(settings)
    release = of_conf(lake.release(), settings.products)
    record(settings, action="export", surface="roles export", reason=role, release=release.number)
    _log(lake, role, folder, release)
    rows = write_role(lake, release, settings.roles.roles[role], folder)
    title = f"Release {release.number} as {role} sees it, below {folder}"
    return Report([Grid(title, ("table", "rows", ""), rows)])


def _log(lake: Lake, role: str, folder: str, release: Release) -> None:
    """Says where the role's tables lie before they do: an erasure looks for them there."""
    place = local_path(folder)
    destination = folder if place is None else str(place.resolve())
    row = (role, destination, release.number, datetime.now(UTC))
    lake.tables.create(ROLE_EXPORT)
    number = lake.tables.version(ROLE_EXPORT.name) + 1
    lake.tables.write(
        local_frame(lake.spark, [row], ROLE_EXPORT.ddl()).coalesce(1),
        ROLE_EXPORT,
        WriteKey(f"c360:{ROLE_EXPORT.name}", number, uuid.uuid4().hex),
    )


def role_folders(lake: Lake) -> dict[str, str]:
    """By folder the role whose tables exports wrote there: as logged, and what lies below the lake's root."""
    own = local_path(f"{lake.settings.lake.root.rstrip('/')}/{FOLDER}")
    found = own.iterdir() if own is not None and own.is_dir() else ()
    logged = lake.logged(ROLE_EXPORT).select("destination", "role").distinct().collect()
    below = {str(place.resolve()): place.name for place in found if place.is_dir()}
    return dict(sorted({**below, **{row.destination: row.role for row in logged}}.items()))


def tables_at(lake: Lake, folder: str) -> DeltaTables:
    """The tables of the folder, in the clear: what its role may not see is not in them."""
    locks = Locks(folder, lake.settings.lake.lock.value)
    return DeltaTables(lake.spark, Locations(folder), locks, KillPoints(None))


def exported_tables(lake: Lake, tables: DeltaTables, folder: str) -> list[str]:
    """The names of the tables that exports wrote to the folder, in order."""
    return sorted(n for n in _tables_below(lake, tables, folder) if tables.is_written_by(n, _APP))


def write_role(
    lake: Lake, release: Release, role: Role | None, folder: str
) -> list[tuple[str, int, str]]:
    """Makes the folder's tables what the role sees of the release: name, rows, and whether it was written.

    Tables that no export wrote stay as they are. Without a role nobody sees any: what exports wrote goes.

    Raises InputError where one of these is in the way, or what the role sees no longer cannot be deleted.
    """
    tables = tables_at(lake, folder)
    seen = [
        spec
        for spec in lake.specs.values()
        if _is_for_readers(spec)
        and spec.name in release.versions
        and role is not None
        and role.may_read(spec)
    ]

    def written(spec: TableSpec) -> tuple[str, int, str]:
        is_new = role is not None and _write(lake, release, role, tables, spec)
        count = tables.row_count(spec.name, tables.version(spec.name))
        return spec.name, count, "written" if is_new else "as it was"

    with Locks(folder, lake.settings.lake.lock.value).run():
        _make_room(lake, tables, folder, {spec.name for spec in seen})
        rows = in_parallel(written, seen, lake.settings.lake.parallel_steps)
        # An earlier version may hold who is erased, or what the role saw then.
        vacuum_before(lake.spark, tables, [spec.name for spec in seen], datetime.now(UTC))
    return rows


def _is_for_readers(spec: TableSpec) -> bool:
    return spec.layer in _LAYERS


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
    # All of it is written anew below, so that no row would keep a type of before.
    tables.fit(kept, is_made_anew=True)
    frame = masked(
        lake.released(release, spec.name),
        spec,
        role,
        keys=keys,
        customers=lake.released(release, CUSTOMER.name),
        permitted=lake.released(release, CUSTOMER_PERMITTED.name),
    )
    number = tables.version(spec.name) + 1
    tables.write(frame, kept, WriteKey(_APP, number, told))
    return True


def _without_statistics(spec: TableSpec) -> TableSpec:
    """The table, with no value in Delta's log: no erasure cuts that off, nor one of a role that sees less."""
    columns = (replace(c, sensitivity=Sensitivity.DIRECT_IDENTIFIER) for c in spec.columns)
    return replace(spec, columns=tuple(columns), cluster_by=())


def _make_room(lake: Lake, tables: DeltaTables, folder: str, seen: Set[str]) -> None:
    """Deletes what exports wrote and is not among these: of a purpose that the role has no more, say.

    Raises InputError where that is left to whoever runs the store, or rows of others lie where these go.
    """
    tables.finish_drops()
    there = _tables_below(lake, tables, folder)
    of_others = {name for name in there if not tables.is_written_by(name, _APP)}
    # What an export that was killed has created, and did not fill, has no row.
    taken = [n for n in sorted(of_others & seen) if tables.row_count(n, tables.version(n))]
    if taken:
        raise InputError(
            f"{', '.join(taken)} below {folder} were not written by an export; nothing was touched.",
            "name another folder by --to, or move these tables away.",
        )
    left = [name for name in sorted(there - of_others - seen) if not tables.drop(name)]
    if left:
        raise InputError(
            f"{', '.join(left)} below {folder} are not the role's any more, and cannot be deleted from here.",
            "delete their folders, then export again.",
        )


def _tables_below(lake: Lake, tables: DeltaTables, folder: str) -> Set[str]:
    """The folder's tables of the layers that an export writes; of a store those alone that have specs."""
    place = local_path(folder)
    if place is None:
        return {n for n, spec in lake.specs.items() if _is_for_readers(spec) and tables.exists(n)}
    # Without a commit in its log a table was never made.
    commits = (c for layer in _LAYERS for c in place.glob(f"{layer}/*/_delta_log/*.json"))
    made = {commit.parents[1] for commit in commits if commit.stem.isdigit()}
    return {f"{table.parent.name}.{table.name}" for table in made if "." not in table.name}
