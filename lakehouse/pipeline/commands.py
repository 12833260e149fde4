"""What the `c360` commands and the jobs do, each as one function from settings to a report."""

from collections.abc import Sequence
from datetime import date, datetime

from pyspark.sql import functions as F

from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline import runner
from lakehouse.pipeline.lake import Lake, in_parallel, open_lake
from lakehouse.pipeline.runner import RunOutcome
from lakehouse.report import Grid, Report
from lakehouse.settings.models import Settings
from lakehouse.storage.maintenance import vacuum as vacuum_tables
from lakehouse.storage.releases import RELEASE, current_release
from lakehouse.tables.ops import QUARANTINE


def run(
    settings: Settings, *, run_id: str | None, as_of: date, only: Sequence[str] = ()
) -> Report:
    """Carries out one run. Without a run id the day is its name: one run a day.

    Raises:
        LakehouseError: whatever stops a run; nothing is released then.
    """
    return run_report(carried_out(settings, run_id=run_id, as_of=as_of, only=only))


def carried_out(
    settings: Settings, *, run_id: str | None, as_of: date, only: Sequence[str] = ()
) -> RunOutcome:
    """The outcome of one run, whose results also stand in the Data Docs."""
    lake = open_lake(settings)
    name = run_id or f"day-{as_of.isoformat()}"
    return runner.run(lake, name, as_of, only)


def run_report(outcome: RunOutcome) -> Report:
    """What a person wants to know of a run."""
    if outcome.status == runner.ALREADY_DONE:
        return Report(lines=[f"Run {outcome.run_id} had succeeded before; nothing was changed."])
    books = Grid(
        "Records by feed",
        ("feed", "in", "good", "quarantined", "duplicate", "rejected", "balanced"),
        [
            (b.feed, b.in_count, b.good_count, b.quarantined_count, b.duplicate_count,
             b.rejected_count, "yes" if b.is_balanced else "NO")
            for b in outcome.books
        ],
    )  # fmt: skip
    gates = Grid(
        "Gates that had something to say",
        ("table", "verdict", "rows", "held", "reasons"),
        [
            (o.table, o.verdict.value, o.row_count, o.held_count, _reasons(o.reasons))
            for o in sorted(outcome.outcomes, key=lambda o: o.table)
            if o.verdict.value != "pass"
        ],
    )
    gate_seconds = sum(outcome.gate_seconds.values())
    return Report(
        grids=[grid for grid in (books, gates) if grid.rows],
        lines=[
            f"Run {outcome.run_id} {outcome.status} in {outcome.seconds:.0f} s "
            f"(gates {gate_seconds:.0f} s of all steps' {sum(outcome.step_seconds.values()):.0f} s)."
        ],
        warnings=[
            f"{file} was rejected ({reason}{': ' + columns if columns else ''}); "
            "its feed brought nothing from it, all others went on."
            for file, reason, columns in outcome.rejected_files
        ],
    )


def release_list(settings: Settings) -> Report:
    """The releases, newest first."""
    lake = open_lake(settings)
    if not lake.tables.exists(RELEASE):
        return Report(lines=["There is no release yet."])
    newest = current_release(lake.tables)
    rows = (
        lake.tables.read(RELEASE)
        .groupBy("release_number", "run_id", "reason")
        .agg(F.max("released_at").alias("released_at"), F.count(F.lit(1)).alias("tables"))
        .orderBy(F.col("release_number").desc())
        .limit(settings.lake.keep_releases)
        .collect()
    )
    grid = Grid(
        "Releases",
        ("release", "run", "made by", "released at (UTC)", "tables", "current"),
        [
            (r.release_number, r.run_id, r.reason, f"{r.released_at:%Y-%m-%d %H:%M:%S}", r.tables,
             "yes" if newest and r.release_number == newest.number else "")
            for r in rows
        ],
    )  # fmt: skip
    return Report(grids=[grid])


def release_rollback(settings: Settings, release_number: int) -> Report:
    """Makes an earlier release current again."""
    lake = open_lake(settings)
    with lake.locks.run():
        attempts.revert(lake, release_number)
    return Report(lines=[f"Readers now see what release {release_number} held."])


def quarantine_list(settings: Settings) -> Report:
    """Rows held, by table, feed and reason."""
    lake = open_lake(settings)
    rows = (
        lake.tables.read(QUARANTINE.name, _released(lake, QUARANTINE.name))
        .select("table_name", "source_feed", F.explode("reasons").alias("reason"), "run_id")
        .groupBy("table_name", "source_feed", "reason", "run_id")
        .agg(F.count(F.lit(1)).alias("rows"))
        .orderBy("table_name", "source_feed", "reason", "run_id")
        .limit(500)
        .collect()
    )
    columns = ("table_name", "source_feed", "reason", "run_id", "rows")
    return Report(grids=[Grid("Quarantine", columns, [tuple(row) for row in rows])])


def compact(settings: Settings) -> Report:
    """Joins small files of every table."""
    lake = open_lake(settings)
    with lake.locks.run():
        names = [name for name in lake.specs if lake.tables.exists(name)]
        in_parallel(lake.tables.compact, names, settings.lake.parallel_steps)
        attempts.republish(lake, "compaction")
    return Report(lines=[f"Compacted {len(names)} tables."])


def vacuum(settings: Settings) -> Report:
    """Deletes files that no live release needs."""
    lake = open_lake(settings)
    with lake.locks.run():
        hours = vacuum_tables(lake.spark, lake.tables, lake.specs, settings.lake.keep_releases)
    return Report(
        lines=[
            f"Deleted files that left their table more than {hours} h ago; "
            f"the newest {settings.lake.keep_releases} releases stay readable."
        ]
    )


def _released(lake: Lake, table: str) -> int:
    release = current_release(lake.tables)
    return release.versions.get(table, 0) if release else 0


def _reasons(reasons: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()) if count)
