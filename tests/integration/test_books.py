"""Nothing is lost on the way in: the books balance, and what is held is what was planted."""

from pathlib import Path

import pyarrow.parquet as pq
from pyspark.sql import functions as F

from tests.support.lake import FEEDS, SmallLake


def test_every_feeds_books_balance(small_lake: SmallLake) -> None:
    books = small_lake.lake.tables.read("ops.feed_book").collect()
    assert {book.feed for book in books} == set(FEEDS)
    assert all(book.is_balanced and book.in_count > 0 for book in books)


def test_the_rows_held_are_the_rows_planted_each_for_its_reason(
    small_lake: SmallLake, company: Path
) -> None:
    held = small_lake.lake.tables.read("ops.quarantine").select(
        "source_file", "source_row_number", F.explode("reasons").alias("reason")
    )
    taken = {r.source_file for r in small_lake.lake.tables.read("ops.landing_file").collect()}
    planted = {
        (row["file"], row["row_number"], row["reason"])
        for row in pq.read_table(company / "truth" / "poison.parquet").to_pylist()
        if row["file"] in taken
    }
    assert planted
    assert {tuple(row) for row in held.collect()} == planted


def test_a_malformed_row_is_kept_byte_for_byte(small_lake: SmallLake, company: Path) -> None:
    row = (
        small_lake.lake.tables.read("ops.quarantine")
        .where(F.array_contains("reasons", "too_few_columns"))
        .orderBy("source_file", "source_row_number")
        .first()
    )
    assert row is not None
    lines = (company / "landing" / row.source_file).read_bytes().splitlines()
    assert bytes(row.payload) == lines[row.source_row_number]


def test_personal_values_never_reach_deltas_log(small_lake: SmallLake) -> None:
    names = [
        row.family_name
        for row in small_lake.lake.tables.read("silver.person_record").limit(20).collect()
        if row.family_name and len(row.family_name) > 5
    ]
    root = Path(small_lake.settings.lake.root)
    logs = [p for p in root.rglob("_delta_log/*") if p.suffix in {".json", ".crc"}]
    assert names
    assert logs
    assert not [path.name for path in logs for name in names if name.encode() in path.read_bytes()]
