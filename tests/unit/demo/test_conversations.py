"""Which messages of the demo's tickets are calls and chats, and what becomes of loyalty points."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from delivered import files, sound_rows

TALKS = {"phone", "chat"}


@pytest.fixture(scope="module")
def tickets(landing: Path) -> list[dict[str, Any]]:
    """Tickets as they were closed."""
    rows = [
        row
        for path in files(landing, "support_ticket")
        for row in sound_rows(path, "support_ticket")
    ]
    return [row for row in rows if row["status"] == "closed"]


def test_a_ticket_by_telephone_or_chat_begins_with_a_call_or_chat_and_another_has_none(
    tickets: list[dict[str, Any]],
) -> None:
    begun = Counter((ticket["channel"], ticket["messages"][0].get("channel")) for ticket in tickets)

    assert begun.keys() == {("phone", "phone"), ("chat", "chat"), ("email", None), ("web", None)}


def test_a_call_or_chat_is_answered_before_it_ends_and_a_missed_one_is_called_back(
    tickets: list[dict[str, Any]],
) -> None:
    missed = 0
    for ticket in tickets:
        talks = [message for message in ticket["messages"] if message.get("channel") in TALKS]
        for talk in talks:
            assert talk["sent_at"] < talk.get("answered_at", talk["ended_at"]) <= talk["ended_at"]
        if talks and "answered_at" not in talks[0]:
            missed += 1
            assert [talk["author"] for talk in talks] == ["customer", "agent"]
            assert "answered_at" in talks[1]
    assert missed > 0


def test_members_earn_and_spend_points_and_rise_from_one_snapshot_to_the_next(
    landing: Path,
) -> None:
    days = [
        {row["loyalty_number"]: row for row in sound_rows(path, "pos_loyalty_member")}
        for path in files(landing, "pos_loyalty_member")
    ]
    moves = Counter[str]()
    for before, now in pairwise(days):
        for number in before.keys() & now.keys():
            change = int(str(now[number]["points"])) - int(str(before[number]["points"]))
            moves["earned"] += change > 0
            moves["spent"] += change < 0
            moves[f"{before[number]['tier']} to {now[number]['tier']}"] += 1

    assert min(moves["earned"], moves["spent"], moves["B to S"]) > 0
    assert "S to B" not in moves
