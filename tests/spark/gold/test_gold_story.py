"""One customer's story: stages, timeline, tickets, and all at a glance."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import DataFrame

from lakehouse.gold.customer_360 import customer_360
from lakehouse.gold.customer_interest import customer_interest
from lakehouse.gold.customer_journey_stage import customer_journey_stage
from lakehouse.gold.customer_ticket import customer_ticket
from lakehouse.gold.customer_timeline import customer_timeline
from lakehouse.settings.facts import JourneySettings
from lakehouse.settings.freshness import FreshnessSettings
from lakehouse.tables import gold, silver
from lakehouse.tables.linkage import CUSTOMER_ALIAS, IDENTITY_EVENT
from lakehouse.tables.spec import TableSpec

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]


def typed(spec: TableSpec) -> dict[str, str]:
    return {column.name: column.type for column in spec.columns}


def minute(n: int) -> datetime:
    return datetime(2024, 1, 1, 10 + n // 60, n % 60, tzinfo=UTC)


def message(n: int, author: str, at: int) -> dict[str, Any]:
    return {
        "record_key": f"m{n}",
        "ticket_record_key": "t",
        "message_number": n,
        "author": author,
        "sent_at": minute(at),
    }


@pytest.mark.parametrize(
    ("thread", "closed", "expected"),
    [
        ([("customer", 0), ("agent", 20)], 90, ("20", "70", "90", "false", "true")),
        ([("customer", 0), ("agent", 20), ("agent", 30)], 90, ("20", "70", "90", "false", "false")),
        (
            [("customer", 0), ("agent", 20), ("customer", 95)],
            90,
            ("20", "70", "90", "true", "false"),
        ),
        ([("customer", 0), ("agent", 20)], None, ("20", None, None, "false", "false")),
        ([("customer", 0)], 90, (None, None, "90", "false", "false")),
    ],
    ids=["settled at once", "in two messages", "customer wrote again", "still open", "no answer"],
)
def test_how_a_ticket_was_handled(
    table: Frames,
    identity: Frames,
    text: Rows,
    thread: Sequence[tuple[str, int]],
    closed: int | None,
    expected: tuple[str | None, ...],
) -> None:
    ticket = {"record_key": "t", "person_record_key": "ann", "opened_at": minute(0)}
    frame = customer_ticket(
        table(silver.SUPPORT_TICKET, {**ticket, "closed_at": closed and minute(closed)}),
        table(silver.SUPPORT_MESSAGE, *(message(n, *m) for n, m in enumerate(thread, 1))),
        identity({"A": ["ann"]}),
    )
    assert dict(frame.dtypes) == typed(gold.CUSTOMER_TICKET)
    (row,) = text(frame)
    assert row["customer_id"] == "A"
    assert (
        row["first_response_minutes"],
        row["handling_minutes"],
        row["resolution_minutes"],
        row["is_reopened"],
        row["is_first_contact_resolution"],
    ) == expected


@pytest.mark.parametrize(
    ("closed", "wrote_again", "open_again", "reopened"),
    [
        (200, 100, None, 100),
        (None, None, 150, 150),
        (200, None, 150, 150),
        (200, 160, 150, 150),
        (90, None, None, None),
        (90, 50, None, None),
    ],
    ids=["wrote", "open again", "closed again", "wrote later", "closed", "wrote before"],
)
def test_a_ticket_is_reopened_if_it_was_closed_before(
    table: Frames,
    identity: Frames,
    text: Rows,
    closed: int | None,
    wrote_again: int | None,
    open_again: int | None,
    reopened: int | None,
) -> None:
    ticket = {"record_key": "t", "opened_at": minute(0), "first_closed_at": minute(90),
              "closed_at": closed and minute(closed),
              "open_again_at": open_again and minute(open_again)}  # fmt: skip
    thread = [message(1, "customer", 0), message(2, "agent", 20)]
    if wrote_again is not None:
        thread += [message(n, "customer", wrote_again + n - 3) for n in (3, 4)]
    frame = customer_ticket(
        table(silver.SUPPORT_TICKET, ticket), table(silver.SUPPORT_MESSAGE, *thread), identity({})
    )
    names = ("is_reopened", "is_first_contact_resolution", "reopened_at")
    ((is_reopened, at_once, reopened_at),) = (row.values() for row in text(frame, *names))
    assert (is_reopened, at_once) == (("false", "true") if reopened is None else ("true", "false"))
    assert reopened_at == (reopened and f"{minute(reopened):%Y-%m-%d %H:%M:%S}")


def test_of_a_ticket_that_is_closed_without_a_moment_the_closing_is_not_known(
    table: Frames, identity: Frames, text: Rows
) -> None:
    frame = customer_ticket(
        table(
            silver.SUPPORT_TICKET,
            {"record_key": "open", "status": "open"},
            {"record_key": "closed", "status": "closed", "closed_at": minute(1)},
            {"record_key": "closed at some time", "status": "closed"},
        ),
        table(silver.SUPPORT_MESSAGE),
        identity({}),
    )
    assert {r["record_key"] for r in text(frame) if r["is_closing_known"] == "false"} == {
        "closed at some time"
    }


def test_a_missed_call_is_no_response_and_the_call_back_is_the_first(
    table: Frames, identity: Frames, text: Rows
) -> None:
    missed = {**message(1, "customer", 0), "channel": "phone", "ended_at": minute(1)}
    back = {
        **message(2, "agent", 20),
        "channel": "phone",
        "answered_at": minute(21),
        "ended_at": minute(26),
    }
    chat = {
        **message(3, "customer", 30),
        "channel": "chat",
        "answered_at": minute(31),
        "ended_at": minute(33),
    }
    ticket = {"record_key": "t", "opened_at": minute(0), "closed_at": minute(90)}

    def handled(*thread: dict[str, Any]) -> tuple[str | None, ...]:
        frame = customer_ticket(
            table(silver.SUPPORT_TICKET, ticket),
            table(silver.SUPPORT_MESSAGE, *thread),
            identity({"A": ["ann"]}),
        )
        (row,) = text(
            frame,
            *("first_response_minutes", "message_count", "conversation_count"),
            *("conversation_seconds", "is_first_contact_resolution"),
        )
        return tuple(row.values())

    assert handled(missed) == (None, "1", "1", "0", "false")
    # Nobody took the call back either.
    in_vain = {**back, "answered_at": None, "ended_at": None}
    assert handled(missed, in_vain) == (None, "2", "2", "0", "false")
    assert handled(missed, back) == ("20", "2", "2", "300", "true")
    # To take a chat is a response like any other: two are no first-contact resolution.
    assert handled(missed, back, chat) == ("20", "3", "3", "420", "false")
    assert handled(chat) == ("31", "1", "1", "120", "true")


@pytest.fixture
def stages(table: Frames, text: Rows) -> Rows:
    """Stages of a customer known since 1 January 2024 who ordered on these days, by 1 January 2026.

    Lapsing after 100 days without an order, lapsed after 200.
    """

    def of(*days: str, as_of: date = date(2026, 1, 1), status: str = "paid") -> Any:
        frame = customer_journey_stage(
            table(gold.CUSTOMER, {"customer_id": "A", "first_seen_date": "2024-01-01"}),
            table(
                gold.CUSTOMER_ORDER,
                *(
                    {"record_key": d, "customer_id": "A", "order_date": d, "status": status}
                    for d in days
                ),
            ),
            JourneySettings(lapsing_after_days=100, lapsed_after_days=200),
            as_of,
        )
        assert dict(frame.dtypes) == typed(gold.CUSTOMER_JOURNEY_STAGE)
        rows = sorted(text(frame), key=lambda row: row["valid_from_date"])
        ends = [row["valid_from_date"] for row in rows[1:]]
        assert [row["valid_to_date"] for row in rows] == [*ends, None]
        return [(row["valid_from_date"], row["stage"]) for row in rows]

    return of


def test_a_customer_who_never_ordered_is_a_prospect(stages: Rows) -> None:
    assert stages() == [("2024-01-01", "prospect")]
    assert stages("2024-05-01", status="returned") == [("2024-01-01", "prospect")]


def test_stages_follow_from_the_days_of_orders(stages: Rows) -> None:
    # The fifth order comes 200 days after the fourth, on the day on which the customer would lapse.
    assert stages("2024-02-01", "2024-03-01", "2024-03-05", "2025-01-01", "2025-07-20") == [
        ("2024-01-01", "prospect"),
        ("2024-02-01", "new"),
        ("2024-03-01", "active"),
        ("2024-06-13", "lapsing"),
        ("2024-09-21", "lapsed"),
        ("2025-01-01", "won_back"),
        ("2025-04-11", "lapsing"),
        ("2025-07-20", "active"),
        ("2025-10-28", "lapsing"),
    ]


def test_a_stage_that_has_not_come_by_the_day_of_the_run_is_not_told(stages: Rows) -> None:
    assert stages("2024-02-01", as_of=date(2024, 5, 10)) == [
        ("2024-01-01", "prospect"),
        ("2024-02-01", "new"),
    ]
    assert stages("2024-02-01", as_of=date(2024, 5, 11))[-1] == ("2024-05-11", "lapsing")


def test_an_order_of_a_clock_that_runs_ahead_changes_no_stage(stages: Rows) -> None:
    assert stages("2024-02-01", "2031-01-01", as_of=date(2024, 3, 1)) == [
        ("2024-01-01", "prospect"),
        ("2024-02-01", "new"),
    ]


def test_who_is_told_of_by_a_clock_that_runs_ahead_is_a_prospect_from_today(stages: Rows) -> None:
    assert stages(as_of=date(2023, 6, 1)) == [("2023-06-01", "prospect")]


def test_an_order_on_the_first_day_or_before_leaves_no_time_as_a_prospect(stages: Rows) -> None:
    assert stages("2024-01-01", as_of=date(2024, 1, 2)) == [("2024-01-01", "new")]
    assert stages("2023-12-01", as_of=date(2024, 1, 2)) == [("2023-12-01", "new")]


@pytest.fixture
def timeline(table: Frames, identity: Frames, text: Rows) -> Rows:
    """gold.customer_timeline as text in order of time; ann is customer A."""

    def of(**rows: Sequence[dict[str, Any]]) -> Any:
        specs = {
            "customer_order": gold.CUSTOMER_ORDER,
            "customer_payment": gold.CUSTOMER_PAYMENT,
            "customer_return": gold.CUSTOMER_RETURN,
            "customer_web_session": gold.CUSTOMER_WEB_SESSION,
            "media_touch": silver.MEDIA_TOUCH,
            "customer_ticket": gold.CUSTOMER_TICKET,
            "customer_loyalty_movement": gold.CUSTOMER_LOYALTY_MOVEMENT,
            "customer_journey_stage": gold.CUSTOMER_JOURNEY_STAGE,
            "household_member": gold.HOUSEHOLD_MEMBER,
            "customer_interaction": gold.CUSTOMER_INTERACTION,
            "customer_recommendation": gold.CUSTOMER_RECOMMENDATION,
            "consent_event": silver.CONSENT_EVENT,
            "loyalty": silver.LOYALTY,
            "identity_event": IDENTITY_EVENT,
            "customer_alias": CUSTOMER_ALIAS,
        }
        frame = customer_timeline(
            **{name: table(spec, *rows.get(name, ())) for name, spec in specs.items()},
            identity_map=identity({"A": ["ann"]}),
        )
        assert dict(frame.dtypes) == typed(gold.CUSTOMER_TIMELINE)
        return sorted(text(frame), key=lambda row: (row["happened_at"], row["event_key"]))

    return of


def test_a_timeline_tells_every_kind_of_fact_in_order(timeline: Rows) -> None:
    secret = "call me on +441632960001"
    theirs, anns = {"customer_id": "A"}, {"person_record_key": "ann"}
    told = timeline(
        customer_order=[{"record_key": "o", "ordered_at": minute(5), "channel": "store",
                         "store_id": "S1", "status": "paid", "total_amount": "9.50", **theirs}],
        customer_payment=[
            {"record_key": key, "paid_at": minute(at), "method": "card", "status": status,
             "amount": amount, "is_told_again": key == "told again", **theirs}
            for key, at, status, amount in (
                ("p", 6, "captured", "9.50"),
                ("told again", 6, "captured", "9.50"),
                ("r", 7, "captured", "-9.50"),
                ("f", 7, "failed", "-9.50"),
            )
        ],
        customer_return=[
            {"record_key": "o", "returned_at": minute(7), "is_whole_order": False,
             "returned_amount": "4.50", "refund_count": 0, **theirs},
            {"record_key": "nobody says when", "refund_count": 0, **theirs},
        ],
        customer_web_session=[{"session_key": "x:w", "started_at": minute(3), "page_count": 4,
                               "cart_state": "checked_out", **theirs}],
        media_touch=[
            {"record_key": key, "session_id": "w", "touched_at": minute(at), "campaign_id": key,
             "medium": medium}
            for key, at, medium in (("winter", 3, "search"), ("autumn", 4, None))
        ],
        customer_ticket=[{"record_key": "t", "opened_at": minute(8), "closed_at": minute(9),
                          "topic": "delivery", "is_reopened": False, **theirs},
                         {"record_key": "u", "opened_at": minute(8), "reopened_at": minute(15),
                          "topic": "bill", **theirs}],
        customer_interaction=[
            {"interaction_key": "c", "interaction_type": "campaign_touch", "action": "click",
             "campaign_id": "spring", "happened_at": minute(2), **theirs},
            {"interaction_key": "w", "interaction_type": "web_session", "happened_at": minute(3),
             **theirs},
            {"interaction_key": "t", "interaction_type": "support_ticket",
             "happened_at": minute(8), **theirs},
            {"interaction_key": "s", "interaction_type": "survey_response", "topic": "nps",
             "score": 9, "happened_at": minute(10), **theirs},
            {"interaction_key": "a", "interaction_type": "call", "action": "answered",
             "handling_seconds": 301, "happened_at": minute(11), **theirs},
            {"interaction_key": "b", "interaction_type": "call", "action": "unanswered",
             "happened_at": minute(12), **theirs},
            {"interaction_key": "d", "interaction_type": "call", "action": "outbound",
             "handling_seconds": 60, "happened_at": minute(13), **theirs},
            {"interaction_key": "f", "interaction_type": "call", "action": "outbound_unanswered",
             "happened_at": minute(13), **theirs},
            {"interaction_key": "e", "interaction_type": "chat", "action": "answered",
             "happened_at": minute(14), **theirs},
        ],
        customer_recommendation=[
            {"recommendation_key": "y", "product_id": "lamp", "clicked_at": minute(4), **theirs},
            {"recommendation_key": "n", "product_id": "rug", "is_clicked": False, **theirs},
        ],
        customer_loyalty_movement=[
            {"movement_key": "1", "points_change": 120, "is_tier_change": False,
             "told_at": minute(20), **theirs},
            {"movement_key": "2", "points_change": -50, "former_tier": "basic", "tier": "silver",
             "told_at": minute(21), **theirs},
        ],
        customer_journey_stage=[
            {"stage": stage, "valid_from_date": day, **theirs}
            for stage, day in (("prospect", "2023-01-01"), ("new", "2024-01-02"),
                               ("lapsing", "2024-03-01"))
        ],
        household_member=[
            {"household_id": home, "customer_id": who, "valid_from": came, "valid_to": left}
            for home, who, came, left in (
                ("parents'", "A", "2024-02-01", "2024-02-02"),
                ("parents'", "mother", "2024-02-01", None),
                ("own", "A", "2024-02-02", "2024-02-03"),
                ("own", "A before a merge", "2024-02-01", "2024-02-03"),
                ("their", "A", "2024-02-03", None),
                ("their", "who moved out that day", "2024-02-01", "2024-02-03"),
                ("their", "who came later", "2024-02-04", None),
            )
        ],
        customer_alias=[{"customer_id": "A before a merge", "current_customer_id": "A"}],
        consent_event=[{"record_key": "g", "purpose": "marketing", "channel": "email",
                        "action": "grant", "happened_at": minute(1), "email": secret, **anns}],
        loyalty=[{"record_key": "l", "loyalty_number": secret, "joined_date": "2023-01-01",
                  **anns}],
        identity_event=[{"event_id": "i", "customer_id": "A", "event": "created",
                         "occurred_at": minute(0), "record_count": 1, "cause": "new_record",
                         "run_id": "r"}],
    )  # fmt: skip
    assert [(row["event_type"], row["title"]) for row in told] == [
        ("loyalty_joined", "Joined the loyalty programme"),
        ("customer_created", "First told of as one customer"),
        ("consent_granted", "Allowed marketing by email"),
        ("message_clicked", "Clicked in campaign spring"),
        ("paid_visit", "Came by search campaign winter"),
        ("web_session", "Visited the web site, 4 pages, cart checked out"),
        ("paid_visit", "Came by campaign autumn"),
        ("recommendation_clicked", "Clicked recommended product lamp"),
        ("order", "Ordered in store S1, paid"),
        ("payment", "Paid by card"),
        ("payment_failed", "Payment failed by card"),
        ("refund", "Refunded by card"),
        ("returned", "Returned part of an order"),
        ("ticket_opened", "Asked for help: delivery"),
        ("ticket_opened", "Asked for help: bill"),
        ("ticket_closed", "Ticket closed: delivery"),
        ("survey_response", "Answered survey nps, score 9"),
        ("call", "Called the support desk, 6 minutes"),
        ("call", "Called the support desk, not answered"),
        ("call", "Was called by the support desk, 1 minute"),
        ("call", "Was called by the support desk, not answered"),
        ("chat", "Chatted with the support desk"),
        ("ticket_reopened", "Ticket reopened: bill"),
        ("points_earned", "Earned 120 loyalty points"),
        ("points_spent", "Spent 50 loyalty points"),
        ("tier_changed", "Loyalty tier basic to silver"),
        ("became_new", "Became a new customer"),
        ("household_joined", "Came into a household of others"),
        ("household_left", "Left a household of others"),
        ("became_lapsing", "Began to lapse"),
    ]
    assert {row["customer_id"] for row in told} == {"A"}
    assert len({row["event_key"] for row in told}) == len(told)
    assert secret not in str(told)


def test_a_return_is_told_unless_a_refund_to_the_same_customer_tells_of_it(timeline: Rows) -> None:
    theirs = {"customer_id": "A", "ordered_at": minute(0)}
    back = {"customer_id": "A", "returned_at": minute(1)}
    refund = {"status": "refunded", "amount": "-4.50", "is_told_again": False, "paid_at": minute(2)}
    told = timeline(
        customer_order=[
            {"record_key": "refunded", **theirs},
            {"record_key": "refunded by the receipt", **theirs},
            {"record_key": "receipt", "same_purchase_key": "refunded by the receipt", **theirs},
            {"record_key": "refunded to another", **theirs},
            {"record_key": "refund failed", **theirs},
        ],
        customer_return=[
            {"record_key": "refunded", "refund_count": 0, **back},
            {"record_key": "refunded by the receipt", "refund_count": 1, **back},
            {"record_key": "refunded to another", "refund_count": 1, **back},
            {"record_key": "refund failed", "refund_count": 0, **back},
        ],
        customer_payment=[
            # In another currency than the order's.
            {"record_key": "1", "order_record_key": "refunded", "customer_id": "A",
             "currency": "CHF", **refund},
            {"record_key": "2", "order_record_key": "receipt", "customer_id": "A", **refund},
            {"record_key": "3", "order_record_key": "refunded to another", "customer_id": "B",
             **refund},
            # The till tells of it again and takes it for A's: no event of A.
            {"record_key": "4", "order_record_key": "refunded to another", "customer_id": "A",
             **refund, "is_told_again": True},
            {"record_key": "5", "order_record_key": "refund failed", "customer_id": "A",
             **refund, "status": "failed"},
        ],
    )  # fmt: skip

    kinds = ("returned", "refund")
    assert {
        (row["customer_id"], row["event_type"], row["record_key"])
        for row in told
        if row["event_type"] in kinds
    } == {
        ("A", "refund", "1"),
        ("A", "refund", "2"),
        ("B", "refund", "3"),
        ("A", "returned", "refunded to another"),
        ("A", "returned", "refund failed"),
    }


def test_a_return_is_told_as_what_the_till_tells_wherever_it_was_bought(timeline: Rows) -> None:
    (back,) = timeline(
        customer_return=[
            {"record_key": "o", "customer_id": "A", "returned_at": minute(1), "channel": "shop",
             "source_system": "shop", "return_source_system": "pos"},
        ],
    )  # fmt: skip

    assert (back["source_system"], back["channel"]) == ("pos", "store")


def test_a_merge_is_told_of_the_customer_that_lives_on_and_nobody_elses_events_are(
    timeline: Rows,
) -> None:
    event = {"occurred_at": minute(0), "record_count": 1, "cause": "new_edge", "run_id": "r"}
    told = timeline(
        identity_event=[
            {"event_id": "1", "customer_id": "B", "event": "merged", "other_customer_id": "A",
             **event},
            {"event_id": "2", "customer_id": "C", "event": "created", **event},
            {"event_id": "3", "customer_id": "A", "event": "joined", "record_key": "x", **event},
            # E was merged into D, and D into A afterwards.
            {"event_id": "4", "customer_id": "E", "event": "merged", "other_customer_id": "D",
             **event},
        ],
        customer_alias=[{"customer_id": old, "current_customer_id": "A"} for old in "BDE"],
        customer_order=[{"record_key": "guest's", "ordered_at": minute(1)}],
        consent_event=[{"record_key": "n", "person_record_key": "nobody",
                        "happened_at": minute(1)}],
    )  # fmt: skip
    assert [(row["customer_id"], row["event_type"], row["record_key"]) for row in told] == [
        ("A", "customer_merged", "1"),
        ("A", "customer_merged", "4"),
    ]


def test_a_customer_at_a_glance(table: Frames, text: Rows) -> None:
    a = {"customer_id": "A"}
    order = {**a, "status": "paid", "ordered_at": minute(0)}
    frame = customer_360(
        customer=table(
            gold.CUSTOMER,
            {**a, "display_name": "Ann Lee", "postcode": "AB1 2CD", "country": "GB",
             "stated_channel": "phone", "stated_hour": 18},
            {"customer_id": "B", "postcode": "AB14 5CD", "country": "GB"},
            {"customer_id": "in yuan", "postcode": "100-123", "country": "CN"},
        ),
        customer_metric=table(
            gold.CUSTOMER_METRIC,
            {**a, "order_count": 2, "interaction_count": 4, "last_contact_date": "2024-01-01",
             "last_active_date": "2023-12-30"},
            {"customer_id": "B", "order_count": 0},
            {"customer_id": "in yuan", "order_count": 1},
        ),
        customer_order=table(
            gold.CUSTOMER_ORDER,
            {**order, "record_key": "1", "channel": "shop", "reporting_amount": "10.00"},
            {**order, "record_key": "2", "channel": "store", "reporting_amount": "2.50"},
            {**order, "record_key": "3", "channel": "store", "ordered_at": minute(60)},
            {**order, "record_key": "4", "status": "cancelled", "reporting_amount": "99.00"},
            {"record_key": "a guest's", "reporting_amount": "77.00"},
            {"record_key": "5", "customer_id": "in yuan", "status": "paid"},
            {**order, "record_key": "ahead", "order_date": "2031-01-01", "reporting_amount": "9.00"},
        ),
        customer_order_line=table(
            gold.CUSTOMER_ORDER_LINE,
            {**a, "record_key": "1", "product_id": "lamp", "quantity": 1},
            {**a, "record_key": "2", "product_id": "lamp", "quantity": 1},
            *({**a, "record_key": f"stale {n}", "product_id": "rug", "quantity": 9}
              for n in range(3)),
            {**a, "record_key": "4", "product_id": "rug", "quantity": -9},
            *({**a, "record_key": f"again {n}", "product_id": "rug", "quantity": 1,
               "is_counted": False} for n in range(2)),
            *({**a, "record_key": f"ahead {n}", "product_id": "bulb", "quantity": 1,
               "order_date": "2031-01-01"} for n in range(3)),
            # Bought half a year ago: care still knows of it, and it is no preference any more.
            *({**a, "record_key": f"pods {n}", "product_id": "pods", "quantity": 1}
              for n in range(5)),
        ),
        product=table(
            gold.PRODUCT,
            {"product_id": "lamp", "category": "lighting", "brand": "Lux"},
            {"product_id": "bulb", "category": "lighting", "brand": "Glow"},
            {"product_id": "rug", "category": "textiles", "brand": "Weave"},
            {"product_id": "pods", "category": "audio", "brand": "Hum"},
        ),
        customer_web_session=table(
            gold.CUSTOMER_WEB_SESSION,
            {**a, "session_key": "1", "cart_state": "abandoned", "started_at": minute(1)},
            {**a, "session_key": "2", "started_at": minute(2)},
        ),
        customer_ticket=table(
            gold.CUSTOMER_TICKET,
            {**a, "record_key": "1"},
            {**a, "record_key": "2", "closed_at": minute(3)},
            {**a, "record_key": "3", "status": "closed"},
            {**a, "record_key": "ahead", "opened_date": "2031-01-01"},
        ),
        customer_interaction=table(
            gold.CUSTOMER_INTERACTION,
            {**a, "interaction_key": "1", "interaction_type": "campaign_touch", "action": "send"},
            {**a, "interaction_key": "2", "interaction_type": "campaign_touch", "action": "click"},
            {**a, "interaction_key": "3", "interaction_type": "survey_response", "score": 3,
             "happened_at": minute(1)},
            {**a, "interaction_key": "4", "interaction_type": "survey_response", "score": 9,
             "happened_at": minute(2)},
            # What gold.customer_metric leaves out, as marketing may read that.
            {**a, "interaction_key": "5", "interaction_type": "call", "action": "outbound",
             "interaction_date": "2024-01-02"},
            {**a, "interaction_key": "7", "interaction_type": "call",
             "action": "outbound_unanswered", "interaction_date": "2024-01-02"},
            {**a, "interaction_key": "6", "interaction_type": "chat",
             "interaction_date": "2023-12-31"},
        ),
        customer_consent=table(
            gold.CUSTOMER_CONSENT,
            {**a, "purpose": "marketing", "channel": "email", "state": "granted"},
            {**a, "purpose": "marketing", "channel": "sms", "state": "withdrawn"},
        ),
        customer_journey_stage=table(
            gold.CUSTOMER_JOURNEY_STAGE,
            {**a, "stage": "new", "valid_from_date": "2023-01-01", "valid_to_date": "2024-01-01"},
            {**a, "stage": "active", "valid_from_date": "2024-01-01"},
            {"customer_id": "B", "stage": "prospect"},
        ),
        customer_interest=table(
            gold.CUSTOMER_INTEREST,
            {**a, "category": "lighting", "domain": "marketing", "fresh_until_date": "2024-01-03"},
            {**a, "category": "lighting", "domain": "service", "fresh_until_date": "2024-09-09"},
            {**a, "category": "garden", "domain": "marketing", "fresh_until_date": "2024-01-02"},
            {**a, "category": "textiles", "domain": "service", "fresh_until_date": "2024-01-02"},
            {**a, "category": "audio", "domain": "marketing", "fresh_until_date": "2023-12-29"},
            {**a, "category": "audio", "domain": "service", "fresh_until_date": "2025-07-01"},
        ),
        household_member=table(
            gold.HOUSEHOLD_MEMBER,
            {**a, "household_id": "old", "valid_from": "2020-01-01", "valid_to": "2023-01-01"},
            {**a, "household_id": "home", "valid_from": "2023-01-01", "role": "parent"},
        ),
        household=table(gold.HOUSEHOLD, {"household_id": "home", "member_count": 3}),
        customer_loyalty=table(
            gold.CUSTOMER_LOYALTY,
            {**a, "record_key": "1", "tier": "basic", "points": 5},
            {**a, "record_key": "2", "tier": "gold", "points": 900},
        ),
        demographic=table(
            silver.DEMOGRAPHIC,
            {"record_key": "1", "country": "GB", "postcode_area": "ab", "population": 1},
            {"record_key": "2", "country": "GB", "postcode_area": "ab1", "population": 22},
            # AB12 is a district of its own: neither AB1 2CD nor AB14 lies in it, nor AB14 in AB1.
            {"record_key": "3", "country": "GB", "postcode_area": "ab12", "population": 333},
            {"record_key": "4", "country": "US", "postcode_area": "ab1", "population": 4444},
            {"record_key": "5", "country": "CN", "postcode_area": "1001", "population": 55555},
        ),
        customer_recommendation=table(
            gold.CUSTOMER_RECOMMENDATION,
            {**a, "recommendation_key": "1", "clicked_at": minute(1)},
            {**a, "recommendation_key": "2", "is_clicked": False},
        ),
        freshness=shipped_freshness().model_copy(update={"facts": {}}),
        as_of=date(2024, 1, 2),
    )  # fmt: skip
    assert dict(frame.dtypes) == typed(gold.CUSTOMER_360)
    ann, ben, yuan = text(frame)
    expected = {
        "display_name": "Ann Lee",
        "household_id": "home",
        "household_role": "parent",
        "household_member_count": "3",
        "journey_stage": "active",
        "order_count": "2",
        "order_reporting_amount": "12.50",
        "interaction_count": "7",
        "last_contact_date": "2024-01-02",
        "last_active_date": "2023-12-31",
        "store_order_count": "2",
        "session_count": "2",
        "abandoned_cart_count": "1",
        "message_sent_count": "1",
        "message_click_count": "1",
        "ticket_count": "3",
        "open_ticket_count": "1",
        "conversation_count": "3",
        "recommendation_click_count": "1",
        "fact_freshness": "[]",
        "stale_fact_count": "0",
        "last_survey_score": "9",
        "stated_channel": "phone",
        "stated_hour": "18",
        "preferred_order_channel": "store",
        "preferred_order_hour": "10",
        "preferred_category": "lighting",
        "preferred_brand": "Lux",
        "interests": "[marketing:lighting, service:audio, service:lighting]",
        "stale_interest_count": "3",
        "granted": "[marketing:email]",
        "withdrawn": "[marketing:sms]",
        "loyalty_tier": "gold",
        "area_population": "22",
    }
    assert {name: ann[name] for name in expected} == expected
    assert (ben["journey_stage"], ben["session_count"], ben["granted"]) == ("prospect", "0", "[]")
    assert (ben["order_reporting_amount"], ben["preferred_brand"]) == ("0.00", None)
    assert (ben["area_population"], yuan["area_population"]) == ("1", "55555")
    # An order for which there is no rate is not one of nothing.
    assert (yuan["order_count"], yuan["order_reporting_amount"]) == ("1", None)


def shipped_freshness() -> FreshnessSettings:
    """The cut-offs that the repository ships."""
    path = Path(__file__).parents[3] / "conf/base/freshness.yml"
    return FreshnessSettings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


CUTOFFS = FreshnessSettings.model_validate(
    {
        "interest": {
            "marketing": {
                "bought": {"days": 180, "renewed_by": ["viewed"]},
                "viewed": {"days": 14},
            },
            "service": {"bought": {"days": 730}},
        }
    }
)


@pytest.fixture
def interests(table: Frames, text: Rows) -> Rows:
    """fresh_until_date by domain and category of what customer A bought and viewed."""

    def of(
        bought: dict[str, str], viewed: dict[str, str], cutoffs: FreshnessSettings = CUTOFFS
    ) -> Any:
        frame = customer_interest(
            table(
                gold.CUSTOMER_ORDER_LINE,
                *(
                    {"record_key": p, "customer_id": "A", "product_id": p, "order_date": day,
                     "quantity": -1 if p == "returned" else 1}
                    for p, day in bought.items()
                ),
            ),
            table(
                gold.CUSTOMER_WEB_SESSION,
                *(
                    {"session_key": p, "customer_id": "A", "viewed_products": (p,),
                     "session_date": day}
                    for p, day in viewed.items()
                ),
            ),
            table(
                gold.PRODUCT,
                {"product_id": "ear pods", "category": "audio"},
                {"product_id": "speaker", "category": "audio"},
                {"product_id": "returned", "category": "garden"},
            ),
            cutoffs,
            date(2024, 7, 1),
        )  # fmt: skip
        assert dict(frame.dtypes) == typed(gold.CUSTOMER_INTEREST)
        return {(r["domain"], r["category"]): r["fresh_until_date"] for r in text(frame)}

    return of


def test_ear_pods_bought_180_days_ago_no_longer_count_as_interest(interests: Rows) -> None:
    assert interests(bought={"ear pods": "2024-01-01"}, viewed={}) == {
        ("marketing", "audio"): "2024-06-29",
        ("service", "audio"): "2025-12-31",
    }


def test_like_activity_renews_an_interest(interests: Rows) -> None:
    found = interests(bought={"ear pods": "2024-01-01"}, viewed={"speaker": "2024-06-01"})
    assert found["marketing", "audio"] == "2024-11-28"
    assert found["service", "audio"] == "2025-12-31"


def test_what_was_only_viewed_counts_where_a_domain_says_so(interests: Rows) -> None:
    found = interests(bought={}, viewed={"speaker": "2024-06-01"})
    assert found == {("marketing", "audio"): "2024-06-15"}


def test_what_a_clock_that_runs_ahead_tells_renews_no_interest(interests: Rows) -> None:
    found = interests(bought={"ear pods": "2024-01-01"}, viewed={"speaker": "2031-06-01"})
    assert found["marketing", "audio"] == "2024-06-29"


def test_returned_or_unknown_products_tell_of_no_interest(interests: Rows) -> None:
    bought = {"returned": "2024-01-01", "in no catalogue": "2024-01-01"}
    assert interests(bought=bought, viewed={}) == {}


def test_without_domains_nobody_is_interested(interests: Rows) -> None:
    assert interests({"ear pods": "2024-01-01"}, {}, FreshnessSettings()) == {}
