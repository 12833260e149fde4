"""Frames that show only what matters: columns left out are null, or a default if required.

Values are written as text and read by the column's type, so that a row reads like a table's.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import DataFrame, SparkSession

from lakehouse.settings.facts import FactSettings, MoneySettings
from lakehouse.settings.survivorship import Survivorship
from lakehouse.tables.gold import CUSTOMER_RECORD
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.spec import Column, TableSpec

_DEFAULTS = {"string": "x", "timestamp": "2020-01-01", "date": "2020-01-01", "boolean": True}


def _typed(column: Column, row: dict[str, Any]) -> Any:
    default = () if column.type.startswith("array") else _DEFAULTS.get(column.type, 1)
    value = row.get(column.name, default if column.required else None)
    if not isinstance(value, str):
        return value
    if column.type == "timestamp":
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    if column.type == "date":
        return date.fromisoformat(value)
    return Decimal(value) if column.type.startswith("decimal") else value


@pytest.fixture(scope="session")
def table(spark: SparkSession) -> Callable[..., DataFrame]:
    """Builds a frame of a spec from one dict per row."""

    def build(spec: TableSpec, *rows: dict[str, Any]) -> DataFrame:
        for row in rows:
            assert set(row) <= set(spec.column_names), "the test names a column that is not there"
        values = [tuple(_typed(column, row) for column in spec.columns) for row in rows]
        return local_frame(spark, values, spec.ddl())

    return build


@pytest.fixture(scope="session")
def identity(spark: SparkSession) -> Callable[..., DataFrame]:
    """Builds linkage.identity_map from customer to records; `former` held until 2024."""

    def build(
        current: dict[str, list[str]], former: dict[str, list[str]] | None = None
    ) -> DataFrame:
        since, until = datetime(2020, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
        rows = [
            (record, customer, f"cluster of {customer}", since, valid_to)
            for valid_to, customers in ((None, current), (until, former or {}))
            for customer, records in customers.items()
            for record in records
        ]
        return local_frame(
            spark,
            rows,
            "record_key string, customer_id string, cluster_id string, valid_from timestamp, "
            "valid_to timestamp",
        )

    return build


@pytest.fixture(scope="session")
def owned_records(table: Callable[..., DataFrame]) -> Callable[..., DataFrame]:
    """Builds gold.customer_record from customer to records."""

    def build(owners: dict[str, list[str]]) -> DataFrame:
        rows = [{"customer_id": c, "record_key": key} for c, keys in owners.items() for key in keys]
        return table(CUSTOMER_RECORD, *rows)

    return build


@pytest.fixture(scope="session")
def text() -> Callable[..., list[dict[str, str | None]]]:
    """Reads a frame's rows, sorted, values as Spark writes them; all columns or those named."""

    def read(frame: DataFrame, *names: str) -> list[dict[str, str | None]]:
        wanted = names or tuple(frame.columns)
        shown = frame.select(*(frame[name].cast("string").alias(name) for name in wanted))
        return [row.asDict() for row in sorted(shown.collect(), key=str)]

    return read


@pytest.fixture(scope="session")
def survivorship() -> Survivorship:
    """The rules that the repository ships."""
    path = Path(__file__).parents[3] / "conf/base/survivorship.yml"
    return Survivorship.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.fixture
def money() -> MoneySettings:
    """Reports in euros; a dollar is half a euro, and from June 2024 on nine tenths."""
    rates = {date(2020, 1, 1): Decimal("0.5"), date(2024, 6, 1): Decimal("0.9")}
    pound = {date(2020, 1, 1): Decimal("1.17")}
    return MoneySettings(reporting_currency="EUR", rates={"USD": rates, "GBP": pound})


@pytest.fixture
def facts(money: MoneySettings) -> FactSettings:
    """What the repository ships, but for `money`; two tellings within 48 hours are one purchase."""
    return FactSettings(money=money, same_purchase_hours=48)
