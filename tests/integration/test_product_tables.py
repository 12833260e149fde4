"""The table of a data product while its file comes, changes, goes and comes again."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline.lake import Lake
from lakehouse.settings.load import load_settings
from lakehouse.settings.products import Product
from lakehouse.storage.log_truncation import truncate_log
from lakehouse.storage.maintenance import drop_lost
from lakehouse.storage.releases import current_release
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import RELEASE, RUN
from tests.support.lake import DAY_1, small_lake_at

TABLE = "serve.marketing_customer"
KEEP = 2
ANN, BEN = {"customer_id": "c1", "email": "ann@post.org"}, {"customer_id": "c2"}


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    """A lake without products, of the tables that tell of runs."""
    opened = small_lake_at(tmp_path, tmp_path).lake
    return replace(opened, specs={spec.name: spec for spec in (RUN, RELEASE)})


def with_product(lake: Lake, **changed: object) -> Lake:
    (shipped,) = (p for p in load_settings("test").products if p.table_name == TABLE)
    product = Product.model_validate({**shipped.model_dump(), **changed})
    settings = lake.settings.model_copy(update={"products": (product,)})
    return replace(lake, settings=settings, specs={**lake.specs, TABLE: product.table})


def released(lake: Lake, run_id: str, *rows: Mapping[str, Any]) -> None:
    """A run that makes the product of these rows; where there is none, it makes nothing."""
    attempt = attempts.begin(lake, run_id, DAY_1)
    written = {TABLE: made(lake, attempt, *rows)} if TABLE in lake.specs else {}
    attempts.release(lake, attempt, {RUN.name: 0, **written})
    attempts.settle(lake, attempt)


def made(lake: Lake, attempt: attempts.Attempt, *rows: Mapping[str, Any]) -> int:
    spec = lake.specs[TABLE]
    lake.tables.fit(spec)
    told = [tuple(row.get(name) for name in spec.column_names) for row in rows]
    return lake.tables.write(local_frame(lake.spark, told, spec.ddl()), spec, attempt.key(TABLE))


def people(lake: Lake) -> list[str]:
    version = current_release(lake.tables).versions[TABLE]
    return sorted(row.customer_id for row in lake.read_at(TABLE, version).collect())


def folder(lake: Lake) -> Path:
    return Path(lake.settings.lake.root) / "serve" / "marketing_customer"


def test_a_product_that_conf_lost_is_deleted_once_no_kept_release_has_it_and_can_come_back(
    lake: Lake,
) -> None:
    released(with_product(lake), "day-1", ANN, BEN)
    released(lake, "day-2")
    assert TABLE not in current_release(lake.tables).versions

    assert drop_lost(lake.tables, lake.specs, KEEP) == (0, [])
    assert folder(lake).is_dir()
    released(lake, "day-3")
    assert drop_lost(lake.tables, with_product(lake).specs, KEEP) == (0, [])
    assert drop_lost(lake.tables, lake.specs, KEEP) == (1, [])
    assert not folder(lake).exists()
    assert drop_lost(lake.tables, lake.specs, KEEP) == (0, [])

    again = with_product(lake)
    released(again, "day-4", BEN)
    assert people(again) == ["c2"]


def test_a_product_that_comes_back_before_it_is_deleted_finds_nothing_of_what_it_was(
    lake: Lake,
) -> None:
    mine = with_product(lake)
    released(mine, "day-1", ANN)
    # As an erasure does: what is below the newest version is gone, its empty beginning too.
    truncate_log(folder(lake), lake.tables.version(TABLE))
    released(lake, "day-2")

    attempt = attempts.begin(mine, "dead", DAY_1)
    before = mine.read_at(TABLE, attempt.base_version(TABLE)).collect()
    made(mine, attempt, ANN, BEN)
    attempts.fail(mine, attempt, "C360-030")
    after = lake.tables.read(TABLE).collect()

    assert before == []
    assert after == []
    released(mine, "day-3", BEN)
    assert people(mine) == ["c2"]


def test_another_version_has_other_columns_and_an_earlier_release_the_former_ones(
    lake: Lake,
) -> None:
    first = with_product(lake)
    released(first, "day-1", ANN)
    at = current_release(lake.tables).versions[TABLE]
    term = {"name": "is_active", "type": "string", "expression": "'yes'", "description": "Yes."}
    columns = [{"name": "is_active"}, {"name": "city"}]
    second = with_product(lake, version="2.0.0", definitions=[term], columns=columns)

    dead = attempts.begin(second, "dead", DAY_1)
    made(second, dead, BEN)
    attempts.fail(second, dead, "C360-030")
    assert people(first) == ["c1"]

    kept = second.read_at(TABLE, at)
    assert [(row.customer_id, row.is_active, row.city) for row in kept.collect()] == [
        ("c1", None, None)
    ]
    released(second, "day-2", BEN)
    assert lake.tables.read(TABLE).columns == ["customer_id", "is_active", "city"]
    assert lake.tables.read(TABLE, at).first().email == "ann@post.org"
    shown = lake.spark.sql(f"SHOW TBLPROPERTIES delta.`{folder(lake)}`").collect()
    assert {row.key: row.value for row in shown}["delta.dataSkippingStatsColumns"] == (
        "customer_id,is_active"
    )


def test_a_run_that_does_not_make_a_product_leaves_it_as_it_is_whatever_its_file_says(
    lake: Lake,
) -> None:
    released(with_product(lake), "day-1", ANN)
    changed = with_product(lake, version="2.0.0", columns=[{"name": "country"}])

    attempts.begin(changed, "compaction", DAY_1)

    assert lake.tables.read(TABLE).first().email == "ann@post.org"
