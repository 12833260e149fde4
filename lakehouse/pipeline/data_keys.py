"""Data keys of the lake: dropped when no row needs them any more, wrapped by another master key, counted."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import reduce

from pyspark.sql import DataFrame

from lakehouse.pipeline import audit
from lakehouse.pipeline.attempt import require_data_keys
from lakehouse.pipeline.lake import Lake, open_lake
from lakehouse.report import Grid, Report
from lakehouse.settings.models import Settings
from lakehouse.storage.key_places import key_counts, key_tables_of, require_master_keys
from lakehouse.storage.releases import current_release, kept_rows
from lakehouse.storage.wrapping import RUN_KEYS
from lakehouse.tables.ops import OPS_TABLES
from lakehouse.tables.spec import Layer, has_record_keys


def drop_unused_keys(lake: Lake) -> dict[str, int]:
    """Drops for good the data keys that no row of a kept release has; by table of keys how many.

    What only earlier versions and copies of files hold can be read by nobody then. Kept is no release from
    before people were erased. Whoever calls it holds the lake (`lake.locks.run`).
    """
    with _no_decisions(lake):
        used = _used_keys(lake)
        return {table: lake.encryption.drop_unused(table, keys) for table, keys in used.items()}


@contextmanager
def _no_decisions(lake: Lake) -> Iterator[None]:
    """Keeps people from adding to logs whose rows have keys: a key is there a moment before its row."""
    with ExitStack() as held:
        for spec in OPS_TABLES:
            if spec.encrypted_columns:
                held.enter_context(lake.locks.table(spec.name))
        yield


def _used_keys(lake: Lake) -> dict[str, DataFrame]:
    """By table of keys, the ids (key_id) that a table has as it stands now or in a kept release."""
    kept = kept_rows(lake.tables, lake.settings.lake.keep_releases)
    versions: dict[str, set[int | None]] = defaultdict(lambda: {None})
    for row in kept.select("table_name", "table_version").distinct().collect():
        versions[row.table_name].add(row.table_version)
    found: dict[str, list[DataFrame]] = defaultdict(list)
    for name in sorted({*lake.specs, *versions}):
        is_built = name.startswith((f"{Layer.SILVER}.", f"{Layer.LINKAGE}."))
        place = name if has_record_keys(name) else RUN_KEYS
        if not (is_built or has_record_keys(name)) or not lake.encryption.has_keys(place):
            continue
        if lake.tables.exists(name):
            ids = [lake.tables.key_ids(name, version) for version in versions[name]]
            found[place] += [i for i in ids if i is not None]
    return {table: reduce(DataFrame.unionByName, ids) for table, ids in found.items() if ids}


def rotate(settings: Settings) -> Report:
    """Wraps every data key by the newest master key, and rewrites no row of the lake.

    Raises:
        AlreadyRunningError: another run has this lake; nothing was touched.
        ConfigurationError: a master key that wraps data keys is not in conf, or is another, or the keys of a
            table are not there.
    """
    require_master_keys(settings.lake)
    lake = open_lake(settings)
    newest = max(settings.lake.master_keys())
    with lake.locks.run():
        audit.record(
            settings, action="rotate", surface="privacy keys rotate", reason=f"to {newest}"
        )
        release = current_release(lake.tables)
        # Else "0 keys were wrapped" would be said of keys whose place is not mounted.
        require_data_keys(lake, release)
        # Of a source that conf has lost, bronze is in the release still, and is read by its keys.
        named = {*lake.specs, *release.versions}
        tables = key_tables_of(settings.lake.keys_root, named)
        with _no_decisions(lake):
            rows = [(name, lake.encryption.rewrap(name)) for name in tables]
    grid = Grid("Data keys", ("keys of", "wrapped anew"), [row for row in rows if row[1]])
    done = f"{sum(n for _, n in rows):,} keys were wrapped by master key {newest}; all others were."
    return Report(
        [grid] if grid.rows else [], [done, "A former master key may be taken from conf."]
    )


def status(settings: Settings) -> Report:
    """What the lake's data keys are wrapped by, without Spark."""
    lake = settings.lake
    counts = key_counts(lake.keys_root, {s.bronze_table.name for s in settings.sources})
    rows = [(table, version, n) for (table, version), n in sorted(counts.items())]
    known = lake.master_keys()
    state = "on" if lake.encryption.at_rest else "off: what is written is in the clear"
    lines = [f"Encryption is {state}. Data keys lie in {lake.keys_root}."]
    if lacking := sorted({version for _, version in counts} - known.keys()):
        lines.append(f"Master keys {', '.join(map(str, lacking))} are not in conf: put them back.")
    if any(version != max(known) for _, version in counts):
        lines.append("`c360 privacy keys rotate` wraps all of them by the newest.")
    return Report([Grid("Data keys", ("keys of", "master key", "keys"), rows)], lines)
