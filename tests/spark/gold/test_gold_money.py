"""Money: payments find their customer, currencies one measure, and campaigns their orders."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame

from lakehouse.gold.campaign import campaign
from lakehouse.gold.customer_order import customer_order
from lakehouse.gold.customer_payment import customer_payment
from lakehouse.gold.order_attribution import order_attribution
from lakehouse.settings.facts import FactSettings, MoneySettings
from lakehouse.tables.gold import (
    CAMPAIGN,
    CUSTOMER_INTERACTION,
    CUSTOMER_ORDER,
    CUSTOMER_PAYMENT,
    CUSTOMER_WEB_SESSION,
    ORDER_ATTRIBUTION,
)
from lakehouse.tables.silver import (
    MEDIA_SPEND,
    MEDIA_TOUCH,
    ORDER,
    ORDER_LINE,
    PAYMENT,
    STORE_WEATHER,
)
from lakehouse.tables.spec import TableSpec

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]


def typed(spec: TableSpec) -> dict[str, str]:
    return {column.name: column.type for column in spec.columns}


def test_an_amount_is_worth_what_the_newest_rate_of_its_day_says(
    table: Frames, identity: Frames, facts: FactSettings
) -> None:
    def order(key: str, day: str, currency: str, amount: str) -> dict[str, Any]:
        return {"record_key": key, "order_date": day, "currency": currency, "total_amount": amount}

    frame = customer_order(
        table(
            ORDER,
            order("in euros", "2024-01-01", "EUR", "10.00"),
            order("before the change", "2024-05-31", "USD", "10.01"),
            order("on the day of the change", "2024-06-01", "USD", "10.01"),
            order("before all rates", "2019-12-31", "USD", "10.00"),
            order("a currency without a rate", "2024-01-01", "CHF", "10.00"),
            order("a refunded cent", "2024-01-01", "USD", "-0.01"),
            order("more than fits", "2024-01-01", "GBP", "9999999999999999.99"),
        ),
        table(ORDER_LINE),
        table(STORE_WEATHER),
        identity({}),
        facts,
    )
    assert {
        r.record_key: r.reporting_amount and str(r.reporting_amount) for r in frame.collect()
    } == {
        "in euros": "10.00",
        "before the change": "5.01",
        "on the day of the change": "9.01",
        "before all rates": None,
        "a currency without a rate": None,
        "a refunded cent": "-0.01",
        "more than fits": None,
    }


def test_a_company_of_one_currency_needs_no_rates(table: Frames, identity: Frames) -> None:
    frame = customer_order(
        table(ORDER, {"record_key": "o", "currency": "EUR", "total_amount": "3.00"}),
        table(ORDER_LINE),
        table(STORE_WEATHER),
        identity({}),
        FactSettings(money=MoneySettings(reporting_currency="EUR")),
    )
    assert [str(r.reporting_amount) for r in frame.collect()] == ["3.00"]


def test_a_payment_is_the_payers_else_who_ordered_and_guests_payments_stay(
    table: Frames, identity: Frames, money: MoneySettings
) -> None:
    orders = table(
        CUSTOMER_ORDER,
        {"record_key": "o1", "person_record_key": "ann", "customer_id": "A"},
        {"record_key": "o2"},
    )
    payments = table(
        PAYMENT,
        {"record_key": "p1", "order_record_key": "o1", "person_record_key": "ben"},
        {"record_key": "p2", "order_record_key": "o1"},
        {"record_key": "p3", "order_record_key": "o2"},
        {"record_key": "p4", "amount": "-2.00", "currency": "USD", "paid_at": "2024-01-01T10:00"},
        # A card that no source told of.
        {"record_key": "p5", "order_record_key": "o1", "person_record_key": "a card"},
        {"record_key": "p6", "order_record_key": "o2", "person_record_key": "a card"},
    )
    frame = customer_payment(payments, orders, identity({"A": ["ann"], "B": ["ben"]}), money)
    assert dict(frame.dtypes) == typed(CUSTOMER_PAYMENT)
    rows = {r.record_key: r for r in frame.collect()}
    assert {key: (r.customer_id, r.person_record_key) for key, r in rows.items()} == {
        "p1": ("B", "ben"),
        "p2": ("A", "ann"),
        "p3": (None, None),
        "p4": (None, None),
        "p5": ("A", "ann"),
        "p6": (None, "a card"),
    }
    assert str(rows["p4"].reporting_amount) == "-1.00"


def test_a_payment_is_told_again_where_two_tellings_of_a_purchase_have_the_same(
    table: Frames, identity: Frames, money: MoneySettings
) -> None:
    def paid(order: str, amount: str, status: str = "captured") -> dict[str, Any]:
        key = f"{order} {amount} {status}"
        return {"record_key": key, "order_record_key": order, "amount": amount, "status": status}

    orders = table(
        CUSTOMER_ORDER,
        *({"record_key": f"order {n}"} for n in "123"),
        *({"record_key": f"receipt {n}", "same_purchase_key": f"order {n}"} for n in "123"),
    )
    payments = table(
        PAYMENT,
        # Fetched and paid in the store, and brought back there.
        paid("receipt 1", "50.00"), paid("receipt 1", "-50.00"),
        # Paid in the shop, of which the till tells again; the refund is told by the till alone.
        paid("order 2", "20.00"), paid("receipt 2", "20.00"), paid("receipt 2", "-20.00"),
        # What failed in the shop was paid in the store.
        paid("order 3", "5.00", "failed"), paid("receipt 3", "5.00"),
        {"record_key": "of no order", "amount": "20.00"},
    )  # fmt: skip
    rows = customer_payment(payments, orders, identity({}), money).collect()

    assert [row.record_key for row in rows if row.is_told_again] == ["receipt 2 20.00 captured"]


OF_CUSTOMERS = (
    "order_count",
    "order_reporting_amount",
    "acquired_customer_count",
    "acquisition_cost_reporting_amount",
)


def paid_touch(campaign_id: str, moment: str, **other: str) -> dict[str, Any]:
    touch = {"touched_at": moment, "campaign_id": campaign_id, "medium": "search"}
    return {**touch, "source_system": "web", **other}


def test_an_order_counts_for_the_last_click_or_paid_visit_within_the_days(
    table: Frames, text: Rows
) -> None:
    def order(key: str, moment: str, customer: str | None = "A") -> dict[str, Any]:
        return {"record_key": key, "customer_id": customer, "ordered_at": moment}

    def touch(key: str, moment: str, action: str) -> dict[str, Any]:
        return {
            "interaction_key": key,
            "interaction_type": "campaign_touch",
            "customer_id": "A",
            "action": action,
            "campaign_id": f"campaign of {key}",
            "happened_at": moment,
        }

    orders = table(
        CUSTOMER_ORDER,
        order("first", "2024-01-10T10:00"),
        order("second", "2024-01-12T10:00"),
        order("third", "2024-01-12T10:30"),
        order("too late", "2024-03-01T10:00"),
        order("a guest's", "2024-01-12T10:00", None),
        order("somebody else's", "2024-01-12T10:00", "B"),
        {**order("cancelled", "2024-01-09T11:00"), "status": "cancelled"},
        {**order("of tomorrow", "2024-01-13T10:00"), "order_date": "2024-07-01"},
    )
    clicks = table(
        CUSTOMER_INTERACTION,
        touch("click", "2024-01-09T10:00", "click"),
        touch("open", "2024-01-12T09:00", "open"),
        touch("after", "2024-01-12T11:00", "click"),
    )
    visits = table(
        CUSTOMER_WEB_SESSION,
        {"session_key": "web:visit", "customer_id": "A", "started_at": "2024-01-12T09:59"},
        {"session_key": "web:own visit", "customer_id": "A", "started_at": "2024-01-12T10:25"},
    )
    # Both are in one session; a touch that names no session begins one.
    touches = [paid_touch("ads", "2024-01-12T10:00", session_id="visit"),
               paid_touch("later ads", "2024-01-12T10:20", session_id="visit"),
               paid_touch("of nobody", "2024-01-12T10:21", record_key="nobody's")]  # fmt: skip
    frame = order_attribution(
        orders, visits, clicks, table(MEDIA_TOUCH, *touches), 30, date(2024, 6, 30)
    )
    assert dict(frame.dtypes) == typed(ORDER_ATTRIBUTION)
    assert [tuple(row.values()) for row in text(
        frame, "record_key", "campaign_id", "touch_type", "touched_at", "is_first_order"
    )] == [
        ("first", "campaign of click", "message_click", "2024-01-09 10:00:00", "true"),
        ("second", "ads", "paid_visit", "2024-01-12 10:00:00", "false"),
        ("third", "later ads", "paid_visit", "2024-01-12 10:20:00", "false"),
    ]  # fmt: skip


@pytest.mark.parametrize("smallest_group", [2, 4])
def test_a_campaign_costs_what_was_spent_for_each_customer_it_won_unless_they_are_few(
    smallest_group: int, table: Frames, text: Rows, money: MoneySettings
) -> None:
    def won(key: str, is_first: bool, amount: str | None) -> dict[str, Any]:
        return {
            "record_key": key,
            "customer_id": key,
            "campaign_id": "ads",
            "channel": "search",
            "order_date": "2024-01-03",
            "is_first_order": is_first,
            "reporting_amount": amount,
        }

    spend = {"campaign_id": "ads", "campaign_name": "Ads", "medium": "search", "currency": "USD"}
    frame = campaign(
        table(
            MEDIA_SPEND,
            {**spend, "record_key": "1", "spend_date": "2024-01-01", "spend_amount": "100.00"},
            {**spend, "record_key": "2", "spend_date": "2024-01-02", "spend_amount": "100.00",
             "click_count": 7},
            {**spend, "record_key": "3", "spend_date": "2031-01-01", "spend_amount": "900.00",
             "click_count": 9},
            {**spend, "record_key": "4", "campaign_id": "yuan", "currency": "CNY",
             "spend_date": "2024-01-01", "spend_amount": "100.00"},
        ),
        table(
            CUSTOMER_INTERACTION,
            {"interaction_key": "1", "interaction_type": "campaign_touch", "action": "send",
             "campaign_id": "letter", "channel": "email", "interaction_date": "2024-01-05"},
            {"interaction_key": "2", "interaction_type": "campaign_touch", "action": "send",
             "campaign_id": "letter", "channel": "email", "interaction_date": "2031-01-05"},
        ),
        table(
            CUSTOMER_WEB_SESSION,
            {"session_key": "web:1", "is_bot": False},
            {"session_key": "web:2", "is_bot": True},
            {"session_key": "web:3", "is_bot": False},
        ),
        table(
            MEDIA_TOUCH,
            # Twice by one campaign is one session of it, and of another campaign's one too.
            paid_touch("ads", "2024-01-01T10:00", session_id="1"),
            paid_touch("ads", "2024-01-01T10:05", session_id="1"),
            paid_touch("yuan", "2024-01-01T10:10", session_id="1"),
            paid_touch("ads", "2024-01-01T10:00", session_id="2"),
            paid_touch("ads", "2024-01-01T10:00", record_key="3"),
        ),
        table(ORDER_ATTRIBUTION, won("1", True, "20.00"), won("2", False, "5.00"),
              won("3", True, "1.00"), won("4", True, None) | {"campaign_id": "yuan"}),
        money,
        date(2024, 6, 30),
        smallest_group,
    )  # fmt: skip
    assert dict(frame.dtypes) == typed(CAMPAIGN)
    ads, letter, yuan = sorted(text(frame), key=lambda row: row["campaign_id"])
    # A cost and sales for which there is no rate are not nothing.
    assert (yuan["spend_reporting_amount"], letter["order_count"]) == (None, "0")
    # One customer's order is hers: nothing is told of it.
    assert yuan["order_count"] is yuan["acquired_customer_count"] is None
    assert yuan["order_reporting_amount"] is yuan["acquisition_cost_reporting_amount"] is None
    assert (letter["spend_reporting_amount"], letter["order_reporting_amount"]) == ("0.00", "0.00")
    # Nor does what is dated years ahead count.
    assert (ads["last_date"], letter["last_date"]) == ("2024-01-03", "2024-01-05")
    assert (ads["campaign_name"], ads["channel"], ads["click_count"]) == ("Ads", "search", "7")
    assert ads["spend_reporting_amount"] == "100.00"
    # A day that has not come is told, and counts in no measure.
    assert (letter["daily_spend"], ads["daily_spend"]) == (
        "[]",
        "[{2024-01-01, USD, 100.00}, {2024-01-02, USD, 100.00}, {2031-01-01, USD, 900.00}]",
    )
    assert yuan["daily_spend"] == "[{2024-01-01, CNY, 100.00}]"
    assert (ads["session_count"], yuan["session_count"]) == ("2", "1")
    told = ("3", "26.00", "2", "50.00") if smallest_group == 2 else (None,) * 4
    assert tuple(ads[name] for name in OF_CUSTOMERS) == told
    assert (letter["sent_count"], letter["channel"], letter["first_date"]) == (
        "1",
        "email",
        "2024-01-05",
    )
    assert letter["acquisition_cost_reporting_amount"] is None
