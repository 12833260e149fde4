"""`c360 sources`: every field of every source, how full it is, who may read it and what it feeds."""

from collections.abc import Iterator

from pyspark.sql import functions as F

from lakehouse.gold import GOLD_READS
from lakehouse.pipeline.lake import Lake
from lakehouse.report import Grid
from lakehouse.settings.sources import Mapped, SilverFeed, Source
from lakehouse.storage.releases import current_release

_COLUMNS = ("field", "filled %", "sensitivity", "silver columns", "gold tables")


def source_grids(lake: Lake) -> list[Grid]:
    """One grid per source, in order of name. Fill rates are those of the current release."""
    release = current_release(lake.tables) if lake.tables.exists("ops.release") else None
    versions = release.versions if release else {}
    return [
        _grid(lake, source, versions)
        for source in sorted(lake.settings.sources, key=lambda s: s.name)
    ]


def _grid(lake: Lake, source: Source, versions: dict[str, int]) -> Grid:
    filled = _fill_rates(lake, source, versions)
    rows: list[tuple[object, ...]] = [
        (
            column.name,
            filled.get(column.name, "-"),
            column.sensitivity.value,
            ", ".join(_silver_columns(source, column.name)),
            ", ".join(_gold_tables(source, column.name)),
        )
        for column in source.columns
    ]
    declared = {column.name for column in source.columns}
    rows += [
        (name, rate, "unknown: treated as personal", "", "")
        for name, rate in filled.items()
        if name not in declared
    ]
    title = (
        f"{source.name} → {source.bronze_table.name} · owner {source.owner} · "
        f"readers {', '.join(source.readers)} · fresh for {source.freshness_limit_hours or '∞'} h"
    )
    return Grid(title, _COLUMNS, rows)


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
    rates = {name: row[name] for name in names} | {u.name: u.filled for u in unknown}
    return {name: round(100 * count / row.row_total, 1) for name, count in rates.items()}


def _silver_columns(source: Source, field: str) -> Iterator[str]:
    for feed in source.feeds:
        for column, mapped in feed.map.items():
            if field in _origins(mapped, feed):
                yield f"{feed.table}.{column}"


def _gold_tables(source: Source, field: str) -> list[str]:
    silver = {f"silver.{name.split('.')[0]}" for name in _silver_columns(source, field)}
    return sorted(
        table.removeprefix("gold.") for table, reads in GOLD_READS.items() if silver & set(reads)
    )


def _origins(mapped: str | Mapped, feed: SilverFeed) -> set[str]:
    if isinstance(mapped, str):
        paths: tuple[str, ...] = (mapped,)
    else:
        paths = mapped.join or ((mapped.column,) if mapped.column else ())
    heads = {path.split(".")[0] for path in paths}
    return {feed.each or head if head == "item" else head for head in heads}
