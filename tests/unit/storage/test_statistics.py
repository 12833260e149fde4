"""Delta keeps statistics of no personal column: they would stand in its log in clear text."""

import re

import pytest

from lakehouse.settings.load import load_settings
from lakehouse.storage.delta_tables import _properties_ddl
from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.spec import TableSpec

BRONZE = tuple(source.bronze_table for source in load_settings("test").sources)


@pytest.mark.parametrize("spec", [*BRONZE, *STATIC_TABLES], ids=lambda spec: spec.name)
def test_no_personal_column_is_among_those_with_statistics(spec: TableSpec) -> None:
    found = re.search(r"'delta.dataSkippingStatsColumns' = '([^']*)'", _properties_ddl(spec))
    named = set(found.group(1).split(",")) if found else set()

    assert named & set(spec.personal_columns) == set()
    assert named or "'delta.dataSkippingNumIndexedCols' = '0'" in _properties_ddl(spec)
