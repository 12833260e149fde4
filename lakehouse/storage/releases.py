"""Releases: the tables of a run become visible together, by one commit to `ops.release`.

Readers follow the release, not the tables: a run that dies has changed no reader's view, and going
back is one more release that names older versions.
"""

from dataclasses import dataclass, field
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.storage.delta_tables import DeltaTables
from lakehouse.tables.ops import ERASURE, RELEASE, REVERTED_TO


@dataclass(frozen=True)
class Release:
    """One release: its number, the run that made it and the version of every table.

    `definitions` has by which definition the rows of each data product were made, `made_for` the day
    of the run that made them.
    """

    number: int
    run_id: str
    versions: dict[str, int]
    definitions: dict[str, str] = field(default_factory=dict)
    made_for: dict[str, date] = field(default_factory=dict)


NO_RELEASE = Release(0, "", {})
"""What stands before the first release."""


def current_release(tables: DeltaTables) -> Release:
    """The release that readers see; before the first one that is numbered 0 and names no table."""
    if not tables.exists(RELEASE.name):
        return NO_RELEASE
    newest = tables.read(RELEASE.name).agg(F.max("release_number").alias("number")).collect()[0]
    return release_of(tables, newest.number or 0)


def release_of(tables: DeltaTables, number: int) -> Release:
    """The release of that number; where there is none, one that names no table."""
    releases = tables.read(RELEASE.name).where(F.col("release_number") == number)
    told = ("run_id", "table_name", "table_version")
    rows = releases.select(
        *told, _known(releases, "definition"), _known(releases, "made_for")
    ).collect()
    return Release(
        number,
        rows[0].run_id if rows else "",
        {row.table_name: row.table_version for row in rows},
        {row.table_name: row.definition for row in rows if row.definition},
        {row.table_name: row.made_for for row in rows if row.made_for},
    )


def released_definitions(tables: DeltaTables) -> set[tuple[str, str]]:
    """Pairs of a data product's table and a definition by which some release has it."""
    releases = tables.read(RELEASE.name)
    told = releases.select("table_name", _known(releases, "definition")).where(
        "definition IS NOT NULL"
    )
    return {(row.table_name, row.definition) for row in told.distinct().collect()}


def _known(releases: DataFrame, name: str) -> Column:
    """The column, which lakes have since the first run that tells it."""
    if name in releases.columns:
        return F.col(name)
    return F.lit(None).cast(RELEASE.column(name).type).alias(name)


def kept_rows(tables: DeltaTables, keep_releases: int) -> DataFrame:
    """The rows of ops.release of the newest releases, whose versions vacuum spares.

    These releases and no others can be made current again: none from before people were erased.
    """
    oldest = max(current_release(tables).number - keep_releases + 1, newest_erasure(tables))
    return tables.read(RELEASE.name).where(F.col("release_number") >= oldest)


def newest_erasure(tables: DeltaTables) -> int:
    """The number of the newest release from which people were erased; 0 where there is none."""
    erasures = tables.read(RELEASE.name).where(F.col("reason") == ERASURE)
    return int(erasures.agg(F.max("release_number").alias("number")).collect()[0].number or 0)


def runs_behind(tables: DeltaTables) -> list[str]:
    """The runs that the current release rests on, newest first; none that a revert left behind."""
    rows = (
        tables.read(RELEASE.name).select("release_number", "run_id", "reason").distinct().collect()
    )
    by_number = {row.release_number: row for row in rows}
    number, found = max(by_number, default=0), []
    while number in by_number:
        row = by_number[number]
        if row.reason.startswith(REVERTED_TO):
            number = int(row.reason.removeprefix(REVERTED_TO))
        else:
            found.append(row.run_id)
            number -= 1
    return found
