"""Which landing files a run claims for itself, and which it only speaks of."""

from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.ingestion import claim
from lakehouse.pipeline.lake import open_lake
from lakehouse.storage.releases import NO_RELEASE
from lakehouse.tables.ops import LANDING_FILE
from tests.support.lake import DAY_1, small_settings


def test_a_file_of_a_source_that_the_run_leaves_out_is_neither_taken_nor_called_unknown(
    spark: SparkSession, tmp_path: Path
) -> None:
    names = ("newsletter_subscriber-1.csv", "media_spend-1.csv", "newsleter-2.csv", "a.zip")
    day = tmp_path / "landing" / DAY_1.isoformat()
    day.mkdir(parents=True)
    for name in names:
        (day / name).write_text("header\n")
    lake = open_lake(
        small_settings(tmp_path, tmp_path, feeds=("newsletter_subscriber", "media_spend"))
    )
    lake.tables.create(LANDING_FILE)
    chosen = [s for s in lake.settings.sources if s.name == "newsletter_subscriber"]

    claimed = claim(lake, Attempt("day-1", 1, DAY_1, "settings", None, NO_RELEASE), chosen)

    assert {feed: [f.source_file for f in files] for feed, files in claimed.files.items()} == {
        "newsletter_subscriber": ["2026-01-05/newsletter_subscriber-1.csv"]
    }
    assert claimed.unmatched == ["2026-01-05/a.zip", "2026-01-05/newsleter-2.csv"]
