"""Small sources and bronze frames, written the way the tests tell their stories."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.settings.sources import Source
from lakehouse.tables.local_frame import local_frame

Row = dict[str, Any]
Landed = Callable[[Source, Sequence[Row]], DataFrame]

_LINEAGE = (
    "source_file string, source_row_number bigint, content_hash string, "
    "unknown_columns map<string,string>, file_hash string, ingested_at timestamp"
)


def source(entity: str, columns: str, **more: Any) -> Source:
    """A source of system `shop`: `columns` are names, the first is its key, `at` its sequence."""
    given: dict[str, Any] = {
        "source_system": "shop",
        "entity": entity,
        "description": "A feed of a test.",
        "owner": "tests",
        "readers": ["tests"],
        "format": "csv",
        "file_pattern": f"{entity}*.csv",
        "load_kind": "event",
        "key": [columns.split(maxsplit=1)[0]],
        "sequence": "at",
        "columns": [{"name": n, "description": "As named."} for n in columns.split()],
    }
    return Source(**(given | more))


@pytest.fixture
def landed(spark: SparkSession) -> Landed:
    """Turns rows into a bronze frame: text by column; `file` says which file, default `a`, `day` on
    which day of January 2026 it was ingested, and `file_hash` what its bytes are.
    """

    def frame(source: Source, rows: Sequence[Row]) -> DataFrame:
        names = [c.name for c in source.columns]
        numbers: dict[str, int] = {}
        cells = []
        for row in rows:
            file = row.get("file", "a")
            numbers[file] = numbers.get(file, 0) + 1
            values = [row.get(name) for name in names]
            bytes_hash = row.get("file_hash", f"hash of {file}")
            ingested_at = datetime(2026, 1, row.get("day", 7), tzinfo=UTC)
            lineage = (file, numbers[file], repr(values), None, bytes_hash, ingested_at)
            cells.append((*values, *lineage))
        columns = ", ".join(f"`{name}` string" for name in names)
        return local_frame(spark, cells, f"{columns}, {_LINEAGE}")

    return frame
