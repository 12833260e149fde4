"""Delta keeps statistics of no personal column: they would stand in its log in clear text."""

import pytest

from lakehouse.settings.load import load_settings
from lakehouse.storage.delta_tables import table_properties
from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.spec import TableSpec

BRONZE = tuple(source.bronze_table for source in load_settings("test").sources)


@pytest.mark.parametrize("spec", [*BRONZE, *STATIC_TABLES], ids=lambda spec: spec.name)
def test_no_personal_column_is_among_those_with_statistics(spec: TableSpec) -> None:
    properties = table_properties(spec)
    named = set(filter(None, properties.get("delta.dataSkippingStatsColumns", "").split(",")))

    assert named & set(spec.personal_columns) == set()
    assert named or properties["delta.dataSkippingNumIndexedCols"] == "0"
