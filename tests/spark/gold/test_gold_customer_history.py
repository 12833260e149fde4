"""The history of a customer: what held from when to when, also where records come late or corrected."""

import random
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from pyspark.sql import DataFrame

from lakehouse.gold.customer_attribute import customer_attribute
from lakehouse.gold.customer_history import customer_history
from lakehouse.settings.survivorship import AttributeGroup, Rule, Survivorship
from lakehouse.tables.gold import CUSTOMER_HISTORY
from lakehouse.tables.ops import ATTRIBUTE_OVERRIDE
from lakehouse.tables.silver import PERSON_RECORD

Frames = Callable[..., DataFrame]
History = Callable[..., Any]
Record = dict[str, Any]

TODAY = date(2026, 1, 5)
COMPANIES = 40


@pytest.fixture
def days(table: Frames, identity: Frames, survivorship: Survivorship) -> History:
    """The history after the last of several days, each a list of records and whose they are.

    A day is (owners, records) or (owners, records, decisions).
    """

    def of(*told: tuple[Any, ...], rules: Survivorship = survivorship) -> list[Any]:
        rows: list[Any] = []
        for owners, records, *decisions in told:
            frame = customer_history(
                table(PERSON_RECORD, *records),
                identity(owners),
                table(ATTRIBUTE_OVERRIDE, *(decisions[0] if decisions else ())),
                table(CUSTOMER_HISTORY, *(row.asDict() for row in rows)),
                rules,
                TODAY,
            )
            assert tuple(frame.columns) == CUSTOMER_HISTORY.column_names
            rows = frame.collect()
        return sorted(
            rows, key=lambda row: (row.customer_id, row.attribute_group, row.valid_from_at)
        )

    return of


def phone(key: str, at: str, number: str | None, system: str = "crm") -> Record:
    """A person record that gives a phone and nothing else."""
    return {"record_key": key, "source_system": system, "sequence_at": at, "phone": number}


def periods(rows: list[Any]) -> list[tuple[str, str, str | None]]:
    """(value, from, until) of groups of one attribute."""

    def day(moment: Any) -> str | None:
        return None if moment is None else f"{moment:%Y-%m-%d}"

    return [
        ("/".join(row["values"].values()), day(row.valid_from_at), day(row.valid_to_at))
        for row in rows
    ]


ONE = {"c1": ["a", "b"]}


def by_source(survivorship: Survivorship) -> Survivorship:
    """The shipped rules, but phones by source alone: crm before shop."""

    def ruled(group: AttributeGroup) -> AttributeGroup:
        return group.model_copy(update={"rules": (Rule.SOURCE_PRIORITY,)})

    groups = tuple(ruled(g) if g.name == "phone" else g for g in survivorship.groups)
    return survivorship.model_copy(update={"groups": groups})


def test_a_new_value_ends_the_period_of_the_one_before(days: History) -> None:
    first = (ONE, [phone("a", "2021-01-01", "1")])
    assert periods(days(first)) == [("1", "2021-01-01", None)]
    second = (ONE, [phone("a", "2023-01-01", "2")])
    assert periods(days(first, second)) == [
        ("1", "2021-01-01", "2023-01-01"),
        ("2", "2023-01-01", None),
    ]


def test_a_record_that_is_sent_again_with_the_same_value_goes_on(days: History) -> None:
    sent = [(ONE, [phone("a", f"202{year}-01-01", "1")]) for year in (1, 2, 3)]
    (row,) = days(*sent)
    assert periods([row]) == [("1", "2021-01-01", None)]
    assert f"{row.sequence_at:%Y}" == "2023"


def test_a_late_record_takes_its_place_among_those_before_it(days: History) -> None:
    moved = [
        (ONE, [phone("a", "2020-01-01", "1")]),
        (ONE, [phone("a", "2024-01-01", "3")]),
        (ONE, [phone("a", "2024-01-01", "3"), phone("b", "2022-01-01", "2")]),
    ]
    assert periods(days(*moved)) == [
        ("1", "2020-01-01", "2022-01-01"),
        ("2", "2022-01-01", "2024-01-01"),
        ("3", "2024-01-01", None),
    ]


def test_a_late_record_that_wins_today_has_won_since_it_was_said(
    days: History, survivorship: Survivorship
) -> None:
    rows = days(
        (ONE, [phone("b", "2023-01-01", "1", "shop")]),
        (ONE, [phone("b", "2023-01-01", "1", "shop"), phone("a", "2021-01-01", "2", "crm")]),
        rules=by_source(survivorship),
    )
    assert periods(rows) == [("2", "2021-01-01", None)]


def test_a_value_corrected_at_its_own_moment_takes_the_place_of_the_wrong_one(
    days: History,
) -> None:
    rows = days(
        (ONE, [phone("a", "2021-01-01", "1")]),
        (ONE, [phone("a", "2023-01-01", "wrong")]),
        (ONE, [phone("a", "2023-01-01", "2")]),
    )
    assert periods(rows) == [("1", "2021-01-01", "2023-01-01"), ("2", "2023-01-01", None)]


def test_what_a_record_said_ends_when_it_ceases_to_say_it_and_the_next_best_holds_again(
    days: History, survivorship: Survivorship
) -> None:
    shop = phone("b", "2019-01-01", "2", "shop")
    said = (ONE, [phone("a", "2021-01-01", "1"), shop])
    ceased = (ONE, [phone("a", "2023-01-01", None), shop])
    again = (ONE, [phone("a", "2023-01-01", None), shop])
    assert periods(days(said, ceased, again, rules=by_source(survivorship))) == [
        ("2", "2019-01-01", "2021-01-01"),
        ("1", "2021-01-01", "2023-01-01"),
        ("2", "2023-01-01", None),
    ]
    assert periods(days(said, (ONE, [phone("a", "2023-01-01", None)]))) == [
        ("1", "2021-01-01", "2023-01-01")
    ]


def test_history_goes_where_the_record_goes(days: History) -> None:
    before = [phone("a", "2020-01-01", "1"), phone("b", "2021-01-01", "2")]
    after = [phone("a", "2022-01-01", "3"), phone("b", "2021-01-01", "2")]
    merged = days(({"c1": ["a"], "c2": ["b"]}, before), (ONE, after))
    assert periods(merged) == [
        ("1", "2020-01-01", "2021-01-01"),
        ("2", "2021-01-01", "2022-01-01"),
        ("3", "2022-01-01", None),
    ]
    split = days((ONE, before), (ONE, after), ({"c1": ["a"], "c2": ["b"]}, after))
    assert [(row.customer_id, *period) for row, period in zip(split, periods(split), strict=True)] == [
        ("c1", "1", "2020-01-01", "2022-01-01"),
        ("c1", "3", "2022-01-01", None),
        ("c2", "2", "2021-01-01", None),
    ]  # fmt: skip
    gone = days((ONE, before), (ONE, [after[1]]))
    assert periods(gone) == [("2", "2021-01-01", None)]


def test_what_a_steward_decides_holds_from_then_until_it_is_withdrawn(days: History) -> None:
    def decided(decision: str, at: str, values: dict[str, str] | None) -> Record:
        return {
            "record_key": "a", "attribute_group": "phone", "decision": decision,
            "decided_at": at, "values": values,
        }  # fmt: skip

    said = decided("set", "2022-01-01", {"phone": "9"})
    withdrawn = decided("withdrawn", "2024-01-01", None)
    record = [phone("a", "2021-01-01", "1")]
    held = days((ONE, record), (ONE, record, [said]))
    assert [row.rule for row in held] == ["only_value", "steward"]
    until = days((ONE, record), (ONE, record, [said]), *[(ONE, record, [withdrawn, said])] * 2)
    assert periods(until) == [
        ("1", "2021-01-01", "2022-01-01"),
        ("9", "2022-01-01", "2024-01-01"),
        ("1", "2024-01-01", None),
    ]


def told_at_random(dice: random.Random) -> tuple[dict[str, list[str]], list[Record]]:
    """A day on which records are anybody's, of any year and say anything: many customers at once."""
    owners: dict[str, list[str]] = {}
    records = []
    for one in range(COMPANIES):
        for record in "abcd":
            key, number = f"{one:02d}-{record}", dice.choice(("1", "2", "3", None))
            system = dice.choice(("crm", "shop", "social"))
            if dice.random() < 0.9:
                owners.setdefault(f"{one:02d}-{dice.choice('xy')}", []).append(key)
                records.append(phone(key, f"20{dice.randint(19, 23)}-01-01", number, system))
    return owners, records


def test_periods_never_overlap_end_in_the_golden_record_and_are_the_same_when_made_again(
    days: History, table: Frames, identity: Frames, survivorship: Survivorship
) -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    told = [told_at_random(dice) for _ in range(3)]
    rows = days(*told)
    by_customer: dict[str, list[Any]] = {}
    for row in rows:
        by_customer.setdefault(row.customer_id, []).append(row)
    assert max(map(len, by_customer.values())) > 3
    for of_one in by_customer.values():
        for row, after in pairwise(of_one):
            assert row.valid_from_at < row.valid_to_at <= after.valid_from_at
            assert row["values"] != after["values"] or row.valid_to_at < after.valid_from_at
    owners, records = told[-1]
    golden = customer_attribute(
        table(PERSON_RECORD, *records),
        identity(owners),
        table(ATTRIBUTE_OVERRIDE),
        survivorship,
        TODAY,
    )
    assert {
        (row.customer_id, row["values"]["phone"], row.record_key, row.sequence_at, row.rule)
        for row in rows
        if row.valid_to_at is None
    } == {
        (row.customer_id, row.value, row.record_key, row.sequence_at, row.rule)
        for row in golden.collect()
    }
    assert days(*told, told[-1]) == rows
