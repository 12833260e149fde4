"""Accuracy on people files with known truth; skipped where they are not at hand."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.linkage.evaluate import evaluate
from lakehouse.linkage.people import link_people
from lakehouse.settings.linkage import LinkageSettings

from .conftest import by

FILES = Path(__file__).parents[4] / "shared" / "reference" / "people"


# By file, the figure to reach of the folder's README, which gives three digits.
FIGURES = {
    "febrl1": 0.999,
    "febrl2": 0.998,
    "febrl3": 0.999,
    "febrl4": 0.999,
    "febrl_dsgen_dedup_C_10000": 0.996,
    "febrl_dsgen_link_F_10000": 0.996,
    "splink_fake_1000": 0.92,
    "rldata500": 0.97,
    "secondstring_census": 0.85,
    "splink_historical_50k": 0.85,
}


def f1_of(
    spark: SparkSession, settings: LinkageSettings, work: Path, name: str, engine: str
) -> float:
    people = spark.read.parquet(str(FILES / f"{name}.parquet"))
    truth = spark.read.parquet(str(FILES / f"{name}.truth.parquet"))
    clusters = link_people(people, by(settings, engine), None, str(work)).clusters
    return evaluate(clusters, truth).f1


@pytest.mark.slow
@pytest.mark.skipif(not FILES.is_dir(), reason="no people files beside the checkout")
@pytest.mark.parametrize("name", FIGURES)
def test_one_configuration_reaches_the_figure_of_every_file(
    spark: SparkSession, settings: LinkageSettings, tmp_path: Path, name: str
) -> None:
    assert round(f1_of(spark, settings, tmp_path, name, "duckdb"), 3) >= FIGURES[name]


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
    assert f1_of(spark, settings, tmp_path, name, engine) >= least_f1
