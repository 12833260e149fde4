"""Dimensions: products and the calendar."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame

from lakehouse.gold.date import date
from lakehouse.gold.product import product
from lakehouse.tables.gold import (
    CUSTOMER_CART,
    CUSTOMER_CONSENT,
    CUSTOMER_INTERACTION,
    CUSTOMER_JOURNEY_STAGE,
    CUSTOMER_LOYALTY,
    CUSTOMER_LOYALTY_MOVEMENT,
    CUSTOMER_ORDER,
    CUSTOMER_PAYMENT,
    CUSTOMER_RECOMMENDATION,
    CUSTOMER_TIMELINE,
    CUSTOMER_WEB_SESSION,
    DATE,
)
from lakehouse.tables.gold import PRODUCT as GOLD_PRODUCT
from lakehouse.tables.silver import MEDIA_SPEND, ORDER_LINE, PRODUCT, RECOMMENDATION, WEB_EVENT

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]


def test_a_product_is_one_row_of_the_newest_catalogue_and_one_that_none_holds_is_there_too(
    table: Frames,
) -> None:
    catalogues = table(
        PRODUCT,
        {"record_key": "p1", "product_id": "pods", "product_name": "Ear pods",
         "sequence_at": "2024-02-01", "list_price": "99.00"},
        {"record_key": "p2", "product_id": "pods", "product_name": "Pods",
         "sequence_at": "2024-01-01"},
        {"record_key": "p3", "product_id": "case", "sequence_at": "2024-01-01"},
    )  # fmt: skip
    lines = table(ORDER_LINE, {"product_id": "pods"}, {"product_id": "sold before the catalogue"})
    lists = table(RECOMMENDATION, {"product_id": "recommended alone"})
    visits = table(WEB_EVENT, {"product_id": "viewed alone"}, {"product_id": "pods"}, {})
    found = product(catalogues, lines, lists, visits)
    expected = table(
        GOLD_PRODUCT,
        {"product_id": "pods", "product_name": "Ear pods", "list_price": "99.00"},
        {"product_id": "case"},
        {"product_id": "sold before the catalogue"},
        {"product_id": "recommended alone"},
        {"product_id": "viewed alone"},
    )
    names = [name for name in expected.columns if name != "source_system"]
    assert_df_equality(
        found.select(names), expected.select(names), ignore_row_order=True, ignore_nullable=True
    )


FACTS = {
    "customer_order": (CUSTOMER_ORDER, "order_date"),
    "customer_interaction": (CUSTOMER_INTERACTION, "interaction_date"),
    "customer_payment": (CUSTOMER_PAYMENT, "payment_date"),
    "customer_web_session": (CUSTOMER_WEB_SESSION, "session_date"),
    "customer_cart": (CUSTOMER_CART, "cart_date"),
    "customer_recommendation": (CUSTOMER_RECOMMENDATION, "shown_date"),
    "customer_consent": (CUSTOMER_CONSENT, "decided_at"),
    "customer_loyalty": (CUSTOMER_LOYALTY, "joined_date"),
    "customer_loyalty_movement": (CUSTOMER_LOYALTY_MOVEMENT, "told_date"),
    "customer_journey_stage": (CUSTOMER_JOURNEY_STAGE, "valid_from_date"),
    "customer_timeline": (CUSTOMER_TIMELINE, "event_date"),
    "media_spend": (MEDIA_SPEND, "spend_date"),
}


@pytest.fixture
def calendar(table: Frames) -> Frames:
    """gold.date of facts of which each is of one day."""

    def of(**days: str) -> DataFrame:
        return date(
            **{
                name: table(spec, *({column: day} for day in [days.get(name)] if day))
                for name, (spec, column) in FACTS.items()
            }
        )

    return of


def test_a_fact_of_any_kind_has_its_day_in_the_calendar(calendar: Frames) -> None:
    of_each = (calendar(**{name: f"{2010 + n}-06-30"}) for n, name in enumerate(FACTS))
    found = reduce(DataFrame.unionByName, of_each).select("year").distinct()

    assert sorted(row.year for row in found.collect()) == [2010 + n for n in range(len(FACTS))]


def test_the_calendar_covers_whole_years_of_orders_and_contacts(calendar: Frames) -> None:
    # No account was opened in the last year that a date can tell, nor in the first.
    days = calendar(
        customer_order="2020-12-31",
        customer_interaction="2021-01-01",
        customer_loyalty="9999-12-31",
        customer_journey_stage="0001-01-01",
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


def test_without_facts_there_are_no_days(calendar: Frames) -> None:
    assert calendar().collect() == []
