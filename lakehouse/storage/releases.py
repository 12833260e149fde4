"""Releases: the tables of a run become visible together, by one commit to `ops.release`.

Readers follow the release, not the tables: a run that dies has changed no reader's view, and going
back is one more release that names older versions.
"""

from dataclasses import dataclass

from pyspark.sql import functions as F

from lakehouse.errors import NotFoundError
from lakehouse.storage.delta_tables import DeltaTables

RELEASE = "ops.release"
REVERTED_TO = "reverted to "
"""What the reason of a release begins with that makes an earlier one current again; its number follows."""


@dataclass(frozen=True)
class Release:
    """One release: its number, the run that made it and the version of every table."""

    number: int
    run_id: str
    versions: dict[str, int]


def releases(tables: DeltaTables, newest: int = 1) -> list[Release]:
    """The newest releases, newest first; empty before the first."""
    frame = tables.read(RELEASE)
    last = frame.agg(F.max("release_number").alias("n")).collect()[0].n
    if last is None:
        return []
    rows = (
        frame.where(F.col("release_number") > F.lit(last - newest))
        .select("release_number", "run_id", "table_name", "table_version")
        .collect()
    )
    numbers = sorted({row.release_number for row in rows}, reverse=True)
    return [
        Release(
            number,
            next(row.run_id for row in rows if row.release_number == number),
            {row.table_name: row.table_version for row in rows if row.release_number == number},
        )
        for number in numbers
    ]


def current_release(tables: DeltaTables) -> Release | None:
    """The release that readers see; None before the first."""
    found = releases(tables)
    return found[0] if found else None


def runs_behind(tables: DeltaTables) -> list[str]:
    """The runs that the current release rests on, newest first; none that a revert left behind."""
    rows = tables.read(RELEASE).select("release_number", "run_id", "reason").distinct().collect()
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


def release_of(tables: DeltaTables, number: int) -> Release:
    """The release of that number.

    Raises:
        NotFoundError: there is none.
    """
    newest = current_release(tables)
    for release in releases(tables, newest=(newest.number - number + 1) if newest else 1):
        if release.number == number:
            return release
    raise NotFoundError(
        f"There is no release {number}.", "`c360 release list` shows those there are."
    )
