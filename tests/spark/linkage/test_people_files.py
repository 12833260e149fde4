"""Accuracy on people files with known truth; skipped where they are not at hand."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.linkage.evaluate import evaluate
from lakehouse.linkage.people import link_people
from lakehouse.settings.linkage import LinkageSettings

from .conftest import by

FILES = Path(__file__).parents[4] / "shared" / "reference" / "people"


@pytest.mark.skipif(not FILES.is_dir(), reason="no people files beside the checkout")
@pytest.mark.parametrize(
    ("name", "engine", "least_f1"),
    [
        ("febrl3", "duckdb", 0.997),
        ("febrl3", "spark", 0.997),
        ("splink_historical_50k", "duckdb", 0.85),
        pytest.param("splink_historical_50k", "spark", 0.85, marks=pytest.mark.slow),
    ],
)
def test_people_are_found_without_labels_or_tuning(
    spark: SparkSession,
    settings: LinkageSettings,
    tmp_path: Path,
    name: str,
    engine: str,
    least_f1: float,
) -> None:
    people = spark.read.parquet(str(FILES / f"{name}.parquet"))
    truth = spark.read.parquet(str(FILES / f"{name}.truth.parquet"))
    clusters = link_people(people, by(settings, engine), None, str(tmp_path)).clusters
    assert evaluate(clusters, truth).f1 >= least_f1
