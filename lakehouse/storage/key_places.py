"""Which tables of data keys there are, and what wraps the keys in them; without Spark."""

from collections import Counter
from collections.abc import Iterable

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from lakehouse.settings.places import local_path
from lakehouse.storage.locations import Locations
from lakehouse.storage.wrapping import RUN_KEYS
from lakehouse.tables.ops import QUARANTINE


def key_tables_of(root: str, tables: Iterable[str]) -> list[str]:
    """The names of the tables of keys that lie there, sorted.

    On an object store those that there may be: the keys of these tables. On a file system also keys of
    tables that nobody names any more.
    """
    folder = local_path(root)
    if folder is None:
        return sorted({*tables, QUARANTINE.name, RUN_KEYS})
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
