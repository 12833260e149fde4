"""What came back, what was left in the cart, what was recommended, and the stores and channels of it all."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame

from lakehouse.gold.channel import channel
from lakehouse.gold.customer_cart import customer_cart
from lakehouse.gold.customer_loyalty import customer_loyalty
from lakehouse.gold.customer_loyalty_movement import customer_loyalty_movement
from lakehouse.gold.customer_recommendation import customer_recommendation
from lakehouse.gold.customer_return import customer_return
from lakehouse.gold.store import store
from lakehouse.settings.facts import FactSettings, MoneySettings
from lakehouse.tables import gold, silver
from lakehouse.tables.spec import TableSpec

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]


def typed(spec: TableSpec) -> dict[str, str]:
    """Column names and types that a spec declares."""
    return {column.name: column.type for column in spec.columns}


def at(day: int, hour: int = 10) -> str:
    """A moment in January 2024."""
    return f"2024-01-{day:02d}T{hour:02d}:00"


def test_what_came_back_and_what_was_refunded_is_told_of_each_purchase_once(
    table: Frames, text: Rows, money: MoneySettings
) -> None:
    sold = {"currency": "USD", "order_date": "2024-01-10", "total_amount": "30.00"}
    till = {"channel": "store", "source_system": "pos"}
    line = {"currency": "USD", "quantity": 3, "line_amount": "30.00"}
    paid = {"currency": "USD", "is_told_again": False, "paid_at": at(13)}
    frame = customer_return(
        table(
            gold.CUSTOMER_ORDER,
            {"record_key": "whole", "status": "returned", **sold},
            {"record_key": "part of a receipt", "status": "paid", "ordered_at": at(14), **till,
             **sold},
            {"record_key": "refunded alone", "status": "shipped", **sold},
            {"record_key": "kept", "status": "paid", **sold},
            {"record_key": "whole, told again", "status": "returned", "same_purchase_key": "whole",
             **sold},
            {"record_key": "fetched", "status": "shipped", **sold},
            {"record_key": "its receipt", "status": "paid", "same_purchase_key": "fetched",
             "ordered_at": at(15), **till, **sold},
            # Sold at the till before the shop told of the same.
            *({"record_key": key, "status": "paid", "ordered_at": at(16), **till, **sold}
              for key in ("till", "till that knows")),
            *({"record_key": f"{key}, in the shop", "status": "paid", "channel": "shop",
               "same_purchase_key": key, "ordered_at": at(16, 11), **sold}
              for key in ("till", "till that knows")),
        ),
        table(
            gold.CUSTOMER_ORDER_LINE,
            {"record_key": "1", "order_record_key": "whole", **line},
            {"record_key": "2", "order_record_key": "part of a receipt", **line},
            {"record_key": "3", "order_record_key": "part of a receipt", "currency": "USD",
             "quantity": -1, "line_amount": "-10.00"},
            {"record_key": "4", "order_record_key": "kept", **line},
            {"record_key": "5", "order_record_key": "fetched", **line},
            {"record_key": "6", "order_record_key": "its receipt", **line},
            {"record_key": "7", "order_record_key": "its receipt", "currency": "USD",
             "quantity": -2, "line_amount": "-20.00"},
            *({"record_key": f"back of {key}", "order_record_key": key, "currency": "USD",
               "quantity": -1, "line_amount": "-10.00"}
              for key in ("till, in the shop", "till that knows", "till that knows, in the shop")),
        ),
        table(
            gold.CUSTOMER_PAYMENT,
            {"record_key": "1", "order_record_key": "whole", "status": "refunded",
             "amount": "-20.00", **paid},
            {"record_key": "2", "order_record_key": "whole", "status": "captured",
             "amount": "-10.00", **paid, "paid_at": at(12)},
            {"record_key": "3", "order_record_key": "whole", "status": "failed",
             "amount": "-10.00", **paid},
            {"record_key": "4", "order_record_key": "refunded alone", "status": "refunded",
             "amount": "-5.00", **paid, "paid_at": at(9)},
            {"record_key": "5", "order_record_key": "kept", "status": "captured",
             "amount": "30.00", **paid},
            {"record_key": "6", "order_record_key": "kept", "status": "refunded",
             "amount": "-30.00", **paid, "is_told_again": True},
            {"record_key": "7", "order_record_key": "its receipt", "status": "captured",
             "amount": "-20.00", **paid},
        ),
        money,
    )  # fmt: skip
    assert dict(frame.dtypes) == typed(gold.CUSTOMER_RETURN)
    names = ("returned_piece_count", "returned_amount", "returned_reporting_amount",
             "refund_count", "refunded_amount", "refunded_reporting_amount", "days_to_refund",
             "returned_at", "return_source_system")  # fmt: skip
    assert {
        row["record_key"]: tuple(row[name] for name in names) for row in text(frame)
    } == {
        # A receipt has a moment; when an order of the shop came back nobody says.
        "whole": ("3", "30.00", "15.00", "2", "30.00", "15.00", "2", None, None),
        "part of a receipt": ("1", "10.00", "5.00", "0", "0.00", "0.00", None, "2024-01-14 10:00:00", "pos"),
        "refunded alone": ("0", "0.00", "0.00", "1", "5.00", "2.50", None, None, None),
        # The till alone tells that a part was brought back, and the money handed out.
        "fetched": ("2", "20.00", "10.00", "1", "20.00", "10.00", "3", "2024-01-15 10:00:00", "pos"),
        # The moment of an order of the shop is none at which something came back.
        "till": ("1", "10.00", "5.00", "0", "0.00", "0.00", None, None, None),
        "till that knows": ("1", "10.00", "5.00", "0", "0.00", "0.00", None, "2024-01-16 10:00:00", "pos"),
    }  # fmt: skip


def test_a_cart_is_held_against_the_order_that_followed_and_priced_by_the_catalogue(
    table: Frames, text: Rows, facts: FactSettings
) -> None:
    cart = {"customer_id": "A", "is_bot": False, "carted_at": at(10), "cart_state": "abandoned"}
    frame = customer_cart(
        table(
            gold.CUSTOMER_WEB_SESSION,
            {"session_key": "recovered", **cart, "cart_contents": ("lamp", "rug"),
             "cart_state": "recovered"},
            {"session_key": "left", **cart, "carted_at": at(20), "cart_contents": ("lamp", "new")},
            {"session_key": "nobody's", **cart, "customer_id": None,
             "carted_products": ("rug", "lamp"), "cart_contents": ("lamp",)},
            {"session_key": "in dollars", **cart, "customer_id": None, "cart_contents": ("bulb",)},
            {"session_key": "a machine's", **cart, "is_bot": True},
            {"session_key": "no cart", **cart, "carted_at": None},
        ),
        table(
            gold.CUSTOMER_ORDER,
            {"record_key": "before", "customer_id": "A", "ordered_at": at(9)},
            {"record_key": "first", "customer_id": "A", "ordered_at": at(12)},
            {"record_key": "second", "customer_id": "A", "ordered_at": at(13)},
            {"record_key": "cancelled", "customer_id": "A", "ordered_at": at(11),
             "status": "cancelled"},
            {"record_key": "of days to come", "customer_id": "A", "ordered_at": at(11),
             "order_date": "2031-01-01"},
        ),
        table(
            gold.PRODUCT,
            {"product_id": "lamp", "currency": "EUR", "list_price": "9.50"},
            {"product_id": "rug", "currency": "EUR", "list_price": "20.00"},
            {"product_id": "bulb", "currency": "USD", "list_price": "3.00"},
        ),
        facts,
        date(2024, 2, 1),
    )  # fmt: skip
    assert dict(frame.dtypes) == typed(gold.CUSTOMER_CART)
    names = ("products", "list_amount", "list_reporting_amount", "order_record_key")
    assert {row["session_key"]: tuple(row[name] for name in names) for row in text(frame)} == {
        "recovered": ("[lamp, rug]", "29.50", "29.50", "first"),
        "left": ("[lamp, new]", None, None, None),
        "nobody's": ("[lamp]", "9.50", "9.50", None),
        "in dollars": ("[bulb]", "3.00", "1.50", None),
    }


@pytest.fixture
def recommended(table: Frames, identity: Frames, text: Rows) -> Rows:
    """gold.customer_recommendation by list and product; ann is customer A, in session w:s of hers.

    A purchase within 7 days counts; each order is of one lamp, or of what its key names.
    """

    def of(events: Sequence[dict[str, Any]], orders: dict[str, str]) -> Any:
        known = {"source_system": "w", "session_id": "s", "product_id": "lamp"}
        frame = customer_recommendation(
            table(
                silver.RECOMMENDATION,
                *({**known, "record_key": str(n), **event} for n, event in enumerate(events)),
            ),
            table(
                gold.CUSTOMER_WEB_SESSION,
                {"session_key": "w:s", "person_record_key": "ann", "is_bot": False},
                {"session_key": "w:robot", "is_bot": True},
            ),
            table(
                gold.CUSTOMER_ORDER,
                *({"record_key": o, "customer_id": "A", "ordered_at": t} for o, t in orders.items()),
            ),
            table(
                gold.CUSTOMER_ORDER_LINE,
                *(
                    {"record_key": o, "order_record_key": o, "customer_id": "A", "quantity": 1,
                     "product_id": o.partition(" of a ")[2] or "lamp"}
                    for o in orders
                ),
            ),
            identity({"A": ["ann"]}),
            7,
            date(2024, 6, 30),
        )  # fmt: skip
        assert dict(frame.dtypes) == typed(gold.CUSTOMER_RECOMMENDATION)
        return {
            f"{row['list_id']} {row['product_id']}": (
                row["customer_id"],
                row["is_clicked"],
                row["order_record_key"],
            )
            for row in text(frame)
        }

    return of


def shown(list_id: str, moment: str, **other: Any) -> dict[str, Any]:
    return {"list_id": list_id, "event_type": "shown", "event_at": moment, **other}


def clicked(list_id: str, moment: str, **other: Any) -> dict[str, Any]:
    return shown(list_id, moment, **other) | {"event_type": "clicked"}


def test_a_product_of_a_list_is_shown_clicked_or_bought(recommended: Rows) -> None:
    assert recommended(
        [
            shown("L1", at(10)),
            shown("L1", at(10), product_id="rug"),
            clicked("L1", at(10, 11), product_id="rug"),
            shown("L2", at(25), session_id="somebody's"),
            shown("L3", at(10), session_id="robot", person_record_key="ann"),
        ],
        {"too early": at(9), "order": at(12), "again": at(13), "too late": at(18)},
    ) == {
        "L1 lamp": ("A", "false", "order"),
        "L1 rug": ("A", "true", None),
        "L2 lamp": (None, "false", None),
        "L3 lamp": (None, "false", None),
    }


def test_of_two_lists_with_one_product_the_clicked_one_sold_it_else_the_last(
    recommended: Rows,
) -> None:
    lists = [shown("L1", at(10)), shown("L2", at(11))]
    rugs = [{**told, "product_id": "rug"} for told in lists]
    clicked_in_time = clicked("L1", at(10, 11), product_id="rug")
    clicked_when_it_was_bought_already = clicked("L1", at(14))

    assert recommended(
        [*lists, *rugs, clicked_in_time, clicked_when_it_was_bought_already],
        {"order": at(12), "order of a rug": at(12)},
    ) == {
        "L1 lamp": ("A", "true", None),
        "L2 lamp": ("A", "false", "order"),
        "L1 rug": ("A", "true", "order of a rug"),
        "L2 rug": ("A", "false", None),
    }


def test_a_loyalty_account_is_the_customers_of_today(
    table: Frames, identity: Frames, text: Rows
) -> None:
    account = {"loyalty_number": "29", "tier": "gold", "points": 7, "sequence_at": at(5)}
    frame = customer_loyalty(
        table(silver.LOYALTY, {"record_key": "l", "person_record_key": "ann", **account}),
        identity({"A": ["ann"]}),
    )
    assert dict(frame.dtypes) == typed(gold.CUSTOMER_LOYALTY)
    (row,) = text(frame, "customer_id", "tier", "points", "told_at")
    assert tuple(row.values()) == ("A", "gold", "7", "2024-01-05 10:00:00")


def balance(day: int, tier: str | None, points: int | None) -> tuple[Any, ...]:
    """What an account of silver.loyalty has among its balances."""
    return datetime.fromisoformat(at(day)).replace(tzinfo=UTC), tier, points


ACCOUNT = {
    "record_key": "l",
    "person_record_key": "ann",
    "loyalty_number": "29",
    "balances": [
        balance(1, "basic", 100),
        balance(2, "basic", 160),
        balance(3, "silver", 160),
        balance(4, "basic", 30),
        balance(5, "basic", None),
    ],
}


def test_points_are_earned_and_spent_and_tiers_change_from_one_balance_to_the_next(
    table: Frames, identity: Frames, text: Rows
) -> None:
    newcomer = {"record_key": "n", "loyalty_number": "30", "balances": [balance(1, "basic", 5)]}
    frame = customer_loyalty_movement(
        table(silver.LOYALTY, ACCOUNT, newcomer, {"record_key": "untold", "loyalty_number": "31"}),
        identity({"A": ["ann"]}),
    )

    assert dict(frame.dtypes) == typed(gold.CUSTOMER_LOYALTY_MOVEMENT)
    told = text(
        frame, "told_date", "points_change", "points", "former_tier", "tier", "is_tier_change"
    )
    assert [tuple(row.values()) for row in told] == [
        ("2024-01-02", "60", "160", "basic", "basic", "false"),
        ("2024-01-03", "0", "160", "basic", "silver", "true"),
        ("2024-01-04", "-130", "30", "silver", "basic", "true"),
        # Points that cannot be read were neither earned nor spent.
    ]
    assert {row["customer_id"] for row in text(frame)} == {"A"}
    assert len({row["movement_key"] for row in text(frame)}) == 3


def test_what_was_earned_is_told_although_a_balance_in_between_cannot_be_read(
    table: Frames, identity: Frames, text: Rows
) -> None:
    balances = [
        balance(1, "basic", None),
        balance(2, "basic", 160),
        balance(3, "basic", None),
        balance(4, "silver", None),
        balance(5, "silver", 250),
        balance(6, "silver", None),
        balance(7, "gold", 250),
    ]
    frame = customer_loyalty_movement(
        table(silver.LOYALTY, {"record_key": "l", "loyalty_number": "29", "balances": balances}),
        identity({}),
    )

    told = text(frame, "told_date", "last_told_at", "points_change", "former_tier", "tier")
    assert [tuple(row.values()) for row in told] == [
        ("2024-01-04", "2024-01-03 10:00:00", "0", "basic", "silver"),
        ("2024-01-05", "2024-01-02 10:00:00", "90", "silver", "silver"),
        ("2024-01-07", "2024-01-06 10:00:00", "0", "silver", "gold"),
    ]


def test_an_account_is_in_its_tier_since_it_was_last_told_of_another(
    table: Frames, identity: Frames, text: Rows
) -> None:
    frame = customer_loyalty(table(silver.LOYALTY, ACCOUNT), identity({"A": ["ann"]}))

    assert text(frame, "tier_from_at") == [{"tier_from_at": "2024-01-04 10:00:00"}]


def test_stores_and_channels_are_those_that_facts_name_and_no_clock_runs_ahead(
    table: Frames, text: Rows
) -> None:
    orders = table(
        gold.CUSTOMER_ORDER,
        {"record_key": "1", "channel": "store", "store_id": "S1", "order_date": "2024-01-02"},
        {"record_key": "2", "channel": "store", "store_id": "S1", "order_date": "2031-01-01"},
        {"record_key": "3", "channel": "shop", "order_date": "2024-01-03"},
    )
    stores = store(
        orders,
        table(silver.STORE_WEATHER, {"store_id": "S2", "weather_date": "2024-01-01"}),
        as_of=date(2024, 2, 1),
    )
    channels = channel(
        orders,
        table(gold.CUSTOMER_INTERACTION, {"channel": "email", "interaction_date": "2024-01-04"}),
        table(gold.CUSTOMER_CONSENT, {"channel": "email", "decided_at": at(1)}),
        table(
            gold.CUSTOMER_WEB_SESSION,
            {"session_key": "1", "is_bot": False, "session_date": "2024-01-01"},
            {"session_key": "2", "is_bot": True, "medium": "affiliate"},
        ),
        table(silver.MEDIA_SPEND, {"medium": "search", "spend_date": "2024-01-01"}),
        as_of=date(2024, 2, 1),
    )
    assert dict(stores.dtypes) == typed(gold.STORE)
    assert [tuple(row.values()) for row in text(stores)] == [
        ("S1", "2024-01-02", "2024-01-02", None),
        ("S2", None, None, "2024-01-01"),
    ]
    assert dict(channels.dtypes) == typed(gold.CHANNEL)
    assert {
        row["channel"]: [use for use in ("sales", "contact", "consent", "visits")
                         if row[f"is_for_{use}"] == "true"]
        for row in text(channels)
    } == {
        "store": ["sales"],
        "shop": ["sales"],
        "email": ["contact", "consent"],
        "direct": ["visits"],
        "search": ["visits"],
    }  # fmt: skip
