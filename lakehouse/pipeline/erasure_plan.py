"""What an erasure would touch: counts of rows and files by table, landing files, and what stays, why."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import ConflictError
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.erased_exports import exported_places
from lakehouse.pipeline.erased_landing import landed_files, rejected_files
from lakehouse.pipeline.erased_values import erased_value_marks
from lakehouse.pipeline.forgetting import KEY_COLUMNS
from lakehouse.pipeline.lake import Lake, in_parallel
from lakehouse.pipeline.subject_rows import bronze_rows, keys_of
from lakehouse.settings.models import Settings
from lakehouse.storage.releases import Release
from lakehouse.tables.audience import AUDIENCE_EXPORT
from lakehouse.tables.linkage import IDENTITY_EVENT, IDENTITY_MAP
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import LANDING_FILE, PRIVACY_REQUEST
from lakehouse.tables.spec import Layer

ALLOWED = {
    "the audit": "tokens of her ids and record keys, under a key of its own: who read, decided or erased "
    "what, and when; no row of it is ever deleted",
    "ops.suppression": "keyed hashes, so that the person does not come back; gone by lifting",
    "ops.erasure": "the log of the erasure: counts and names of tables, no value",
    "ops.landing_file": "names and hashes of landing files as they were delivered",
    PRIVACY_REQUEST.name: "what was asked, when and how it was answered: keys, keyed hashes and notes, which "
    "are to name nobody and are not searched; gone by retention",
    IDENTITY_EVENT.name: "the retired id, which is never given again: that it was erased, and when; gone by "
    "retention",
    AUDIENCE_EXPORT.name: "the retired id, by which the next run or export tells the destination that she "
    "must go; nothing deletes it",
}
"""Residues of every erasure, by table, and why."""


def planned(
    lake: Lake, attempt: Attempt, erasure_id: str, record_keys: Sequence[str]
) -> dict[str, object]:
    """The plan of an erasure, without anybody's value.

    Args:
        lake: the lake.
        attempt: whose base is the release that is looked at.
        erasure_id: the erasure.
        record_keys: of the person records to erase.

    Raises ConflictError as `require_sources`.
    """
    require_sources(lake, attempt.base)
    schema = "erasure_id string, key string"
    people = local_frame(lake.spark, [(erasure_id, key) for key in record_keys], schema)
    keys = people.unionByName(keys_of(lake, attempt, people)).persist()
    rows = bronze_rows(lake, attempt, keys).persist()
    tables = _bronze(rows) | _others(lake, attempt, keys.select("key").distinct())
    ledger = lake.released(attempt.base, LANDING_FILE.name)
    landing = {file.known.source_file: len(file.numbers) for file in landed_files(ledger, rows)}

    def values() -> DataFrame:
        marks = erased_value_marks(lake, attempt, rows, people, erasure_id)
        return marks.select(F.col("key").alias("mark"))

    rejected = [name for name, _ in rejected_files(lake, ledger, values)]
    customers = _customers(lake, attempt, people)
    # What values were found by, too: it would be planned anew whenever a table that it reads changes.
    lake.spark.catalog.clearCache()
    return {
        "release": attempt.base.number,
        "records": len(record_keys),
        "customers": customers,
        "tables": {name: tables[name] for name in sorted(tables)},
        "landing_policy": lake.settings.erasure.landing.value,
        "landing_files": landing,
        "rejected_files": rejected,
        "stays": stays(lake.settings),
    }


def exports_of(lake: Lake, release: Release, record_keys: Sequence[str]) -> list[str]:
    """Where exports with the people of these records are, as `exported_places` gives them."""
    return exported_places(lake.settings, exported_as(lake, release, record_keys), record_keys)


def exported_as(lake: Lake, release: Release, record_keys: Sequence[str]) -> list[str]:
    """All ids that these records have or had as customers; none where nothing was exported."""
    if not lake.tables.exists(AUDIENCE_EXPORT.name):
        return []
    keys = local_frame(lake.spark, [(key,) for key in record_keys], "record_key string")
    known = lake.released(release, IDENTITY_MAP.name)
    theirs = known.join(F.broadcast(keys), on="record_key", how="left_semi")
    return [row.customer_id for row in theirs.select("customer_id").distinct().collect()]


def require_sources(lake: Lake, release: Release) -> None:
    """Returns if no bronze table is encrypted whose source conf has lost.

    Whose rows it has nobody could tell, and no search could see. What is in the clear the proof finds.

    Raises:
        ConflictError: there is such a table; it is named.
    """
    lost = {t: v for t, v in release.versions.items() if t not in lake.specs}
    hidden = []
    for table in sorted(t for t in lost if t.startswith(f"{Layer.BRONZE}.")):
        ids = lake.tables.key_ids(table, lost[table]) if lake.tables.exists(table) else None
        if ids is not None and not ids.isEmpty():
            hidden.append(table)
    if hidden:
        raise ConflictError(
            f"{', '.join(hidden)}: of these encrypted rows nobody can tell whose they are, as conf has lost "
            "their source; nothing was touched.",
            "put the source back into conf, then try again.",
        )


def stays(settings: Settings) -> dict[str, str]:
    """By table or place, what stays of every erasure under these settings, and why."""
    held = settings.erasure.held_tables(settings.sources)
    kept = {"landing files": "conf: erasure.landing is keep"}
    is_kept = settings.erasure.landing.value == "keep"
    return ALLOWED | {t: f"hold: {why}" for t, why in held.items()} | (kept if is_kept else {})


def _bronze(rows: DataFrame) -> dict[str, dict[str, int]]:
    counted = rows.groupBy("table_name").agg(
        F.count(F.lit(1)).alias("rows"),
        F.countDistinct("source_file", "file_hash").alias("files"),
    )
    return {r.table_name: {"rows": r.rows, "landing_files": r.files} for r in counted.collect()}


def _others(lake: Lake, attempt: Attempt, keys: DataFrame) -> dict[str, dict[str, int]]:
    """Rows by which other tables tell of these records, and the files that they lie in."""

    def counted(table: str) -> tuple[str, int, int]:
        columns = [name for name in KEY_COLUMNS if name in lake.specs[table].column_names]
        rows = lake.released(attempt.base, table).select(
            F.col("_metadata.file_path").alias("file"),
            F.monotonically_increasing_id().alias("row"),
            F.explode(F.array_distinct(F.array(*map(F.col, columns)))).alias("key"),
        )
        found = rows.join(F.broadcast(keys), on="key", how="left_semi").agg(
            F.countDistinct("row").alias("rows"), F.countDistinct("file").alias("files")
        )
        row = found.collect()[0]
        return table, row["rows"], row.files

    named = [
        table
        for table in attempt.base.versions
        if table in lake.specs
        and lake.specs[table].layer is not Layer.BRONZE
        and {*KEY_COLUMNS} & {*lake.specs[table].column_names}
        and lake.tables.exists(table)
    ]
    found = in_parallel(counted, named, lake.settings.lake.parallel_steps)
    return {table: {"rows": rows, "files": files} for table, rows, files in found if rows}


def _customers(lake: Lake, attempt: Attempt, people: DataFrame) -> int:
    """Customers whom these records are of, wholly or in part."""
    known = lake.released(attempt.base, IDENTITY_MAP.name)
    keys = F.broadcast(people.select(F.col("key").alias("record_key")))
    theirs = known.join(keys, on="record_key", how="left_semi")
    return theirs.where(F.col("valid_to").isNull()).select("customer_id").distinct().count()
