"""Rows that are deleted are gone from the files, and from what the log quotes once it is cut off."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lakehouse.storage.delta_tables import Deleted, DeltaTables, WriteKey
from lakehouse.storage.kill_points import KillPoints
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.storage.log_truncation import truncate_log
from lakehouse.storage.maintenance import vacuum_before
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.spec import Column, Sensitivity, TableSpec, WriteMode
from tests.support.independent_scan import traces

SPEC = TableSpec(
    name="bronze.people",
    description="One row per person of the test.",
    columns=(
        Column("source_id", "string", "Number of the person.", Sensitivity.PSEUDONYM),
        Column("email", "string", "Address.", Sensitivity.DIRECT_IDENTIFIER),
    ),
    primary_key=("source_id",),
    owner="tests",
    retention_days=1,
    purposes=("operations",),
    write_mode=WriteMode.APPEND,
)


@pytest.mark.slow
def test_a_deleted_row_is_nowhere_once_old_files_and_commits_are_gone(
    spark: SparkSession, tmp_path: Path
) -> None:
    # As conf has it: by default vacuum starts 10,000 tasks to list one folder.
    spark.conf.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", "8")
    locations = Locations(str(tmp_path))
    tables = DeltaTables(spark, locations, Locks(str(tmp_path), "flock"), KillPoints(None))
    tables.create(SPEC)
    rows = [("C1", "ann@example.org"), ("C99999", "eve@example.org"), (None, "nobody@example.org")]
    frame = local_frame(spark, rows, SPEC.ddl()).coalesce(1)
    tables.write(frame, SPEC, WriteKey("test", 1, "x"))
    folder = Path(locations.path(SPEC.name))
    assert len(traces(folder, ["C99999"])) > 1

    gone = local_frame(spark, [("C99999",), (None,), ("C7",)], "source_id string")
    deleted = tables.delete(SPEC, gone)
    assert deleted.row_count == 2
    assert tables.delete(SPEC, gone) == Deleted(0, deleted.version)
    sealed = tables.sealed(SPEC.name, "erase-1")
    vacuum_before(spark, tables, [SPEC.name], datetime.now(UTC))
    truncate_log(folder, sealed)

    assert traces(folder, ["C99999", "eve@example.org", "nobody@example.org"]) == {}
    assert [pq.read_table(p).num_rows for p in folder.glob("*.parquet")] == [1]
    # Both readers find what is left, and another row can be written.
    assert [row.email for row in tables.read(SPEC.name, sealed).collect()] == ["ann@example.org"]
    tables.write(frame.where("source_id = 'C1'"), SPEC, WriteKey("test", 2, "y"))
    assert DeltaTable(str(folder)).to_pyarrow_table().num_rows == 2
