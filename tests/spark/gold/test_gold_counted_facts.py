"""Which facts still count, for which domain, and how many no longer do."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError
from pyspark.sql import DataFrame

from lakehouse.gold.counted_facts import counted_facts
from lakehouse.settings.freshness import FreshnessSettings
from lakehouse.tables import gold

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]

TODAY = date(2024, 6, 30)
A = {"customer_id": "A"}


@pytest.fixture
def counted(table: Frames, text: Rows) -> Rows:
    """What the facts of customer A come to on 30 June 2024, by these cut-offs."""

    def of(cutoffs: dict[str, Any], **rows: list[dict[str, Any]]) -> dict[str, str | None]:
        specs = {
            "customer_order": gold.CUSTOMER_ORDER,
            "customer_web_session": gold.CUSTOMER_WEB_SESSION,
            "customer_ticket": gold.CUSTOMER_TICKET,
            "customer_interaction": gold.CUSTOMER_INTERACTION,
            "customer_recommendation": gold.CUSTOMER_RECOMMENDATION,
        }
        frames = {
            name: table(spec, *({**A, **row} for row in rows.get(name, [])))
            for name, spec in specs.items()
        }
        freshness = FreshnessSettings.model_validate({"facts": cutoffs})
        (row,) = text(counted_facts(**frames, freshness=freshness, as_of=TODAY))
        return dict(row)

    return of


def cart(day: str) -> dict[str, Any]:
    return {"session_key": day, "session_date": day, "cart_state": "abandoned"}


def contact(kind: str, day: str, **other: Any) -> dict[str, Any]:
    return {"interaction_type": kind, "interaction_date": day, "happened_at": day, **other}


def test_a_fact_counts_for_the_days_of_its_cut_off_and_is_counted_when_it_no_longer_does(
    counted: Rows,
) -> None:
    carts = [cart("2024-05-31"), cart("2024-06-01"), cart("2024-06-30"), cart("2031-01-01")]

    found = counted({"marketing": {"cart": {"days": 30}}}, customer_web_session=carts)

    # 31 May was 30 days ago, and a clock that runs ahead tells nothing.
    assert found["abandoned_cart_count"] == "2"
    assert found["stale_fact_count"] == "1"
    assert found["fact_freshness"] == "[{marketing, cart, 2, 1}]"
    # A kind that no domain names counts always.
    assert found["session_count"] == "3"


def test_what_renews_a_kind_makes_all_of_it_count_again(counted: Rows) -> None:
    old = [contact("campaign_touch", "2023-01-01", action="click")]
    click = {"recommendation_key": "r", "clicked_at": "2024-06-20"}
    cutoffs = {"marketing": {"message_click": {"days": 30, "renewed_by": ["recommendation"]}}}

    renewed = counted(cutoffs, customer_interaction=old, customer_recommendation=[click])
    forgotten = counted(cutoffs, customer_interaction=old)

    assert (renewed["message_click_count"], renewed["stale_fact_count"]) == ("1", "0")
    assert (forgotten["message_click_count"], forgotten["stale_fact_count"]) == ("0", "1")


def test_a_fact_feeds_the_customer_as_long_as_it_counts_for_any_domain(counted: Rows) -> None:
    tickets = [{"record_key": day, "opened_date": day} for day in ("2022-01-01", "2024-01-01")]
    cutoffs = {"care": {"ticket": {"days": 365}}, "marketing": {"ticket": {"days": 10}}}

    found = counted(cutoffs, customer_ticket=tickets)

    assert found["ticket_count"] == "1"
    assert found["fact_freshness"] == "[{care, ticket, 1, 1}, {marketing, ticket, 0, 2}]"
    assert found["stale_fact_count"] == "1"


def test_a_score_that_is_stale_is_none(counted: Rows) -> None:
    answers = [contact("survey_response", "2023-01-01", score=9, interaction_key="old")]
    cutoffs = {"service": {"survey": {"days": 365}}}

    assert counted(cutoffs, customer_interaction=answers)["last_survey_score"] is None
    assert counted({}, customer_interaction=answers)["last_survey_score"] == "9"
    # An answer without a score neither tells one nor keeps another fresh.
    answers.append(contact("survey_response", "2024-06-01", interaction_key="empty"))
    assert counted(cutoffs, customer_interaction=answers)["last_survey_score"] is None


def test_habits_are_those_of_orders_that_still_count(counted: Rows) -> None:
    def order(key: str, day: str, channel: str) -> dict[str, Any]:
        return {
            "record_key": key,
            "order_date": day,
            "ordered_at": f"{day}T09:00" if channel == "store" else f"{day}T21:00",
            "channel": channel,
            "status": "paid",
        }

    orders = [
        *(order(str(n), "2020-01-01", "store") for n in range(3)),
        order("new", "2024-06-01", "shop"),
    ]

    def habits(cutoffs: dict[str, Any]) -> tuple[str | None, str | None]:
        found = counted(cutoffs, customer_order=orders)
        return found["preferred_order_channel"], found["preferred_order_hour"]

    assert habits({}) == ("store", "9")
    assert habits({"marketing": {"order": {"days": 365}}}) == ("shop", "21")
    assert habits({"marketing": {"order": {"days": 365, "renewed_by": ["order"]}}}) == (
        "store",
        "9",
    )


def test_a_kind_that_nobody_knows_is_refused() -> None:
    for cutoffs in ({"cartt": {"days": 1}}, {"cart": {"days": 1, "renewed_by": ["cartt"]}}):
        with pytest.raises(ValidationError):
            FreshnessSettings.model_validate({"facts": {"marketing": cutoffs}})
