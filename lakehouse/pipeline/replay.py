"""Held rows given another chance after the mend of a rule or of a source's description.

Rows that a silver gate held need no hand: silver is built anew from bronze by every run, so the next run
judges them again. A record that was held before bronze never came there: replay cuts its landing file
again under today's conf, judges it by the rules of bronze, and appends the held records that are sound
now, each under its old file and number.
"""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.bronze.ingest import parsed
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.ingestion import landing_uri, staged_records
from lakehouse.pipeline.lake import Lake
from lakehouse.quality.quarantine import good_rows
from lakehouse.settings.sources import Source
from lakehouse.tables.ops import LANDING_FILE, QUARANTINE

_PLACE = ["source_file", "source_row_number"]


def replayed(
    lake: Lake, run_id: str, as_of: date, table: str | None, reason: str | None
) -> dict[str, int]:
    """By bronze table, how many held records are sound now; appended and released as one.

    `table` and `reason` narrow what is tried. A record that bronze has already is left out.
    """
    counts: dict[str, int] = {}
    with lake.locks.run():
        attempt = attempts.begun(lake, run_id, as_of)
        if attempt.base is None:
            return counts
        versions = {}
        for source in lake.settings.sources:
            if table not in (None, source.bronze_table.name):
                continue
            held = _held(lake, attempt, source, reason)
            files = _files(lake, attempt, held)
            if files:
                name = source.bronze_table.name
                versions[name], counts[name] = _append(lake, attempt, source, held, files)
        attempts.release(lake, attempt, versions, reason="replay")
        attempts.settle(lake, attempt)
    return counts


def _held(lake: Lake, attempt: Attempt, source: Source, reason: str | None) -> DataFrame:
    rows = _released(lake, attempt, QUARANTINE.name).where(
        F.col("table_name") == source.bronze_table.name
    )
    known = _released(lake, attempt, source.bronze_table.name).select(*_PLACE)
    chosen = rows if reason is None else rows.where(F.array_contains("reasons", reason))
    return chosen.select(*_PLACE).join(known, on=_PLACE, how="left_anti")


def _files(lake: Lake, attempt: Attempt, held: DataFrame) -> list[Row]:
    """The ledger's rows of the files that the held records came in."""
    ledger = _released(lake, attempt, LANDING_FILE.name)
    return ledger.join(held.select("source_file"), on="source_file", how="left_semi").collect()


def _append(
    lake: Lake, attempt: Attempt, source: Source, held: DataFrame, files: Sequence[Row]
) -> tuple[int, int]:
    spec = source.bronze_table
    landing = lake.settings.lake.landing
    names = [row.source_file for row in files]
    records = parsed(lake.spark, source, {landing_uri(landing, name): name for name in names})
    secret = lake.settings.lake.secret.get_secret_value()
    staged, _ = staged_records(records, source, attempt, files, secret)
    # A file that was overwritten since is a new file, which the next run takes as such.
    taken = _released(lake, attempt, LANDING_FILE.name)
    sound = (
        good_rows(staged)
        .join(held, on=_PLACE, how="left_semi")
        .join(taken, on=["source_file", "file_hash"], how="left_semi")
        .select(*spec.column_names)
    )
    version = lake.tables.write(sound, spec, attempt.key(spec.name))
    appended = lake.tables.read(spec.name, version).where(F.col("run_id") == attempt.run_id)
    return version, appended.count()


def _released(lake: Lake, attempt: Attempt, table: str) -> DataFrame:
    return lake.tables.read(table, attempt.base_version(table))
