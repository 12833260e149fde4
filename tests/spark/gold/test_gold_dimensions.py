"""Dimensions: products and the calendar."""

from collections.abc import Callable
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import DataFrame

from lakehouse.gold.date import date
from lakehouse.gold.product import product
from lakehouse.tables.gold import CUSTOMER_INTERACTION, CUSTOMER_ORDER, DATE
from lakehouse.tables.gold import PRODUCT as GOLD_PRODUCT
from lakehouse.tables.silver import PRODUCT

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]


def test_a_product_in_two_catalogues_is_one_row_of_the_newest(table: Frames) -> None:
    catalogues = table(
        PRODUCT,
        {"record_key": "p1", "product_id": "pods", "product_name": "Ear pods",
         "sequence_at": "2024-02-01", "list_price": "99.00"},
        {"record_key": "p2", "product_id": "pods", "product_name": "Pods",
         "sequence_at": "2024-01-01"},
        {"record_key": "p3", "product_id": "case", "sequence_at": "2024-01-01"},
    )  # fmt: skip
    found = product(catalogues)
    expected = table(
        GOLD_PRODUCT,
        {"product_id": "pods", "product_name": "Ear pods", "list_price": "99.00"},
        {"product_id": "case"},
    )
    names = [name for name in expected.columns if name != "source_system"]
    assert_df_equality(
        found.select(names), expected.select(names), ignore_row_order=True, ignore_nullable=True
    )


def test_the_calendar_covers_whole_years_of_orders_and_contacts(table: Frames) -> None:
    days = date(
        table(CUSTOMER_ORDER, {"order_date": "2020-12-31"}),
        table(CUSTOMER_INTERACTION, {"interaction_date": "2021-01-01"}),
    )
    assert dict(days.dtypes) == {c.name: c.type for c in DATE.columns}
    rows = {str(row.calendar_date): row for row in days.collect()}
    assert len(rows) == 366 + 365
    assert (min(rows), max(rows)) == ("2020-01-01", "2021-12-31")
    new_year = rows["2021-01-01"]
    assert (new_year.year, new_year.quarter, new_year.month, new_year.day_of_month) == (
        2021,
        1,
        1,
        1,
    )
    assert (new_year.iso_year, new_year.iso_week, new_year.iso_weekday) == (2020, 53, 5)
    assert not new_year.is_weekend
    assert rows["2021-01-03"].is_weekend
    assert rows["2021-01-03"].iso_weekday == 7
    assert str(rows["2021-02-17"].month_start_date) == "2021-02-01"


def test_without_facts_there_are_no_days(table: Frames) -> None:
    assert date(table(CUSTOMER_ORDER), table(CUSTOMER_INTERACTION)).collect() == []
