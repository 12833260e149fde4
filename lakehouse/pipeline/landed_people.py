"""The person records that the next run would come to, by what has landed since too; no table is written."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.bronze.record_frames import parsed
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.held import PLACE
from lakehouse.pipeline.ingestion import ingested_paths, landed_files, staged_records
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.suppression import suppressed_now, suppressed_rows
from lakehouse.quality.bronze_suite import SEQUENCE_AT
from lakehouse.quality.gate import gate, require_passed
from lakehouse.quality.quarantine import flagged, good_rows
from lakehouse.quality.rules import Suite
from lakehouse.quality.suites import read_suites
from lakehouse.settings.places import expectations_dir
from lakehouse.settings.sources import Source
from lakehouse.silver import bronze_reads, silver_table
from lakehouse.storage.releases import Release
from lakehouse.tables.conform import conformed
from lakehouse.tables.ops import LANDING_FILE
from lakehouse.tables.registry import GATED_TABLES
from lakehouse.tables.silver import PERSON_RECORD

_RUN_ID = "link-preview"


def landed_people(lake: Lake, release: Release, as_of: date, folder: Path) -> DataFrame | None:
    """silver.person_record as a run of that day would make it; None where no file of people has landed.

    By the steps of a run: what cannot be cut, breaks a rule or is of somebody suppressed is left out.
    The frame stands in `folder`.

    Raises:
        QualityGateError: the gate would stop such a run.
        InputError: there is no landing folder.
    """
    sources = bronze_reads(PERSON_RECORD.entity, lake.settings.sources)
    ledger = lake.released(release, LANDING_FILE.name)
    landed, _ = landed_files(lake, ledger, sources, as_of, _RUN_ID)
    files: dict[str, list[Row]] = defaultdict(list)
    for row in landed.collect():
        files[row.feed].append(row)
    if not files:
        return None
    attempt = Attempt(_RUN_ID, 0, as_of, "", None, release)
    suppressed = suppressed_now(lake)
    bronze = {
        s.name: _bronze(lake, attempt, s, files.get(s.name, []), suppressed, folder)
        for s in sources
    }
    secret = lake.settings.lake.secret.get_secret_value()
    made = silver_table(
        PERSON_RECORD.entity, bronze, lake.settings.sources, {}, secret=secret, as_of=as_of
    )
    suite = read_suites(expectations_dir(), GATED_TABLES)[PERSON_RECORD.name]
    staged = flagged(conformed(made, PERSON_RECORD), suite, PERSON_RECORD)
    return _sound(staged, suite, folder / PERSON_RECORD.name)


def _bronze(
    lake: Lake,
    attempt: Attempt,
    source: Source,
    files: Sequence[Row],
    suppressed: DataFrame | None,
    folder: Path,
) -> DataFrame:
    """The feed's released rows and those of its new files."""
    spec = source.bronze_table
    released = conformed(lake.released(attempt.base, spec.name), spec)
    paths = ingested_paths(lake, files)
    if not paths:
        return released
    records = parsed(lake.spark, source, paths)
    if suppressed is not None:
        rows = suppressed_rows(lake, attempt, source, records, suppressed)
        records = records.join(F.broadcast(rows), on=PLACE, how="left_anti")
    secret = lake.settings.lake.secret.get_secret_value()
    staged, suite = staged_records(records, source, attempt, files, secret)
    return released.unionByName(_sound(staged, suite, folder / spec.name).drop(SEQUENCE_AT))


def _sound(staged: DataFrame, suite: Suite, place: Path) -> DataFrame:
    """The rows that no rule holds, kept in `place`."""
    staged.write.parquet(str(place))
    kept = staged.sparkSession.read.parquet(str(place))
    require_passed([gate(kept, suite)])
    return good_rows(kept)
