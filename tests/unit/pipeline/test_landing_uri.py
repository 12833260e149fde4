"""A landing file goes by the name under which Spark lists it, whatever way conf writes the folder."""

import pytest

from lakehouse.pipeline.ingestion import landing_uri


@pytest.mark.parametrize(
    ("landing", "listed"),
    [
        ("/landing/", "file:/landing/a.csv"),
        ("file:/landing", "file:/landing/a.csv"),
        ("file:///landing", "file:/landing/a.csv"),
        ("dbfs:/mnt/landing", "dbfs:/mnt/landing/a.csv"),
        ("dbfs:///mnt/landing", "dbfs:/mnt/landing/a.csv"),
        ("s3a://bucket/landing/", "s3a://bucket/landing/a.csv"),
    ],
)
def test_a_landing_file_is_named_as_spark_lists_it(landing: str, listed: str) -> None:
    assert landing_uri(landing, "a.csv") == listed
