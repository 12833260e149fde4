"""Data products in whole runs: a failing gate stops its product alone; who withdrew goes all the same."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import ConfigurationError, ExitCode
from lakehouse.pipeline.audience_destinations import Removals, tell_removals
from lakehouse.pipeline.audiences import export_audience
from lakehouse.pipeline.commands import vacuum
from lakehouse.pipeline.lake import open_lake
from lakehouse.pipeline.products import products_list
from lakehouse.pipeline.run_report import run_report
from lakehouse.settings.products import GateRule, ProductColumn
from lakehouse.storage.released_tables import released_tables
from tests.support.lake import DAY_1, DAY_2, FEEDS, SmallLake, generated, small_settings

pytestmark = pytest.mark.slow
PRODUCT = "marketing_customer"
_OF_CONSENT = ("consent_event", "newsletter_subscriber", "pos_loyalty_member")
"""Consent, and the feeds beside those of a small lake whose people it is about."""
NOBODY_IS_ACTIVE = GateRule(
    type="expect_column_values_to_be_in_set",
    kwargs={"column": "is_active", "value_set": [False]},
    severity="fail",
    reason="never_so",
    description="Broken as soon as somebody is active.",
)


def lake_of(home: Path, files: Path, **broken: Any) -> SmallLake:
    settings = small_settings(
        home,
        files,
        feeds=(*FEEDS, *_OF_CONSENT),
        products=(PRODUCT,),
        **{"roles.reader": "marketer"},
    )
    products = tuple(p.model_copy(update=broken) for p in settings.products)
    settings = settings.model_copy(update={"products": products})
    return SmallLake(settings, open_lake(settings))


@pytest.fixture(scope="module")
def first_day(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a lake of one day lies, and the files of two."""
    home = tmp_path_factory.mktemp("first_day")
    lake_of(home, generated(home / "files")).run("day-1", DAY_1)
    return home


def copied(first_day: Path, home: Path) -> Path:
    """Copies the lake of the first day to `home`; returns where its files are."""
    for part in ("lake", "models"):
        shutil.copytree(first_day / part, home / part)
    return first_day / "files"


def test_a_stopped_product_keeps_its_rows_but_for_who_withdrew_and_the_run_goes_on(
    first_day: Path, tmp_path: Path
) -> None:
    files = copied(first_day, tmp_path)
    first = lake_of(tmp_path, files)
    before = people(first)
    exported = export_audience(first.settings, PRODUCT, tmp_path / "outbox")
    stopped = lake_of(tmp_path, files, gate=(NOBODY_IS_ACTIVE,))

    outcome = stopped.run("day-2", DAY_2)

    after = people(stopped)
    allowed = reachable(stopped)
    report = run_report(outcome)
    assert list(outcome.stopped_products) == [f"serve.{PRODUCT}"]
    assert "never_so" in report.warnings[-1]
    assert report.exit_code == ExitCode.PRODUCT_STOPPED
    assert released_tables(stopped.settings.lake).as_of == DAY_2
    assert set(after) == set(before) & allowed
    assert set(before) - allowed, "nobody withdrew, so that nothing is seen"
    assert f"{len(before)} added" in exported.lines[0]
    told = tell_removals(stopped.lake).told
    assert told == {(PRODUCT, str(tmp_path / "outbox")): len(set(before) - set(after))}
    assert tell_removals(stopped.lake) == Removals()
    removed = export_audience(stopped.settings, PRODUCT, tmp_path / "outbox")
    assert f"{len(set(before) - set(after))} to be removed" in removed.lines[0]
    again = export_audience(stopped.settings, PRODUCT, tmp_path / "outbox")
    (grid,) = products_list(stopped.settings).grids
    assert [row[-2:] for row in grid.rows] == [(len(after), "fail")]
    assert again.lines == ["Nothing has changed since the export of release 2."]


def test_a_product_changes_with_its_version_alone_and_goes_with_its_file(
    first_day: Path, tmp_path: Path
) -> None:
    files = copied(first_day, tmp_path)
    first = lake_of(tmp_path, files)
    before = people(first)
    columns = (ProductColumn(name="country"),)

    with pytest.raises(ConfigurationError, match=PRODUCT):
        lake_of(tmp_path, files, columns=columns).run("narrow", DAY_1, ["serve"])
    narrow = lake_of(tmp_path, files, columns=columns, version="2.0.0")
    narrow.run("narrow", DAY_1, ["serve"])

    after = people(narrow)
    assert after.keys() == before.keys()
    assert {tuple(row) for row in after.values()} == {("customer_id", "country")}
    (grid,) = products_list(narrow.settings).grids
    assert grid.rows[0][1] == "2.0.0"
    (grid,) = products_list(first.settings).grids
    assert grid.rows[0][1] == "1.0.0 (rows are of 2.0.0)"

    lake = narrow.settings.lake.model_copy(update={"keep_releases": 1})
    lost = narrow.settings.model_copy(update={"products": (), "lake": lake})
    SmallLake(lost, open_lake(lost)).run("without", DAY_1, ["gold.date"])
    told = vacuum(lost)
    assert "1 data product(s) that conf has lost" in told.lines[0]
    assert not (tmp_path / "lake" / "serve" / PRODUCT).exists()

    first.run("again", DAY_1, ["serve"])
    assert people(first) == before


def people(small: SmallLake) -> dict[str, Any]:
    (product,) = small.settings.products
    rows = released_tables(small.settings.lake).rows(product.table)
    return {row["customer_id"]: row for row in rows}


def reachable(small: SmallLake) -> set[str]:
    consent = small.lake.specs["gold.customer_consent"]
    customers = small.lake.specs["gold.customer"]
    tables = released_tables(small.settings.lake)
    (product,) = small.settings.products
    granted = {
        row["customer_id"]
        for row in tables.rows(consent)
        if (row["purpose"], row["state"]) == ("marketing", "granted")
        and row["channel"] in product.channels
    }
    return granted & {row["customer_id"] for row in tables.rows(customers)}
