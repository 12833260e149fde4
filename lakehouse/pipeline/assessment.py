"""`c360 sources`: every field of every source, how full it is, who may read it and what it feeds."""

import re
from collections.abc import Iterable, Iterator
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold import GOLD_READS
from lakehouse.pipeline.lake import Lake
from lakehouse.report import Grid
from lakehouse.settings.sources import SilverFeed, Source
from lakehouse.silver import DERIVED, SILVER_READS
from lakehouse.silver.paths import ITEM, at, mapped_paths, opened
from lakehouse.storage.releases import current_release
from lakehouse.tables.registry import STATIC_TABLES

_COLUMNS = ("field", "filled %", "sensitivity", "silver columns", "gold columns")
_SPECS = {spec.name: spec for spec in STATIC_TABLES}


def source_grids(lake: Lake) -> list[Grid]:
    """One grid per source, in order of name. Fill rates are those of the current release."""
    versions = current_release(lake.tables).versions
    return [
        _grid(lake, source, versions)
        for source in sorted(lake.settings.sources, key=lambda s: s.name)
    ]


def _grid(lake: Lake, source: Source, versions: dict[str, int]) -> Grid:
    filled = _fill_rates(lake, source, versions)
    nested = nested_fields(source)
    rows: list[tuple[object, ...]] = [
        (
            name,
            filled.get(name, "-"),
            column.sensitivity.value,
            ", ".join(silver_columns(source, name)),
            ", ".join(gold_columns(silver_columns(source, name))),
        )
        for column in source.columns
        for name in (column.name, *(n for n in nested if _column(n) == column.name))
    ]
    described = {*nested, *(column.name for column in source.columns)}
    rows += [
        (name, rate, "unknown: treated as personal", "", "")
        for name, rate in filled.items()
        if name not in described
    ]
    title = (
        f"{source.name} → {source.bronze_table.name} · owner {source.owner} · "
        f"readers {', '.join(source.readers)} · {_freshness(lake, source, versions)}"
    )
    return Grid(title, _COLUMNS, rows)


def _freshness(lake: Lake, source: Source, versions: dict[str, int]) -> str:
    """The feed's limit, and the share of its silver rows that are past it by now."""
    if source.freshness_limit_hours is None:
        return "fresh for ever"
    tables = {f"silver.{feed.table}" for feed in source.feeds} & versions.keys()
    own = [
        lake.tables.read(table, versions[table])
        .where(F.col("source_feed") == source.name)
        .select((F.col("fresh_until_at") < F.current_timestamp()).alias("is_stale"))
        for table in sorted(tables)
    ]
    limit = f"fresh for {source.freshness_limit_hours} h"
    if not own:
        return limit
    is_stale = F.col("is_stale").cast("int")
    share = reduce(DataFrame.unionByName, own).agg(F.avg(is_stale).alias("share")).collect()[0][0]
    return limit if share is None else f"{limit}, {100 * share:.1f} % of its rows are stale"


def _fill_rates(lake: Lake, source: Source, versions: dict[str, int]) -> dict[str, float]:
    table = source.bronze_table.name
    if table not in versions:
        return {}
    frame = lake.tables.read(table, versions[table])
    names = [c.name for c in source.columns]
    row = frame.agg(
        F.count(F.lit(1)).alias("row_total"),
        *(F.count(name).alias(name) for name in names),
    ).collect()[0]
    if not row.row_total:
        return {}
    # A file's unknown columns are few: their names fit the driver.
    unknown = (
        frame.select(F.explode("unknown_columns").alias("name", "value"))
        .groupBy("name")
        .agg(F.count("value").alias("filled"))
        .limit(100)
        .collect()
    )
    counts = {name: row[name] for name in names} | {u.name: u.filled for u in unknown}
    rates = {name: _percent(count, row.row_total) for name, count in counts.items()}
    for feed in source.feeds:
        rates = _nested_rates(frame, source, feed) | rates
    return rates


def _nested_rates(frame: DataFrame, source: Source, feed: SilverFeed) -> dict[str, float]:
    """How full the fields below a column are: of the elements, where the feed has a row for each."""
    # Per element an enclosing field would count as often as the record has elements.
    paths = {
        name: path
        for name, path in _nested_paths(source, feed).items()
        if (feed.each is not None) == (path.split(".")[0] == ITEM)
    }
    if not paths:
        return {}
    row = (
        opened(frame, source, feed)
        .agg(F.count(F.lit(1)), *(F.count(at(path)) for path in paths.values()))
        .collect()[0]
    )
    total, *counts = row
    return {n: _percent(c, total) for n, c in zip(paths, counts, strict=True)} if total else {}


def _percent(count: int, total: int) -> float:
    return round(100 * count / total, 1)


def nested_fields(source: Source) -> list[str]:
    """`address.city` and `lines[].sku`: what feeds take from below a column, in order of first use."""
    found = (_nested_paths(source, feed) for feed in source.feeds)
    return list(dict.fromkeys(name for paths in found for name in paths))


def _nested_paths(source: Source, feed: SilverFeed) -> dict[str, str]:
    """By name of the field, the feed's path to it."""
    paths = (path for paths in _mapping(source, feed).values() for path in paths)
    return {_field(feed, path): path for path in paths if "." in path}


def _field(feed: SilverFeed, path: str) -> str:
    """The name of what a path leads to, the array that it stands in included."""
    head, _, rest = path.partition(".")
    return f"{feed.each}[].{rest}" if head == ITEM else path


def _column(field: str) -> str:
    """The column that a field stands in."""
    return re.split(r"[.\[]", field)[0]


def silver_columns(source: Source, field: str) -> Iterator[str]:
    """`order.status`: columns of silver that a field of the source fills, lineage included."""
    for feed in source.feeds:
        for column, paths in _mapping(source, feed).items():
            fields = {_field(feed, path) for path in paths}
            if field in fields | set(map(_column, fields)):
                yield f"{feed.table}.{column}"


def _mapping(source: Source, feed: SilverFeed) -> dict[str, tuple[str, ...]]:
    """By silver column, the paths into the source that fill it."""
    mapping = {column: mapped_paths(mapped) for column, mapped in feed.map.items()}
    mapping |= {"source_record_id": feed.record_id or source.key, "sequence_at": (source.sequence,)}
    references = {"person_record_key": feed.person, "order_record_key": feed.order}
    for column, reference in references.items():
        if reference is not None:
            named = reference.source
            chosen = () if isinstance(named, str) else mapped_paths(named)
            mapping[column] = (reference.id, *chosen)
    return mapping


def gold_columns(silver_columns: Iterable[str]) -> list[str]:
    """`customer.email`: columns of gold that these columns of silver feed, directly or in steps."""
    fed = {f"silver.{name}" for name in silver_columns}
    derived = {
        f"silver.{name}": tuple(f"silver.{read}" for read in SILVER_READS[name])
        for name in sorted(DERIVED)
    }
    for table, tables in {**derived, **GOLD_READS}.items():
        for column in _SPECS[table].columns:
            if fed & {*column.fed_by, *(f"{name}.{column.name}" for name in tables)}:
                fed.add(f"{table}.{column.name}")
    return sorted(name.removeprefix("gold.") for name in fed if name.startswith("gold."))
