"""Effective consent: the latest decision of each record, and of records the most protective."""

import itertools
import random
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame

from lakehouse.gold.customer_consent import customer_consent
from lakehouse.tables.gold import CUSTOMER_CONSENT
from lakehouse.tables.linkage import CUSTOMER_ALIAS
from lakehouse.tables.silver import CONSENT_EVENT

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]


def decided(
    key: str,
    action: str | None,
    day: str,
    person: str | None = "r1",
    channel: str = "email",
    purpose: str = "marketing",
) -> dict[str, Any]:
    """One consent event."""
    return {
        "record_key": key,
        "action": action,
        "happened_at": day,
        "person_record_key": person,
        "channel": channel,
        "purpose": purpose,
    }


@pytest.fixture
def consents(table: Frames, identity: Frames, text: Rows) -> Rows:
    """Rows of gold.customer_consent as text; r1 and r2 are both of c1."""

    def of(*events: dict[str, Any]) -> Any:
        nobody_merged = table(CUSTOMER_ALIAS)
        owners = identity({"c1": ["r1", "r2"]})
        frame = customer_consent(table(CONSENT_EVENT, *events), owners, nobody_merged)
        assert dict(frame.dtypes) == {c.name: c.type for c in CUSTOMER_CONSENT.columns}
        return text(
            frame, "purpose", "channel", "state", "record_key", "decided_at", "has_conflict"
        )

    return of


def test_what_a_closed_account_withdrew_stays_withdrawn_and_what_it_granted_is_gone(
    table: Frames, identity: Frames, text: Rows
) -> None:
    # c2 was merged into c1, of c3 nobody is left.
    owners = identity({"c1": ["r1"]}, {"c1": ["r2"], "c2": ["r4"], "c3": ["r5"]})
    merged = table(CUSTOMER_ALIAS, {"customer_id": "c2", "current_customer_id": "c1"})
    events = [
        decided("e1", "grant", "2024-02-01"),
        decided("e2", "withdraw", "2024-03-01", person="r2"),
        decided("e3", "grant", "2024-02-01", channel="sms"),
        decided("e4", "withdraw", "2024-03-01", person="r4", channel="sms"),
        decided("e5", "grant", "2024-03-01", person="r2", channel="post"),
        decided("e6", "withdraw", "2024-03-01", person="r5", channel="post"),
    ]
    frame = customer_consent(table(CONSENT_EVENT, *events), owners, merged)
    assert text(frame, "customer_id", "channel", "state") == [
        {"customer_id": "c1", "channel": "email", "state": "withdrawn"},
        {"customer_id": "c1", "channel": "sms", "state": "withdrawn"},
    ]


def test_the_latest_decision_of_a_record_holds_whatever_the_order_of_rows(consents: Rows) -> None:
    decisions = [
        ("e1", "grant", "2024-01-01"),
        ("e2", "withdraw", "2024-02-01"),
        ("e3", "grant", "2024-03-01"),
    ]
    orders = enumerate(itertools.permutations(decisions))
    rows = consents(
        *(
            decided(key, action, day, purpose=f"told in order {i}")
            for i, order in orders
            for key, action, day in order
        )
    )
    assert [
        (r["state"], r["record_key"], r["decided_at"], r["has_conflict"]) for r in rows
    ] == 6 * [("granted", "e3", "2024-03-01 00:00:00", "false")]


def test_if_merged_records_disagree_the_withdrawal_holds_though_it_is_older(consents: Rows) -> None:
    (row,) = consents(
        decided("e1", "withdraw", "2023-01-01", "r1"), decided("e2", "grant", "2024-01-01", "r2")
    )
    assert (row["state"], row["record_key"], row["has_conflict"]) == ("withdrawn", "e1", "true")


def test_a_withdrawal_that_its_own_record_took_back_does_not_hold(consents: Rows) -> None:
    (row,) = consents(
        decided("e1", "withdraw", "2023-01-01", "r1"),
        decided("e2", "grant", "2023-06-01", "r1"),
        decided("e3", "grant", "2024-01-01", "r2"),
    )
    assert (row["state"], row["record_key"], row["has_conflict"]) == ("granted", "e3", "false")


def test_at_one_moment_the_withdrawal_holds(consents: Rows) -> None:
    (row,) = consents(decided("e9", "grant", "2024-01-01"), decided("e1", "withdraw", "2024-01-01"))
    assert row["state"] == "withdrawn"


def test_purposes_and_channels_are_apart_and_strangers_have_no_row(consents: Rows) -> None:
    rows = consents(
        decided("e1", "grant", "2024-01-01", channel="email"),
        decided("e2", "withdraw", "2024-01-01", channel="sms"),
        decided("e3", "grant", "2024-01-01", channel="sms", purpose="analytics"),
        decided("e4", "grant", "2024-01-01", person="stranger"),
        decided("e5", "grant", "2024-01-01", person=None),
    )
    assert [(r["purpose"], r["channel"], r["state"]) for r in rows] == [
        ("analytics", "sms", "granted"),
        ("marketing", "email", "granted"),
        ("marketing", "sms", "withdrawn"),
    ]


@pytest.mark.parametrize("action", ["unheard_of", None])
def test_what_is_not_a_grant_is_a_withdrawal(consents: Rows, action: str | None) -> None:
    (row,) = consents(decided("e1", action, "2024-01-01"))
    assert row["state"] == "withdrawn"


def histories() -> list[dict[str, Any]]:
    """Each purpose is a history of its own, of up to three decisions by either record of c1."""
    rng = random.Random(11)  # noqa: S311
    return [
        decided(
            f"e{world}.{n}",
            rng.choice(["grant", "withdraw", None]),
            f"2024-01-0{rng.randint(1, 3)}",
            rng.choice(["r1", "r2"]),
            purpose=f"p{world:03}",
        )
        for world in range(150)
        for n in range(rng.randint(1, 5))
    ]


def test_a_customer_allows_what_each_record_that_decided_allows_last_whatever_the_order(
    consents: Rows,
) -> None:
    events = histories()
    last: dict[str, dict[str, tuple[str, bool]]] = {}
    for event in events:
        # At one moment the withdrawal holds.
        rank = (event["happened_at"], event["action"] != "grant")
        records = last.setdefault(event["purpose"], {})
        records[event["person_record_key"]] = max(
            records.get(event["person_record_key"], ("", False)), rank
        )
    expected = {
        purpose: "withdrawn" if any(w for _, w in records.values()) else "granted"
        for purpose, records in last.items()
    }

    random.Random(3).shuffle(events)  # noqa: S311
    assert {row["purpose"]: row["state"] for row in consents(*events)} == expected
    assert set(expected.values()) == {"granted", "withdrawn"}
