"""Vacuum deletes the files that no live release needs, and none that one does."""

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lakehouse.storage.delta_tables import DeltaTables, WriteKey
from lakehouse.storage.kill_points import KillPoints
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.storage.maintenance import live_since, vacuum
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import RELEASE
from lakehouse.tables.spec import Column, TableSpec

SHOP = TableSpec(
    name="gold.shop",
    description="One row per shop of a test.",
    columns=(Column("shop_id", "string", "Number of the shop."),),
    primary_key=("shop_id",),
    owner="tests",
    retention_days=1,
    purposes=("tests",),
)
DAYS_AGO = 3
THEN = time.time() - DAYS_AGO * 86_400


def as_of_days_ago(table: Path, version: int) -> None:
    """Makes the files that this commit removed look as if that had been three days ago."""
    log = table / "_delta_log" / f"{version:020d}.json"
    actions = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    for action in actions:
        if "remove" in action:
            action["remove"]["deletionTimestamp"] = int(THEN * 1000)
            os.utime(table / action["remove"]["path"], (THEN, THEN))
    log.write_text("\n".join(map(json.dumps, actions)) + "\n", encoding="utf-8")
    log.with_name(f".{log.name}.crc").unlink(missing_ok=True)


@pytest.fixture
def three_releases(spark: SparkSession, tmp_path: Path) -> Path:
    """The root of a lake whose one table had three releases, of one file each."""
    tables = opened(spark, tmp_path / "written")
    tables.create(SHOP)
    tables.create(RELEASE)
    for number in (1, 2, 3):
        frame = local_frame(spark, [(f"S{number}",)], SHOP.ddl()).coalesce(1)
        version = tables.write(frame, SHOP, WriteKey("c360:gold.shop", number, ""))
        row = (number, f"day-{number}", SHOP.name, version, datetime.now(UTC), "run", None, None)
        released = local_frame(spark, [row], RELEASE.ddl())
        tables.write(released, RELEASE, WriteKey(f"c360:{RELEASE.name}", number, ""))
    # Under another path, so that Spark has not read the log that is altered now.
    root = (tmp_path / "written").rename(tmp_path / "lake")
    as_of_days_ago(root / "gold" / "shop", 2)
    return root


def opened(spark: SparkSession, root: Path) -> DeltaTables:
    return DeltaTables(
        spark, Locations(str(root), None), Locks(str(root), "flock"), KillPoints(None)
    )


def test_files_of_no_live_release_are_deleted_and_the_others_are_not(
    spark: SparkSession, three_releases: Path
) -> None:
    shop = three_releases / "gold" / "shop"
    (first,) = DeltaTable(str(shop), version=1).file_uris()
    stray = shop / "part-of-a-run-that-died.parquet"
    stray.write_bytes(b"nothing")
    os.utime(stray, (THEN, THEN))
    tables = opened(spark, three_releases)

    assert vacuum(spark, tables, [SHOP.name, RELEASE.name, "gold.product"], keep_releases=2) == 1

    assert not Path(first.removeprefix("file://")).exists()
    assert not stray.exists()
    assert [tables.read(SHOP.name, v).collect()[0].shop_id for v in (2, 3)] == ["S2", "S3"]


def test_a_table_is_kept_from_when_the_oldest_version_of_a_kept_release_was_first_released(
    spark: SparkSession, three_releases: Path
) -> None:
    tables = opened(spark, three_releases)
    # Release 4 goes back to the version of release 1.
    reverted = (4, "revert-to-1", SHOP.name, 1, datetime.now(UTC), "reverted to 1", None, None)
    frame = local_frame(spark, [reverted], RELEASE.ddl())
    tables.write(frame, RELEASE, WriteKey(f"c360:{RELEASE.name}", 4, ""))
    at = {row.release_number: row.released_at for row in tables.read(RELEASE.name).collect()}

    (since,) = live_since(tables, keep_releases=1).values()

    assert since.timestamp() == int(at[1].timestamp())


def test_a_lake_without_a_release_keeps_everything(spark: SparkSession, tmp_path: Path) -> None:
    tables = opened(spark, tmp_path)
    tables.create(RELEASE)

    assert live_since(tables, keep_releases=1) == {}
    assert vacuum(spark, tables, [SHOP.name], keep_releases=1) == 0
