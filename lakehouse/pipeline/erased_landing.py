"""Landing files of an erasure: written anew beside the old ones within the run, put in their place after it.

Readers of the lake see the release; the landing folder they do not see. So nothing of it changes before
the release stands, and what is left to do then can be done again after a kill: a rename, a deletion.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.bronze.landing import INGESTED, REJECTED, layout
from lakehouse.bronze.rewriting import without_records
from lakehouse.errors import ConfigurationError
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.lake import Lake
from lakehouse.privacy.erasure_marks import candidates, mark_of, mark_secret
from lakehouse.settings.erasure import LandingPolicy
from lakehouse.settings.models import Settings
from lakehouse.settings.places import local_path
from lakehouse.storage.kill_points import AFTER_RECORD
from lakehouse.tables.erasure import ERASED_ROW
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import ERASURE, LANDING_FILE

_NEW = ".erased-"
_SAME = (
    *("feed", "source_file", "modified_at", "record_count", "missing_columns"),
    "repeated_columns",
)


def landing_folder(settings: Settings) -> Path | None:
    """The landing folder, where files of it are to be changed; None under the policy `keep`.

    Raises:
        ConfigurationError: files are to be changed, and lie on an object store.
    """
    if settings.erasure.landing is LandingPolicy.KEEP:
        return None
    folder = local_path(settings.lake.landing)
    if folder is None:
        raise ConfigurationError(
            "conf: erasure.landing says that landing files are changed, and these lie on an object store, "
            "which this cannot write to.",
            "set erasure.landing to keep, and let the store's own rules delete them; certificates name them.",
        )
    return folder


@dataclass(frozen=True)
class LandedFile:
    """A landing file with records of the erased: its row of the ledger and the numbers of these records."""

    known: Row
    numbers: frozenset[int]


def prepare_landing(lake: Lake, attempt: Attempt, rows: DataFrame) -> int:
    """Writes each file anew beside the old one, and its ledger row; the ledger's version.

    A file whose bytes are none that the ledger knows is left alone: it is another one, that nobody has
    taken yet.
    """
    folder = landing_folder(lake.settings)
    ledger = lake.released(attempt.base, LANDING_FILE.name)
    written = []
    if folder is not None and lake.settings.erasure.landing is LandingPolicy.REWRITE:
        layouts = {source.name: layout(source) for source in lake.settings.sources}
        for file in landed_files(ledger, rows):
            path = folder / file.known.source_file
            content = _content(path, file.known.file_hash)
            if content is None or file.known.feed not in layouts:
                continue
            new = without_records(content, layouts[file.known.feed], file.numbers)
            _write(_beside(path, attempt.run_id), new, file.known.modified_at)
            written.append(_ledger_row(file.known, attempt.run_id, new))
    frame = local_frame(lake.spark, written, LANDING_FILE.ddl()).coalesce(1)
    return lake.tables.write(frame, LANDING_FILE, attempt.key(LANDING_FILE.name))


def landed_files(ledger: DataFrame, rows: DataFrame) -> list[LandedFile]:
    """The files with these records, also copies of them under other names and those rewritten before."""
    numbers: dict[str, set[int]] = defaultdict(set)
    of_records = F.col("file_hash").isNotNull() & (F.col("table_name") != LANDING_FILE.name)
    for row in rows.where(of_records).toLocalIterator():
        numbers[row.file_hash].add(row.source_row_number)
    original = F.coalesce("original_hash", "file_hash")
    hashes = local_frame(ledger.sparkSession, [(h,) for h in sorted(numbers)], "original string")
    known = (
        ledger.where(F.col("status") != REJECTED)
        .select("*", original.alias("original"))
        .join(F.broadcast(hashes), on="original", how="left_semi")
        .dropDuplicates(["source_file", "file_hash"])
        .orderBy("source_file", "file_hash")
        .collect()
    )
    return [LandedFile(row, frozenset(numbers[row.original])) for row in known]


def settle_landing(lake: Lake, run_id: str, release: Mapping[str, int]) -> dict[str, str]:
    """Puts the new files in the place of the old, or deletes the old; by file, what became of it.

    Doing it again changes nothing.
    """
    folder = landing_folder(lake.settings)
    if folder is None:
        return {}
    ledger = lake.tables.read(LANDING_FILE.name, release[LANDING_FILE.name])
    rows = lake.logged(ERASED_ROW).where(F.col("run_id") == run_id)
    if lake.settings.erasure.landing is LandingPolicy.REWRITE:
        done = _replaced(lake, ledger, folder, run_id)
    else:
        done = _deleted(folder, (file.known for file in landed_files(ledger, rows)))
    # Chosen before the release: one that a process deleted and then died is told of all the same.
    whole = rows.where(F.col("table_name") == LANDING_FILE.name).distinct()
    return done | _deleted(folder, whole.collect())


def _replaced(lake: Lake, ledger: DataFrame, folder: Path, run_id: str) -> dict[str, str]:
    done = {}
    for row in _written(ledger, run_id):
        path = folder / row.source_file
        new = _beside(path, run_id)
        if new.exists() and any(_content(path, known) for known in row.hashes):
            new.replace(path)
            _sync(path.parent)
        # Another file stands there by now: the next run takes that, and this one is nowhere.
        new.unlink(missing_ok=True)
        lake.kill_points.passed("landing", AFTER_RECORD)
        done[row.source_file] = "rewritten"
    return done


def _deleted(folder: Path, files: Iterable[Row]) -> dict[str, str]:
    """Deletes these files (source_file, file_hash), but for those in whose place another stands."""
    done = {}
    for row in files:
        path = folder / row.source_file
        if _content(path, row.file_hash) is not None:
            path.unlink()
        done[row.source_file] = "deleted"
    return done


def _written(ledger: DataFrame, run_id: str) -> list[Row]:
    """source_file, hashes: the files that the run has written anew, and whose place each may take."""
    is_new = (F.col("run_id") == run_id) & (F.col("reason") == ERASURE)
    original = F.coalesce("original_hash", "file_hash").alias("original")
    new = ledger.where(is_new).select("source_file", original).distinct()
    return (
        ledger.where(~F.coalesce(is_new, F.lit(False)))
        .select("source_file", original, "file_hash")
        .join(F.broadcast(new), on=["source_file", "original"], how="left_semi")
        .groupBy("source_file")
        .agg(F.array_sort(F.collect_set("file_hash")).alias("hashes"))
        .collect()
    )


def rejected_files(
    lake: Lake, ledger: DataFrame, marks: Callable[[], DataFrame]
) -> list[tuple[str, str]]:
    """Name and hash of the files of which nothing was ever taken, and in which one of these values stands.

    Args:
        lake: the lake.
        ledger: ops.landing_file.
        marks: gives the `mark` of each value; asked only where there is such a file at all.
    """
    folder = landing_folder(lake.settings)
    if folder is None:
        return []
    rejected = ledger.where(F.col("status") == REJECTED).select("source_file", "file_hash")
    files = [row for row in rejected.distinct().collect() if (folder / row.source_file).is_file()]
    if not files:
        return []
    known = frozenset(row.mark for row in marks().select("mark").distinct().toLocalIterator())
    secret = mark_secret(lake.settings.lake.secret.get_secret_value())

    def is_named(content: bytes | None) -> bool:
        text = "" if content is None else content.decode("utf-8", errors="replace")
        return any(mark_of(found, secret) in known for found in candidates(text))

    named = (row for row in files if is_named(_content(folder / row.source_file, row.file_hash)))
    return sorted((row.source_file, row.file_hash) for row in named)


def _ledger_row(known: Row, run_id: str, new: bytes) -> tuple[object, ...]:
    values = {
        **{name: known[name] for name in _SAME},
        "run_id": run_id,
        "file_hash": sha256(new).hexdigest(),
        "byte_count": len(new),
        "status": INGESTED,
        "reason": ERASURE,
        "original_hash": known.original_hash or known.file_hash,
    }
    return tuple(values[name] for name in LANDING_FILE.column_names)


def _content(path: Path, file_hash: str) -> bytes | None:
    """The file's bytes, if it is there and they are those."""
    content = path.read_bytes() if path.is_file() else b""
    return content if content and sha256(content).hexdigest() == file_hash else None


def _beside(path: Path, run_id: str) -> Path:
    # Spark takes what begins with a dot for hidden: no run ingests it.
    return path.with_name(f"{_NEW}{run_id}-{path.name}")


def _write(path: Path, content: bytes, modified_at: datetime) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    # The moment by which the ledger knows the file, to the nanosecond, which a float would miss.
    nanoseconds = round(modified_at.timestamp() * 1_000_000) * 1_000
    os.utime(path, ns=(nanoseconds, nanoseconds))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
