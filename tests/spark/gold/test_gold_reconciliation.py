"""Gold adds up to silver by fact, day and currency, and says where it does not."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.campaign import campaign
from lakehouse.gold.customer_order import customer_order
from lakehouse.gold.customer_order_line import customer_order_line
from lakehouse.gold.customer_payment import customer_payment
from lakehouse.gold.customer_return import customer_return
from lakehouse.gold.reconciliation import reconciliation
from lakehouse.settings.facts import FactSettings
from lakehouse.tables import gold, silver

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]

AS_OF = date(2024, 6, 30)


@pytest.fixture
def told(table: Frames) -> dict[str, DataFrame]:
    """Silver of a company of three days: what reconciliation takes of it, by name."""

    def order(key: str, day: str, hour: str, system: str, **other: str) -> dict[str, Any]:
        return {"record_key": key, "order_date": day, "ordered_at": f"{day}T{hour}:00",
                "person_record_key": "ann", "source_system": system, "channel": "shop",
                "currency": "EUR", "total_amount": "30.00", **other}  # fmt: skip

    def line(key: str, order: str, quantity: int, amount: str, currency: str = "EUR") -> Any:
        return {"record_key": f"{order}: {key}", "order_record_key": order, "quantity": quantity,
                "product_id": key, "line_amount": amount, "currency": currency}  # fmt: skip

    def paid(key: str, order: str | None, day: str, amount: str, **other: str) -> dict[str, Any]:
        return {"record_key": key, "order_record_key": order, "paid_at": f"{day}T12:00",
                "status": "captured", "currency": "EUR", "amount": amount, **other}  # fmt: skip

    def spent(key: str, day: str, amount: str, currency: str = "EUR") -> dict[str, Any]:
        return {"record_key": key, "campaign_id": "ads", "spend_date": day,
                "spend_amount": amount, "currency": currency}  # fmt: skip

    orders = (
        order("kept", "2024-01-01", "09:00", "shop", total_amount="7.00"),
        order("in dollars", "2024-01-01", "10:00", "shop", currency="USD"),
        order("returned", "2024-01-02", "09:00", "shop", total_amount="20.00", status="returned"),
        # One purchase: the till tells of it again on the next day.
        order("shop's", "2024-01-01", "23:00", "shop"),
        order("till's", "2024-01-02", "08:00", "pos", channel="store"),
    )
    lines = (
        line("a", "kept", 1, "7.00"),
        line("a", "in dollars", 3, "30.00", "USD"),
        line("a", "returned", 2, "20.00"),
        *(line("b", order, 3, "30.00") for order in ("shop's", "till's")),
        # Both tell that one piece came back, the till alone of a second.
        *(line("b back", order, -1, "-10.00") for order in ("shop's", "till's")),
        line("b back, too", "till's", -1, "-10.00"),
        line("c", "an order that never came", 1, "1.00"),
    )
    payments = (
        paid("1", "kept", "2024-01-01", "7.00"),
        paid("2", "returned", "2024-01-03", "-20.00"),
        # Told by both systems, and a second one of the same amount by the till alone.
        *(paid(f"3 {order}", order, "2024-01-03", "-10.00") for order in ("shop's", "till's")),
        paid("4", "till's", "2024-01-03", "-10.00"),
        # What gold.customer_return leaves out is among the payments.
        paid("of no order", None, "2024-01-03", "-1.00"),
        paid("other money", "kept", "2024-01-03", "-2.00", currency="USD"),
        paid("not made", "kept", "2024-01-03", "-4.00", status="failed"),
    )
    spends = (
        spent("1", "2024-01-01", "100.00"),
        spent("2", "2024-01-01", "5.00", "USD"),
        # A wrong clock: it counts in no measure, and is not lost.
        spent("3", "2031-01-01", "9.00"),
    )
    return {
        "order": table(silver.ORDER, *orders),
        "order_line": table(silver.ORDER_LINE, *lines),
        "payment": table(silver.PAYMENT, *payments),
        "media_spend": table(silver.MEDIA_SPEND, *spends),
        "web_event": table(silver.WEB_EVENT, {"record_key": "e1"}, {"record_key": "e2"}),
    }


@pytest.fixture
def both_sides(
    told: dict[str, DataFrame], table: Frames, identity: Frames, facts: FactSettings
) -> dict[str, DataFrame]:
    """The company's silver, and gold as it is made from that."""
    people, money = identity({"A": ["ann"]}), facts.money
    orders = customer_order(
        told["order"], told["order_line"], table(silver.STORE_WEATHER), people, facts
    )
    lines = customer_order_line(told["order_line"], orders, people, money)
    payments = customer_payment(told["payment"], orders, people, money)
    return {
        **told,
        "customer_order": orders,
        "customer_order_line": lines,
        "customer_payment": payments,
        "customer_return": customer_return(orders, lines, payments, money),
        "campaign": campaign(
            told["media_spend"],
            table(gold.CUSTOMER_INTERACTION),
            table(gold.CUSTOMER_WEB_SESSION),
            table(silver.MEDIA_TOUCH),
            table(gold.ORDER_ATTRIBUTION),
            money,
            AS_OF,
            smallest_group=1,
        ),
        "customer_web_session": table(gold.CUSTOMER_WEB_SESSION, {"event_count": 2}),
    }


def test_every_fact_of_money_adds_up_by_day_and_currency(
    both_sides: dict[str, DataFrame], text: Rows
) -> None:
    frame = reconciliation(**both_sides)
    assert dict(frame.dtypes) == {c.name: c.type for c in gold.RECONCILIATION.columns}
    rows = [tuple(row.values()) for row in text(frame)]
    assert [row[:5] for row in rows] == [
        ("media_spend", "2024-01-01", "EUR", "1", "100.00"),
        ("media_spend", "2024-01-01", "USD", "1", "5.00"),
        ("media_spend", "2031-01-01", "EUR", "1", "9.00"),
        ("order", "2024-01-01", "EUR", "2", "37.00"),
        ("order", "2024-01-01", "USD", "1", "30.00"),
        ("order", "2024-01-02", "EUR", "2", "50.00"),
        ("order_line", "2024-01-01", "EUR", "3", "27.00"),
        ("order_line", "2024-01-01", "USD", "1", "30.00"),
        ("order_line", "2024-01-02", "EUR", "4", "30.00"),
        ("order_line", "none", "EUR", "1", "1.00"),
        ("payment", "2024-01-01", "EUR", "1", "7.00"),
        ("payment", "2024-01-03", "EUR", "6", "-55.00"),
        ("payment", "2024-01-03", "USD", "1", "-2.00"),
        # Of each purchase once, on the day of its first telling.
        ("refund", "2024-01-01", "EUR", "2", "20.00"),
        ("refund", "2024-01-02", "EUR", "1", "20.00"),
        ("return", "2024-01-01", "EUR", "1", "20.00"),
        ("return", "2024-01-02", "EUR", "1", "20.00"),
        ("web_event", "all", "XXX", "2", "0.00"),
    ]
    assert [(row[5:7], row[7]) for row in rows] == [(row[3:5], "true") for row in rows]


WRONGS: dict[str, tuple[str, Callable[[DataFrame], DataFrame], set[tuple[str, ...]]]] = {
    "an order twice": (
        "customer_order",
        lambda orders: orders.unionByName(orders.where("record_key = 'in dollars'")),
        {("order", "2024-01-01", "USD")},
    ),
    "a line on another day": (
        "customer_order_line",
        lambda lines: lines.withColumn(
            "order_date",
            F.when(F.col("record_key") == "kept: a", F.lit("2024-01-02").cast("date")).otherwise(
                F.col("order_date")
            ),
        ),
        {("order_line", "2024-01-01", "EUR"), ("order_line", "2024-01-02", "EUR")},
    ),
    "a line without a day not at all": (
        "customer_order_line",
        lambda lines: lines.where("order_date is not null"),
        {("order_line", "none", "EUR")},
    ),
    "a payment on the day of its order": (
        "customer_payment",
        lambda payments: payments.withColumn(
            "payment_date",
            F.when(F.col("record_key") == "2", F.lit("2024-01-02").cast("date")).otherwise(
                F.col("payment_date")
            ),
        ),
        {("payment", "2024-01-02", "EUR"), ("payment", "2024-01-03", "EUR")},
    ),
    "the returns of one purchase not at all": (
        "customer_return",
        lambda returns: returns.where("record_key != 'returned'"),
        {("return", "2024-01-02", "EUR"), ("refund", "2024-01-02", "EUR")},
    ),
    "a refund of both tellings twice": (
        "customer_return",
        lambda returns: returns.withColumn(
            "refunded_amount", F.expr("if(refund_count = 2, 30, refunded_amount)")
        ),
        {("refund", "2024-01-01", "EUR")},
    ),
    "spend in another currency": (
        "campaign",
        lambda campaigns: campaigns.withColumn(
            "daily_spend",
            F.transform(
                "daily_spend",
                lambda spend: spend.withField(
                    "currency", F.regexp_replace(spend["currency"], "USD", "GBP")
                ),
            ),
        ),
        {("media_spend", "2024-01-01", "USD"), ("media_spend", "2024-01-01", "GBP")},
    ),
}


@pytest.mark.parametrize("wrong", WRONGS)
def test_what_gold_tells_wrongly_is_named_by_fact_day_and_currency(
    both_sides: dict[str, DataFrame], text: Rows, wrong: str
) -> None:
    name, tampered, named = WRONGS[wrong]
    frame = reconciliation(**{**both_sides, name: tampered(both_sides[name])})
    different = text(frame.where(~F.col("is_equal")), "fact", "period", "currency")
    assert {tuple(row.values()) for row in different} == named
