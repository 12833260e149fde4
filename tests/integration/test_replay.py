"""Records held before bronze come there by a replay, once conf is mended and not before."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.pipeline import runner
from lakehouse.pipeline.lake import Lake, open_lake
from lakehouse.pipeline.replay import replayed
from tests.support.lake import DAY_1, DAY_2, small_settings

FEED = "newsletter_subscriber"
TABLE = f"bronze.{FEED}"
HEADER = "subscriber_id,email,first_name,postcode,country,status,subscribed_on,updated_at"
MOMENTS = {"S1": "2026-01-04T10:00:00Z", "S2": "04.01.2026", "S3": "2026-01-07T10:00:00Z"}


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    """A lake of one feed that has delivered a sound record, one in another form, one of the future."""
    lines = [f"{i},{i}@example.org,Ann,,GB,active,2026-01-01,{at}" for i, at in MOMENTS.items()]
    path = tmp_path / "landing" / "2026-01-05" / f"{FEED}-1.csv"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    made = open_lake(small_settings(tmp_path, tmp_path, feeds=(FEED,)))
    needed = {name: s for name, s in made.specs.items() if name == TABLE or name.startswith("ops.")}
    return replace(made, specs=needed)


def with_formats(lake: Lake, *formats: str) -> Lake:
    (source,) = lake.settings.sources
    mended = source.model_copy(update={"sequence_formats": formats})
    return replace(lake, settings=lake.settings.model_copy(update={"sources": (mended,)}))


def in_bronze(lake: Lake) -> set[str]:
    return {row.subscriber_id for row in lake.tables.read(TABLE).collect()}


def test_a_version_held_for_its_moment_is_appended_when_it_can_be_read_and_has_come(
    lake: Lake,
) -> None:
    runner.run(lake, "day-1", DAY_1, ["bronze"])

    assert in_bronze(lake) == {"S1"}
    rows = lake.tables.read("ops.quarantine").select("source_row_number", F.explode("reasons"))
    assert {tuple(row) for row in rows.collect()} == {
        (2, "unreadable_sequence"),
        (3, "future_sequence"),
    }
    (book,) = lake.tables.read("ops.feed_book").collect()
    assert (book.in_count, book.good_count, book.quarantined_count) == (3, 1, 2)
    assert book.is_balanced

    mended = with_formats(lake, "dd.MM.yyyy", "yyyy-MM-dd'T'HH:mm:ssX")
    assert replayed(mended, "replay-mended", DAY_1, None, None) == {TABLE: 1}
    assert in_bronze(lake) == {"S1", "S2"}

    assert replayed(mended, "replay-next-day", DAY_2, None, "future_sequence") == {TABLE: 1}
    assert in_bronze(lake) == {"S1", "S2", "S3"}
