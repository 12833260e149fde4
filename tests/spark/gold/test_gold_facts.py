"""Facts: none is lost on the way to gold, and each finds its customer of today."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_interaction import customer_interaction
from lakehouse.gold.customer_metric import customer_metric
from lakehouse.gold.customer_order import customer_order
from lakehouse.gold.customer_order_line import customer_order_line
from lakehouse.settings.facts import FactSettings, MoneySettings
from lakehouse.tables.gold import (
    CUSTOMER,
    CUSTOMER_INTERACTION,
    CUSTOMER_METRIC,
    CUSTOMER_ORDER,
    CUSTOMER_ORDER_LINE,
    CUSTOMER_WEB_SESSION,
)
from lakehouse.tables.silver import (
    CAMPAIGN_EVENT,
    ORDER,
    ORDER_LINE,
    SOCIAL_MENTION,
    STORE_WEATHER,
    SUPPORT_MESSAGE,
    SUPPORT_TICKET,
    SURVEY_RESPONSE,
)
from lakehouse.tables.spec import TableSpec

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]

ORDERS = (
    {"record_key": "o1", "person_record_key": "r1", "currency": "EUR", "total_amount": "10.50"},
    {"record_key": "o2", "person_record_key": "r2", "currency": "EUR", "total_amount": "0.25"},
    {"record_key": "o3", "person_record_key": None, "currency": "EUR", "total_amount": "99.99"},
    {"record_key": "o4", "person_record_key": "gone", "currency": "USD", "total_amount": "7.00"},
)


def typed(spec: TableSpec) -> dict[str, str]:
    """Column names and types that a spec declares."""
    return {column.name: column.type for column in spec.columns}


def test_orders_of_merged_records_are_one_customers_and_guests_orders_stay(
    table: Frames, identity: Frames, facts: FactSettings
) -> None:
    known = identity({"c1": ["r1", "r2"]})
    orders = customer_order(
        table(ORDER, *ORDERS), table(ORDER_LINE), table(STORE_WEATHER), known, facts
    )
    assert dict(orders.dtypes) == typed(CUSTOMER_ORDER)
    assert {r.record_key: r.customer_id for r in orders.collect()} == {
        "o1": "c1",
        "o2": "c1",
        "o3": None,
        "o4": None,
    }


def test_sums_of_gold_orders_equal_sums_of_silver_orders(
    table: Frames, identity: Frames, facts: FactSettings
) -> None:
    silver = table(ORDER, *ORDERS)
    known = identity({"c1": ["r1"]}, former={"c0": ["r1"], "c2": ["r2"]})
    gold = customer_order(silver, table(ORDER_LINE), table(STORE_WEATHER), known, facts)

    def sums(frame: DataFrame) -> set[tuple[Any, ...]]:
        by_currency = frame.groupBy("currency").agg(F.sum("total_amount"), F.count("*"))
        return {tuple(row) for row in by_currency.collect()}

    assert sums(gold) == sums(silver) == {("EUR", Decimal("110.74"), 3), ("USD", Decimal(7), 1)}


def test_a_purchase_in_a_store_has_the_weather_of_its_day(
    table: Frames, identity: Frames, facts: FactSettings, text: Rows
) -> None:
    sold = {"store_id": "S1", "order_date": "2024-01-01"}
    day = {"store_id": "S1", "weather_date": "2024-01-01"}
    orders = customer_order(
        table(ORDER, {"record_key": "o1", **sold}, {"record_key": "o2", **sold, "store_id": None}),
        table(ORDER_LINE),
        table(
            STORE_WEATHER,
            {**day, "record_key": "w1", "sequence_at": "2024-01-01", "condition": "sun"},
            {**day, "record_key": "w2", "sequence_at": "2024-01-02", "condition": "rain"},
            {**day, "record_key": "w3", "store_id": "S2", "condition": "snow"},
        ),
        identity({}),
        facts,
    )
    assert {r["record_key"]: r["weather_condition"] for r in text(orders)} == {
        "o1": "rain",
        "o2": None,
    }


def test_an_order_of_nobody_known_finds_its_customer_when_that_arrives(
    table: Frames, identity: Frames, facts: FactSettings
) -> None:
    silver = table(ORDER, {"record_key": "o1", "person_record_key": "ann"})

    def owner(known: DataFrame) -> str | None:
        frame = customer_order(silver, table(ORDER_LINE), table(STORE_WEATHER), known, facts)
        return frame.collect()[0].customer_id

    assert owner(identity({})) is None
    assert owner(identity({"A": ["ann"]})) == "A"


@pytest.fixture
def tellings(table: Frames, identity: Frames, facts: FactSettings) -> Rows:
    """Orders of Ann's in gold by record_key, each of one lamp unless said otherwise; `pieces`: those of each
    line of some, `returned`: what came back of some.
    """

    def of(
        *orders: dict[str, Any],
        lines: dict[str, str] | None = None,
        returned: dict[str, str] | None = None,
        pieces: dict[str, Sequence[int]] | None = None,
    ) -> Any:
        known = identity({"A": ["ann", "ann at the till"], "B": ["ben"]})
        whole = {"person_record_key": "ann", "total_amount": "9.50", "currency": "EUR"}
        products = {order["record_key"]: "lamp" for order in orders} | (lines or {})
        frame = customer_order(
            table(ORDER, *({**whole, **order} for order in orders)),
            table(
                ORDER_LINE,
                *(
                    {"record_key": f"line {n} of {key}", "order_record_key": key,
                     "quantity": quantity, "product_id": product}
                    for key, product in products.items()
                    if product
                    for n, quantity in enumerate((pieces or {}).get(key, [1]))
                ),
                *(
                    {"record_key": f"return of {key}", "order_record_key": key, "quantity": -1,
                     "product_id": product}
                    for key, product in (returned or {}).items()
                ),
            ),
            table(STORE_WEATHER),
            known,
            facts,
        )  # fmt: skip
        return {row.record_key: row for row in frame.collect()}

    return of


@pytest.fixture
def repeated(tellings: Rows) -> Rows:
    """same_purchase_key by record_key of such orders."""

    def of(*orders: dict[str, Any], **more: Any) -> Any:
        found = tellings(*orders, **more)
        return {key: row.same_purchase_key for key, row in found.items()}

    return of


def told(key: str, system: str, moment: str, **other: Any) -> dict[str, Any]:
    """An order as one system tells it."""
    return {"record_key": key, "source_system": system, "ordered_at": moment, **other}


def test_a_purchase_that_shop_and_till_tell_of_is_one(repeated: Rows) -> None:
    assert repeated(
        told("order", "shop", "2024-01-01T10:00"),
        told("receipt", "pos", "2024-01-02T10:00", person_record_key="ann at the till"),
    ) == {"order": None, "receipt": "order"}


@pytest.mark.parametrize(
    "other",
    [
        told("receipt", "pos", "2024-01-03T10:01"),
        told("receipt", "shop", "2024-01-01T10:05"),
        told("receipt", "pos", "2024-01-01T10:05", total_amount="9.51"),
        told("receipt", "pos", "2024-01-01T10:05", currency="USD"),
        told("receipt", "pos", "2024-01-01T10:05", person_record_key="ben"),
        told("receipt", "pos", "2024-01-01T10:05", person_record_key=None),
    ],
    ids=["too late", "twice in one system", "a cent more", "currency", "person", "a guest"],
)
def test_what_is_nearly_the_same_purchase_is_another(repeated: Rows, other: dict[str, Any]) -> None:
    first = told("order", "shop", "2024-01-01T10:00")
    assert repeated(first, other) == {"order": None, "receipt": None}


def test_what_was_bought_instead_of_a_cancelled_order_is_no_second_telling_of_it(
    repeated: Rows,
) -> None:
    assert repeated(
        told("order", "shop", "2024-01-01T10:00", status="cancelled"),
        told("receipt", "pos", "2024-01-01T15:00"),
    ) == {"order": None, "receipt": None}


def test_a_return_that_two_systems_tell_of_is_one(repeated: Rows) -> None:
    assert repeated(
        told("order", "shop", "2024-01-01T10:00", status="returned"),
        told("receipt", "pos", "2024-01-01T15:00", status="returned"),
    ) == {"order": None, "receipt": "order"}


def test_a_part_that_came_back_to_the_till_makes_no_second_purchase(repeated: Rows) -> None:
    assert repeated(
        told("order", "shop", "2024-01-01T10:00"),
        told("receipt", "pos", "2024-01-01T15:00"),
        returned={"receipt": "lamp"},
    ) == {"order": None, "receipt": "order"}


@pytest.mark.parametrize(
    ("shop", "till"), [("returned", "paid"), ("shipped", "returned"), ("returned", "returned")]
)
def test_a_purchase_is_returned_if_either_system_says_so(
    tellings: Rows, shop: str, till: str
) -> None:
    found = tellings(
        told("order", "shop", "2024-01-01T10:00", status=shop),
        told("receipt", "pos", "2024-01-01T15:00", status=till),
        told("another", "pos", "2024-01-09T15:00", status="paid"),
    )
    assert found["receipt"].same_purchase_key == "order"
    assert (found["order"].status, found["another"].status) == ("returned", "paid")


def test_of_purchases_of_every_day_those_within_the_hours_are_told_again(repeated: Rows) -> None:
    days = [
        *(told(f"shop {n}", "shop", f"2024-01-0{n}T10:00") for n in range(1, 5)),
        *(told(f"pos {n}", "pos", f"2024-01-0{n}T10:00") for n in range(5, 9)),
    ]
    found = repeated(*days)
    assert {key: first for key, first in found.items() if first} == {
        "pos 5": "shop 3",
        "pos 6": "shop 4",
    }


def test_each_telling_is_of_the_nearest_order_and_no_order_is_without_its_telling_for_that(
    repeated: Rows,
) -> None:
    day = "2024-01-0{}T{}:00"
    found = repeated(
        # Fetched on the third day alone.
        *(told(f"fetched late {n}", "shop", day.format(n, 10)) for n in (1, 2, 3)),
        told("receipt of 3", "pos", day.format(3, 18)),
        # Fetched thirty hours after each order, when the next was made.
        *(told(f"slow {n}", "shop", day.format(n, 10), total_amount="2.00") for n in (1, 2)),
        *(told(f"slow receipt {n}", "pos", day.format(n + 1, 16), total_amount="2.00")
          for n in (1, 2)),
        # Fetched, and bought in the store the day after.
        told("order", "shop", day.format(1, 10), total_amount="3.00"),
        told("its receipt", "pos", day.format(1, 18), total_amount="3.00"),
        told("bought again", "pos", day.format(2, 10), total_amount="3.00"),
        # A third system tells of all that the shop does.
        *(told(f"thrice {n}", "shop", day.format(n, 10), total_amount="4.00") for n in (1, 2)),
        *(told(f"crm {n}", "crm", day.format(n, 11), total_amount="4.00") for n in (1, 2)),
        told("pos 2", "pos", day.format(2, 12), total_amount="4.00"),
    )  # fmt: skip
    assert {key: first for key, first in found.items() if first} == {
        "receipt of 3": "fetched late 3",
        "slow receipt 1": "slow 1",
        "slow receipt 2": "slow 2",
        "its receipt": "order",
        "crm 1": "thrice 1",
        "crm 2": "thrice 2",
        "pos 2": "thrice 2",
    }


def test_a_purchase_is_one_whether_its_pieces_are_told_in_one_line_or_scanned_one_by_one(
    repeated: Rows,
) -> None:
    orders = told("order", "shop", "2024-01-01T10:00"), told("receipt", "pos", "2024-01-01T16:00")

    assert repeated(*orders, pieces={"order": [2], "receipt": [1, 1]}) == {
        "order": None,
        "receipt": "order",
    }
    # Three lamps in two lines are not two lamps in two lines.
    assert repeated(*orders, pieces={"order": [1, 1], "receipt": [2, 1]}) == {
        "order": None,
        "receipt": None,
    }


def test_another_basket_or_none_at_one_total_is_another_purchase(repeated: Rows) -> None:
    orders = told("order", "shop", "2024-01-01T10:00"), told("receipt", "pos", "2024-01-01T10:05")
    assert set(repeated(*orders, lines={"receipt": "rug"}).values()) == {None}
    assert set(repeated(*orders, lines={"receipt": "", "order": ""}).values()) == {None}


def test_who_buys_the_same_again_has_bought_it_again(repeated: Rows) -> None:
    assert repeated(
        told("order 1", "shop", "2024-01-01T10:00"),
        told("order 2", "shop", "2024-01-01T11:00"),
        told("receipt 1", "pos", "2024-01-02T10:00"),
        told("receipt 2", "pos", "2024-01-02T11:00"),
        told("receipt 3", "pos", "2024-01-02T12:00"),
        told("a month later", "pos", "2024-02-01T10:00"),
    ) == {
        "order 1": None,
        "order 2": None,
        "receipt 1": "order 1",
        "receipt 2": "order 2",
        "receipt 3": None,
        "a month later": None,
    }


def test_a_line_has_the_customer_and_day_of_its_order_and_its_worth_in_the_reporting_currency(
    table: Frames, identity: Frames, money: MoneySettings
) -> None:
    orders = table(
        CUSTOMER_ORDER,
        {"record_key": "o1", "person_record_key": "r1", "order_date": "2024-05-01",
         "channel": "shop"},
        {"record_key": "o2", "order_date": "2024-05-02", "channel": "store",
         "same_purchase_key": "o1"},
    )  # fmt: skip
    lines = table(
        ORDER_LINE,
        {
            "record_key": "l1",
            "order_record_key": "o1",
            "person_record_key": "r1",
            "line_amount": "-9.00",
            "currency": "USD",
        },
        {"record_key": "l2", "order_record_key": "o1", "line_amount": "9.00", "currency": "EUR"},
        {"record_key": "l3", "order_record_key": "o2", "line_amount": "9.00", "currency": "CNY"},
        # Of a line without an order nobody knows the day.
        {
            "record_key": "l4",
            "order_record_key": "nowhere",
            "person_record_key": "r1",
            "line_amount": "9.00",
            "currency": "USD",
        },
    )
    found = customer_order_line(lines, orders, identity({"c1": ["r1"]}), money)
    assert dict(found.dtypes) == typed(CUSTOMER_ORDER_LINE)
    rows = found.collect()
    assert [r.record_key for r in rows if not r.is_counted] == ["l3"]
    worth = {r.record_key: r.reporting_amount and str(r.reporting_amount) for r in rows}
    assert worth == {"l1": "-4.50", "l2": "9.00", "l3": None, "l4": None}
    assert {
        (r.record_key, r.customer_id, r.channel, r.order_date and str(r.order_date)) for r in rows
    } == {
        ("l1", "c1", "shop", "2024-05-01"),
        ("l2", "c1", "shop", "2024-05-01"),
        ("l3", None, "store", "2024-05-02"),
        ("l4", "c1", None, None),
    }


@pytest.fixture
def interactions(table: Frames, identity: Frames) -> Frames:
    """gold.customer_interaction of the given silver rows; r1 belongs to c1 and r2 to c2."""

    def of(
        sessions: Sequence[dict[str, Any]] = (),
        campaign: Sequence[dict[str, Any]] = (),
        tickets: Sequence[dict[str, Any]] = (),
        messages: Sequence[dict[str, Any]] = (),
        mentions: Sequence[dict[str, Any]] = (),
        responses: Sequence[dict[str, Any]] = (),
    ) -> Any:
        frame = customer_interaction(
            table(CUSTOMER_WEB_SESSION, *sessions),
            table(CAMPAIGN_EVENT, *campaign),
            table(SUPPORT_TICKET, *tickets),
            table(SUPPORT_MESSAGE, *messages),
            table(SOCIAL_MENTION, *mentions),
            table(SURVEY_RESPONSE, *responses),
            identity({"c1": ["r1"], "c2": ["r2"]}),
        )
        assert dict(frame.dtypes) == typed(CUSTOMER_INTERACTION)
        return frame

    return of


def test_visits_of_people_are_contacts_and_those_of_machines_are_none(
    interactions: Frames, text: Rows
) -> None:
    (visit,) = text(
        interactions(
            sessions=[
                {"session_key": "web:s1", "person_record_key": "r1", "is_bot": False,
                 "record_key": "e1", "furthest_step": "cart", "page_count": 2},
                {"session_key": "web:s2", "is_bot": True},
            ]
        )
    )  # fmt: skip
    assert visit["interaction_key"] == "web:s1"
    assert (visit["customer_id"], visit["action"], visit["page_count"]) == ("c1", "cart", "2")


def test_touches_tickets_mentions_and_answers_are_contacts_without_anyones_words(
    interactions: Frames,
) -> None:
    secret = "call me on +441632960001"
    who = {"person_record_key": "r1"}
    found = interactions(
        campaign=[{"record_key": "k1", "event_type": "click", "channel": "email",
                   "campaign_id": "spring", "email": secret, **who}],
        tickets=[{"record_key": "k2", "channel": "chat", "topic": "delivery", "status": "open",
                  "subject": secret, **who}],
        mentions=[{"record_key": "k3", "network": "birdsite", "body": secret, **who}],
        responses=[{"record_key": "k4", "survey": "nps", "score": 9, "comment": secret, **who}],
    )  # fmt: skip
    rows = found.collect()
    assert {
        (r.interaction_key, r.interaction_type, r.channel, r.action, r.topic, r.score) for r in rows
    } == {
        ("k1", "campaign_touch", "email", "click", None, None),
        ("k2", "support_ticket", "chat", "open", "delivery", None),
        ("k3", "social_mention", "social", "posted", "birdsite", None),
        ("k4", "survey_response", "survey", "answered", "nps", 9),
    }
    assert {r.customer_id for r in rows} == {"c1"}
    assert secret not in str(rows)


def test_calls_and_chats_are_contacts_with_their_length_and_messages_are_none(
    interactions: Frames, text: Rows
) -> None:
    def talk(key: str, author: str, channel: str | None, *moments: str) -> dict[str, Any]:
        """A row of ticket t that began at 10:00, with the moments of answer and end."""
        told = zip(("answered_at", "ended_at"), moments, strict=False)
        return {
            "record_key": key,
            "author": author,
            "channel": channel,
            "ticket_record_key": "t",
            "person_record_key": "r1",
            "sent_at": "2024-01-01T10:00",
            "body": "secret words",
            **{name: f"2024-01-01T{moment}" for name, moment in told},
        }

    found = text(
        interactions(
            messages=[
                talk("call", "customer", "phone", "10:00:30", "10:05:30"),
                talk("back", "agent", "phone", "10:00:10", "10:01:10"),
                talk("missed", "customer", "phone"),
                talk("in vain", "agent", "phone"),
                talk("chat", "customer", "chat", "10:02:00", "09:00:00"),
                talk("mail", "customer", None),
                talk("web", "agent", "web"),
            ]
        ),
        *("interaction_key", "interaction_type", "channel", "action"),
        *("response_seconds", "handling_seconds", "ticket_record_key", "customer_id"),
    )

    assert [tuple(row.values()) for row in found] == [
        ("back", "call", "phone", "outbound", "10", "60", "t", "c1"),
        ("call", "call", "phone", "answered", "30", "300", "t", "c1"),
        # One that ends before it begins has no length.
        ("chat", "chat", "chat", "answered", "120", None, "t", "c1"),
        ("in vain", "call", "phone", "outbound_unanswered", None, None, "t", "c1"),
        ("missed", "call", "phone", "unanswered", None, None, "t", "c1"),
    ]


@pytest.fixture
def metrics(table: Frames, text: Rows) -> Rows:
    """gold.customer_metric as text by customer, for the customers c1 and c2."""

    def of(orders: Sequence[dict[str, Any]] = (), contacts: Sequence[dict[str, Any]] = ()) -> Any:
        frame = customer_metric(
            table(CUSTOMER, {"customer_id": "c1"}, {"customer_id": "c2"}),
            table(CUSTOMER_ORDER, *orders),
            table(CUSTOMER_INTERACTION, *contacts),
            date(2024, 6, 1),
        )
        assert dict(frame.dtypes) == typed(CUSTOMER_METRIC)
        return {row["customer_id"]: row for row in text(frame)}

    return of


def bought(
    day: str,
    amount: str,
    currency: str = "EUR",
    status: str | None = "paid",
    customer_id: str | None = "c1",
) -> dict[str, Any]:
    """One order of gold."""
    return {
        "customer_id": customer_id,
        "order_date": day,
        "total_amount": amount,
        "currency": currency,
        "status": status,
    }


def test_orders_are_valued_per_currency_without_those_cancelled_or_returned(metrics: Rows) -> None:
    row = metrics(
        orders=[
            bought("2024-01-05", "10.00"),
            bought("2024-01-01", "2.50", status=None),
            bought("2024-01-03", "1.00", "USD"),
            bought("2024-01-09", "500.00", "GBP", status="cancelled"),
            bought("2023-01-01", "700.00", status="returned"),
            bought("2020-01-01", "900.00", customer_id=None),
        ]
    )["c1"]
    assert row["order_values"] == "[{EUR, 2, 12.50}, {USD, 1, 1.00}]"
    assert (row["first_order_date"], row["last_order_date"]) == ("2024-01-01", "2024-01-05")
    assert row["order_count"] == "3"
    assert (row["returned_order_count"], row["cancelled_order_count"]) == ("1", "1")


def contact(day: str, kind: str = "web_session", action: str | None = None) -> dict[str, Any]:
    """One contact of gold."""
    return {
        "customer_id": "c1",
        "interaction_date": day,
        "interaction_type": kind,
        "action": action,
    }


def test_what_the_company_sends_is_a_contact_but_no_activity(metrics: Rows) -> None:
    row = metrics(
        contacts=[
            contact("2024-03-01", "campaign_touch", "send"),
            contact("2024-02-01", "campaign_touch", "open"),
            contact("2024-02-02"),
        ]
    )["c1"]
    assert row["interaction_count"] == "3"
    assert row["last_contact_date"] == "2024-03-01"
    assert row["last_active_date"] == "2024-02-02"


def test_that_somebody_spoke_to_the_service_desk_is_in_no_measure_that_marketing_reads(
    metrics: Rows,
) -> None:
    told = [contact("2024-02-01", kind) for kind in ("social_mention", "survey_response")]
    kept_from_it = [contact("2024-03-01", kind) for kind in ("support_ticket", "call", "chat")]

    row = metrics(contacts=[*told, *kept_from_it])["c1"]

    assert "marketing" in CUSTOMER_METRIC.purposes
    assert row["interaction_count"] == "2"
    assert row["last_contact_date"] == row["last_active_date"] == "2024-02-01"


def test_a_purchase_told_twice_counts_once(metrics: Rows) -> None:
    again = {**bought("2024-01-01", "1.00"), "record_key": "2", "same_purchase_key": "1"}
    row = metrics(orders=[{**bought("2024-01-01", "1.00"), "record_key": "1"}, again])["c1"]
    assert (row["order_count"], row["order_values"]) == ("1", "[{EUR, 1, 1.00}]")


def test_what_a_clock_that_runs_ahead_tells_counts_in_nothing(metrics: Rows) -> None:
    row = metrics(orders=[bought("2024-01-01", "1.00"), bought("2031-01-01", "9.00")],
                  contacts=[contact("2031-01-01")])["c1"]  # fmt: skip
    assert (row["order_count"], row["last_order_date"]) == ("1", "2024-01-01")
    assert (row["interaction_count"], row["last_active_date"]) == ("0", "2024-01-01")


def test_a_cancelled_order_shows_activity(metrics: Rows) -> None:
    row = metrics(orders=[bought("2024-01-09", "500.00", status="cancelled")])["c1"]
    assert (row["last_order_date"], row["last_active_date"]) == (None, "2024-01-09")
    assert row["order_values"] == "[]"


def test_a_customer_who_never_did_anything_has_zeros(metrics: Rows) -> None:
    row = metrics(orders=[bought("2024-01-01", "1.00")])["c2"]
    assert (row["order_count"], row["interaction_count"]) == ("0", "0")
    assert row["order_values"] == "[]"
    assert row["last_order_date"] is row["last_contact_date"] is row["last_active_date"] is None
