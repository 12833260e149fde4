"""Tables of roles in an erasure: planned, made anew without the people, and searched for their tokens.

The folders are those that `c360 roles export` logged, and what lies below the lake's root. A copy that
somebody made of such a folder is out of reach.
"""

from collections.abc import Iterable
from pathlib import Path

from pyspark.errors import PySparkException

from lakehouse.errors import InputError
from lakehouse.pipeline.bi_server import of_conf
from lakehouse.pipeline.erased_exports import OUT_OF_REACH
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.reader_tables import reader_keys
from lakehouse.pipeline.role_tables import exported_tables, role_folders, tables_at, write_role
from lakehouse.privacy.tokens import tokens_of_all_versions
from lakehouse.settings.places import local_path
from lakehouse.storage.releases import Release

MADE_ANEW, DELETED = "made anew", "deleted: conf has no such role"
NOT_MADE = "cannot be made anew"


def planned_role_tables(lake: Lake) -> dict[str, dict[str, int]]:
    """By place of each table of a role its rows and files, all of which are written anew."""
    planned = {}
    for folder in role_folders(lake):
        tables = tables_at(lake, folder)
        for name in [] if _is_gone(folder) else exported_tables(lake, tables, folder):
            planned[f"{folder}/{name.replace('.', '/')}"] = {
                "rows": tables.row_count(name, tables.version(name)),
                "files": len(tables.read(name).inputFiles()),
            }
    return planned


def make_role_tables_anew(lake: Lake) -> dict[str, str]:
    """Makes the tables of each role what it sees of the newest release, and deletes earlier files.

    Doing it again changes nothing. Tables of a role that conf does not have any more are deleted.

    Returns:
        By folder, what became of it.

    Raises AlreadyRunningError where an export to one of the folders is under way.
    """
    release = of_conf(lake.release(), lake.settings.products)
    return {f: _made_anew(lake, release, role, f) for f, role in role_folders(lake).items()}


def _made_anew(lake: Lake, release: Release, name: str, folder: str) -> str:
    if _is_gone(folder):
        return OUT_OF_REACH
    role = lake.settings.roles.roles.get(name)
    try:
        write_role(lake, release, role, folder)
    except (InputError, OSError, PySparkException):
        return NOT_MADE
    return DELETED if role is None else MADE_ANEW


def _is_gone(folder: str) -> bool:
    """True of a folder of this machine that is not there; of a store nobody asks."""
    place = local_path(folder)
    return place is not None and not place.is_dir()


def searched_folders(lake: Lake) -> dict[str, Path]:
    """By a name for people to read, the folders on this machine's file system."""
    places = {f"tables of {r} in {f}": local_path(f) for f, r in role_folders(lake).items()}
    return {name: place for name, place in places.items() if place is not None}


def tokens_in_role_tables(lake: Lake, keys: Iterable[str]) -> set[str]:
    """What tables of roles may show in the place of these ids and keys of records: tokens of any version."""
    roles = lake.settings.roles.roles
    named = {role for role in role_folders(lake).values() if role in roles}
    by_role = [reader_keys(lake.settings, roles[name]) for name in named]
    return {t for key in keys for known in by_role for t in tokens_of_all_versions(known, key)}
