"""Frames of gold that show only what matters, and the data products that the repository ships."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.spec import Column, TableSpec

_DEFAULTS = {
    "string": "x",
    "date": date(2020, 1, 1),
    "timestamp": datetime(2020, 1, 1),  # noqa: DTZ001
    "boolean": False,
}


def _default(column: Column) -> Any:
    if not column.required:
        return None
    return [] if column.type.startswith("array") else _DEFAULTS.get(column.type, 0)


@pytest.fixture(scope="session")
def shipped() -> Settings:
    return load_settings("test")


@pytest.fixture(scope="session")
def table(spark: SparkSession) -> Callable[..., DataFrame]:
    """Builds a frame of a spec from one dict per row; columns left out are null, or a default if required."""

    def build(spec: TableSpec, *rows: dict[str, Any]) -> DataFrame:
        for row in rows:
            assert set(row) <= set(spec.column_names), "the test names a column that is not there"
        values = [tuple(row.get(c.name, _default(c)) for c in spec.columns) for row in rows]
        return local_frame(spark, values, spec.ddl())

    return build
