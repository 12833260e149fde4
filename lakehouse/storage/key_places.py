"""Which tables of data keys there are, and what wraps the keys in them; without Spark."""

from collections import Counter
from collections.abc import Iterable

import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from lakehouse.settings.models import LakeSettings
from lakehouse.settings.places import local_path
from lakehouse.storage.locations import Locations
from lakehouse.storage.wrapping import RUN_KEYS, unwrapped
from lakehouse.tables.ops import OPS_TABLES


def key_tables_of(root: str, tables: Iterable[str]) -> list[str]:
    """The names of the tables of keys that lie there, sorted.

    On an object store those that there may be: the keys of these tables. On a file system also keys of
    tables that nobody names any more.
    """
    folder = local_path(root)
    if folder is None:
        logs = (spec.name for spec in OPS_TABLES if spec.encrypted_columns)
        return sorted({*tables, *logs, RUN_KEYS})
    return sorted(f"{p.parts[-3]}.{p.parts[-2]}" for p in folder.glob("*/*/_delta_log"))


def key_counts(root: str, tables: Iterable[str]) -> dict[tuple[str, int], int]:
    """By table and version of the master key, how many keys there are."""
    counts: Counter[tuple[str, int]] = Counter()
    for name in key_tables_of(root, tables):
        place = Locations(root).path(name)
        try:
            rows = DeltaTable(str(local_path(place) or place)).to_pyarrow_dataset()
        except TableNotFoundError:
            continue
        for batch in rows.to_batches(columns=["master_version"]):
            counts.update((name, version) for version in batch.column(0).to_pylist())
    return dict(counts)


def require_master_keys(lake: LakeSettings) -> None:
    """Unwraps one data key of each table and master key, so that nothing begins that could not read on.

    Of keys on an object store nothing is asked here.

    Raises:
        ConfigurationError: a master key that wraps data keys is not in conf, or is another.
    """
    root, masters = lake.keys_root, lake.master_keys()
    for name in key_tables_of(root, ()) if local_path(root) else ():
        try:
            rows = DeltaTable(str(local_path(Locations(root).path(name)))).to_pyarrow_dataset()
        except TableNotFoundError:
            continue
        versions = pc.unique(rows.to_table(columns=["master_version"])["master_version"])
        for version in versions.to_pylist():
            one = rows.head(1, filter=pc.field("master_version") == version).to_pylist()[0]
            unwrapped(masters, version, one["key_id"], one["wrapped_key"])
