"""What an analyst is told of data products: who owns them, what they mean, and what the release has."""

from datetime import date
from pathlib import Path

import pytest

from lakehouse.pipeline.products import products_dictionary, products_list
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.tables.ops import RELEASE
from tests.support.plain_lake import PlainLake

DAY = date(2026, 1, 5)
MARKETING = "serve.marketing_customer"


@pytest.fixture
def lake(tmp_path: Path) -> PlainLake:
    return PlainLake(tmp_path / "lake")


def of_version(settings: Settings, version: str) -> Settings:
    products = tuple(p.model_copy(update={"version": version}) for p in settings.products)
    return settings.model_copy(update={"products": products})


def row_of(settings: Settings, name: str = "marketing_customer") -> tuple[object, ...]:
    (grid,) = products_list(settings).grids
    (row,) = (row for row in grid.rows if row[0] == name)
    return tuple(row)


def test_the_dictionary_says_where_a_product_is_defined_and_what_each_column_is_made_from() -> None:
    text = products_dictionary(load_settings("test"))
    lines = text.splitlines()

    assert "Generated from the files in `conf/base/products`" in text
    assert "lakehouse/tables" not in text
    section = lines[lines.index(f"## {MARKETING}") :]
    meaning = {line.split("`")[1]: line.split(" | ")[-1] for line in section if line[:3] == "| `"}
    assert meaning["postcode"] == (
        "Postal code in the country's usual form. Shown generalised. From `gold.customer.postcode`. |"
    )
    assert meaning["is_active"].endswith("From `gold.customer_metric.last_order_date`. |")
    made = {name for name, told in meaning.items() if "From `gold." in told}
    assert made == {*meaning} - {"customer_id"}


def test_the_list_tells_rows_of_the_release_and_how_they_are_read(lake: PlainLake) -> None:
    settings = lake.settings()
    (table,) = (t for t in settings.product_tables if t.name == MARKETING)
    lake.release(DAY, {table: [{"customer_id": "c1"}, {"customer_id": "c2"}]})

    report = products_list(settings)

    assert row_of(settings) == (*("marketing_customer", "1.0.0", "marketing", "marketing", 2, "-"),)
    assert row_of(settings, "care_customer")[-2:] == ("-", "-")
    assert f"{MARKETING}: Customers whom marketing may reach." in report.lines
    assert "products dictionary" in report.lines[-1]


def test_the_list_tells_where_the_rows_are_of_another_version_than_conf_has(
    lake: PlainLake,
) -> None:
    settings = lake.settings()
    (product,) = (p for p in settings.products if p.table_name == MARKETING)
    lake.release(DAY, {product.table: []})
    told = {"release_number": 1, "table_name": MARKETING, "definition": product.definition}
    lake._write(RELEASE, [{**told, "run_id": "run-1", "table_version": 0}], "append")

    assert row_of(settings)[1] == "1.0.0"
    assert row_of(of_version(settings, "1.1.0"))[1] == "1.1.0 (rows are of 1.0.0)"


def test_without_a_release_products_are_told_of_all_the_same(tmp_path: Path) -> None:
    settings = PlainLake(tmp_path / "lake").settings()

    (grid,) = products_list(settings).grids

    assert grid.title == "Data products, no release yet"
    assert {tuple(row[-2:]) for row in grid.rows} == {("-", "-")}
