"""Rows whose retention has passed are deleted, by a run of its own that makes a release without them.

Silver, and what is made from it, lacks them with the next run. Earlier releases keep them until
vacuum, under its own rule: whoever reads one now goes on reading.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.audit import record
from lakehouse.pipeline.lake import Lake, open_lake
from lakehouse.pipeline.legal_holds import held_keys, spared
from lakehouse.report import Grid, Report
from lakehouse.settings.models import Settings
from lakehouse.silver.expired import expired
from lakehouse.tables.ops import PRIVACY_REQUEST, QUARANTINE, RESTRICTION, RETENTION
from lakehouse.tables.spec import Layer, TableSpec

_UNKNOWN_STAY = "rows that name no record stay while any record is under a hold"


@dataclass(frozen=True)
class Outlived:
    """What of a table has outlived its retention: the keys of its rows; None where a hold keeps them.

    `note` says what stays although it is old enough to go.
    """

    spec: TableSpec
    days: int
    keys: DataFrame | None
    note: str = ""


def retention(settings: Settings, *, as_of: date, preview: bool) -> Report:
    """Deletes what has outlived its retention on that day, or with `preview` counts it.

    Raises:
        AlreadyRunningError: another run has this lake; nothing was touched.
        NotFoundError: there is no release yet.
    """
    lake = open_lake(settings)
    with lake.locks.run():
        lake.release()
        if preview:
            counts = [(o, _count(o)) for o in outlived(lake, as_of)]
            return _report(counts, "rows to delete", "Nothing was deleted.")
        record(settings, action="expire", surface="privacy retention", reason=f"of {as_of}")
        attempt = attempts.begin(lake, f"retention-{datetime.now(UTC):%Y%m%dT%H%M%S}", as_of)
        done, versions = [], {}
        for one in outlived(lake, as_of):
            rows = 0
            if one.keys is not None:
                deleted = lake.tables.delete(one.spec, one.keys)
                rows = deleted.row_count
                if rows and one.spec.name in attempt.base.versions:
                    versions[one.spec.name] = deleted.version
            done.append((one, rows))
        attempts.release(lake, attempt, versions, reason=RETENTION)
        attempts.settle(lake, attempt)
    return _report(
        done, "rows deleted", "The next run makes silver, linkage and gold without them."
    )


def outlived(lake: Lake, as_of: date) -> Iterator[Outlived]:
    """By table that rows expire from, those that do on that day, but for those about records under a hold."""
    settings = lake.settings
    attempt = Attempt("retention", 0, as_of, "", None, lake.release())
    people = held_keys(lake, attempt, as_of)
    held = {**settings.erasure.held_tables(settings.sources), **settings.retention.held(as_of)}
    day = datetime.combine(as_of, time(), tzinfo=UTC)
    sources = {source.bronze_table.name: source for source in settings.sources}
    for spec in lake.specs.values():
        if spec.retention_from is None or not lake.tables.exists(spec.name):
            continue
        source = sources.get(spec.name)
        days = spec.retention_days
        before = day - timedelta(days=days)
        if spec.name in held:
            yield Outlived(spec, days, None, f"held: {held[spec.name]}")
        elif source is not None:
            old = expired(lake.tables.read(spec.name), source, before)
            yield Outlived(spec, days, spared(lake, attempt, spec, old, people))
        elif spec.layer is not Layer.BRONZE:
            rows = lake.tables.read(spec.name)
            # A table that no run has made since its spec gained the column waits for the next one.
            if spec.retention_from in rows.columns:
                is_old = F.col(spec.retention_from).cast("timestamp") < F.lit(before)
                old = rows.where(is_old)
                if spec.name == PRIVACY_REQUEST.name:
                    old = _of_old_requests(old, rows, lake.logged(RESTRICTION))
                keys = spared(lake, attempt, spec, old, people)
                is_in_doubt = people is not None and spec.name == QUARANTINE.name
                yield Outlived(spec, days, keys, _UNKNOWN_STAY if is_in_doubt else "")


def _of_old_requests(old: DataFrame, steps: DataFrame, restrictions: DataFrame) -> DataFrame:
    """The old steps of requests all of whose steps are old, unless they limit something still.

    A request goes whole: what is left of one could not be read, and a limit could not be lifted.
    """
    younger = steps.join(old, on=[*PRIVACY_REQUEST.primary_key], how="left_anti")
    limits = restrictions.groupBy("record_key", "request_id", "purpose").agg(
        F.max("restricted_to").alias("restricted_to")
    )
    standing = limits.where(F.col("restricted_to").isNull())
    kept = younger.select("request_id").unionByName(standing.select("request_id"))
    return old.join(kept, on="request_id", how="left_anti")


def _count(one: Outlived) -> int:
    if one.keys is None:
        return 0
    return int(one.keys.agg(F.count(F.lit(1)).alias("n")).collect()[0].n)


def _report(counts: list[tuple[Outlived, int]], heading: str, line: str) -> Report:
    rows = [(one.spec.name, one.days, n, one.note) for one, n in counts if n or one.note]
    grid = Grid("Retention", ("table", "days", heading, "note"), rows)
    total = sum(n for _, n in counts)
    return Report(grids=[grid] if rows else [], lines=[f"{total:,} {heading}. {line}"])
