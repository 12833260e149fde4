"""Nothing is lost on the way in: the books balance, and what is held is what was planted."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.ingestion import claim, ingest
from lakehouse.pipeline.lake import open_lake
from lakehouse.storage.delta_tables import WriteKey
from lakehouse.storage.releases import NO_RELEASE
from lakehouse.tables.ops import LANDING_FILE
from lakehouse.tables.spec import TableSpec
from tests.support.lake import DAY_1, FEEDS, SmallLake, small_settings


def test_every_feeds_books_balance(small_lake: SmallLake) -> None:
    books = small_lake.lake.tables.read("ops.feed_book").collect()
    assert {book.feed for book in books} == set(FEEDS)
    assert all(book.is_balanced and book.in_count > 0 for book in books)


def test_a_row_that_is_lost_on_its_way_into_the_table_unbalances_the_book(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = tmp_path / "landing" / DAY_1.isoformat()
    day.mkdir(parents=True)
    header = "subscriber_id,email,first_name,postcode,country,status,subscribed_on,updated_at\n"
    rows = [f"S{n},s{n}@example.org,Ann,,GB,active,2026-01-01,2026-01-04\n" for n in range(4)]
    (day / "newsletter_subscriber-1.csv").write_text(header + "".join(rows))
    lake = open_lake(small_settings(tmp_path, tmp_path, feeds=("newsletter_subscriber",)))
    (source,) = lake.settings.sources
    lake.tables.create(LANDING_FILE)
    lake.tables.create(source.bronze_table)
    attempt = Attempt("day-1", 1, DAY_1, "settings", None, NO_RELEASE)
    files = claim(lake, attempt, [source]).files[source.name]
    write = lake.tables.write

    def written(frame: DataFrame, spec: TableSpec, key: WriteKey, part: str = "") -> int:
        return write(frame.limit(3), spec, key, part)

    monkeypatch.setattr(lake.tables, "write", written)

    book = ingest(lake, attempt, source, files).book

    assert (book.in_count, book.good_count, book.is_balanced) == (4, 3, False)


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


PEOPLE_TABLES = ("silver.person_record", "gold.customer", "gold.customer_contact_point")


def test_personal_values_never_reach_deltas_log(small_lake: SmallLake) -> None:
    values = {
        row[name]
        for table in PEOPLE_TABLES
        for row in small_lake.lake.tables.read(table).collect()
        for name in small_lake.lake.specs[table].personal_columns
        # An account's number is a pseudonym in the feeds that refer to it, and their sources say so.
        if name != "source_record_id" and isinstance(row[name], str) and len(row[name]) > 5
    }
    # The log keeps the columns' comments, in which words such as «female» stand.
    comments = " ".join(
        c.description for spec in small_lake.lake.specs.values() for c in spec.columns
    )
    values = {value for value in values if value not in comments}
    root = Path(small_lake.settings.lake.root)
    logs = [path for path in root.rglob("_delta_log/*") if path.is_file()]
    assert len(values) > 100
    assert logs
    assert not [path.name for path in logs for value in values if value.encode() in read(path)]


def read(log: Path) -> bytes:
    """The file's bytes; a checkpoint's rows as text, since Parquet packs them."""
    if log.suffix != ".parquet":
        return log.read_bytes()
    return str(pq.read_table(log).to_pylist()).encode()
