"""The history of a customer: what held from when to when, also where records come late or corrected."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
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
Next = Callable[..., list[Any]]
Record = dict[str, Any]
Owners = dict[str, list[str]]

TODAY = date(2026, 1, 5)
COMPANIES = 40


@pytest.fixture
def next_day(table: Frames, identity: Frames, owned_records: Frames) -> Next:
    """The rows of the history after a day on which these are the records, their owners and decisions."""

    def of(
        rows: list[Any],
        owners: Owners,
        records: list[Record],
        rules: Survivorship,
        decisions: list[Record],
    ) -> list[Any]:
        frame = customer_history(
            table(PERSON_RECORD, *records),
            identity(owners),
            table(ATTRIBUTE_OVERRIDE, *decisions),
            owned_records(owners),
            table(CUSTOMER_HISTORY, *(row.asDict() for row in rows)),
            rules,
            TODAY,
        )
        assert tuple(frame.columns) == CUSTOMER_HISTORY.column_names
        return sorted(frame.collect(), key=lambda row: (row.customer_id, row.valid_from_at))

    return of


def phone(key: str, year: int, number: str | None, system: str = "shop") -> Record:
    """A person record that gives a phone, or only a town, on the first of January of a year."""
    return {"record_key": key, "source_system": system, "sequence_at": f"{year}-01-01",
            "phone": number, "city": None if number else "Leeds"}  # fmt: skip


def decided(decision: str, year: int, number: str | None = None) -> Record:
    """A steward's decision about the phone of the customer of record a."""
    return {"record_key": "a", "attribute_group": "phone", "decision": decision,
            "decided_at": f"{year}-01-01", "values": {"phone": number} if number else None}  # fmt: skip


A_AND_B: Owners = {"one": ["a", "b"]}
APART: Owners = {"one": ["a"], "two": ["b"]}
OLD = [phone("a", 2020, "1"), phone("b", 2021, "2")]
NEW = [phone("a", 2022, "3"), phone("b", 2021, "2")]
SHOP = phone("b", 2019, "2", "shop")
CRM, CRM_WITHOUT = phone("a", 2021, "1", "crm"), phone("a", 2023, None, "crm")
SET = decided("set", 2022, "9")
REPEATED = {**phone("a", 2024, "1"), "changed_at": "2021-01-01"}


@dataclass(frozen=True)
class Day:
    """Records as they are on a day, what stewards have decided by then, and whose the records are."""

    records: list[Record]
    decisions: list[Record] = field(default_factory=list)
    owners: Owners = field(default_factory=lambda: A_AND_B)


@dataclass(frozen=True)
class Story:
    """What happened from day to day, and the periods (customer, phone, from, until) that follow."""

    name: str
    days: tuple[Day, ...]
    periods: list[tuple[str, str, int, int | None]]


# Phones: crm before shop, then the newer.
STORIES = (
    Story(
        "a new value ends the period of the one before",
        (Day([phone("a", 2021, "1")]), Day([phone("a", 2023, "2")])),
        [("one", "1", 2021, 2023), ("one", "2", 2023, None)],
    ),
    Story(
        "a record that is sent again with the same value goes on",
        (Day([phone("a", 2021, "1")]), Day([phone("a", 2022, "1")]), Day([phone("a", 2023, "1")])),
        [("one", "1", 2021, None)],
    ),
    Story(
        "a late record takes its place among those before it",
        (
            Day([phone("a", 2020, "1")]),
            Day([phone("a", 2024, "3")]),
            Day([phone("a", 2024, "3"), phone("b", 2022, "2")]),
        ),
        [("one", "1", 2020, 2022), ("one", "2", 2022, 2024), ("one", "3", 2024, None)],
    ),
    Story(
        "a snapshot that repeats a record makes nothing of it more recent",
        (
            Day([REPEATED, phone("b", 2023, "2")]),
            Day([{**REPEATED, "sequence_at": "2025-01-01"}, phone("b", 2023, "2")]),
        ),
        [("one", "1", 2021, 2023), ("one", "2", 2023, None)],
    ),
    Story(
        "a late record that wins today has won since it was said",
        (Day([phone("b", 2023, "2", "shop")]), Day([phone("b", 2023, "2", "shop"), CRM])),
        [("one", "1", 2021, None)],
    ),
    Story(
        "a late record that would not have won changes nothing",
        (Day([CRM]), Day([CRM, phone("b", 2023, "2", "shop")])),
        [("one", "1", 2021, None)],
    ),
    Story(
        "a value corrected at its own moment takes the place of the wrong one",
        (Day([phone("a", 2021, "1")]), Day([phone("a", 2023, "no")]), Day([phone("a", 2023, "2")])),
        [("one", "1", 2021, 2023), ("one", "2", 2023, None)],
    ),
    Story(
        "what a record said ends when it ceases to, and the next best holds again",
        (Day([CRM, SHOP]), Day([CRM_WITHOUT, SHOP])),
        [("one", "2", 2019, 2021), ("one", "1", 2021, 2023), ("one", "2", 2023, None)],
    ),
    Story(
        "what nobody says any more has an end and nothing follows",
        (Day([CRM]), Day([CRM_WITHOUT])),
        [("one", "1", 2021, 2023)],
    ),
    Story(
        "histories of customers who are one now are one",
        (Day(OLD, owners=APART), Day(NEW)),
        [("one", "1", 2020, 2021), ("one", "2", 2021, 2022), ("one", "3", 2022, None)],
    ),
    Story(
        "of customers who are apart again each keeps what its records said",
        (Day(OLD), Day(NEW), Day(NEW, owners=APART)),
        [("one", "1", 2020, 2022), ("one", "3", 2022, None), ("two", "2", 2021, None)],
    ),
    Story(
        "with a record that is gone what it said is gone",
        (Day(OLD), Day([NEW[1]])),
        [("one", "2", 2021, None)],
    ),
    Story(
        "what a steward decides holds from then until it is withdrawn",
        (
            Day([phone("a", 2021, "1")]),
            Day([phone("a", 2021, "1")], [SET]),
            Day([phone("a", 2021, "1")], [decided("withdrawn", 2024), SET]),
        ),
        [("one", "1", 2021, 2022), ("one", "9", 2022, 2024), ("one", "1", 2024, None)],
    ),
    Story(
        "what a steward decides outlives the record that it was decided by",
        (Day([CRM, SHOP], [SET]), Day([SHOP], [SET])),
        [("one", "2", 2019, 2022), ("one", "9", 2022, None)],
    ),
)


def told(day: int) -> tuple[Owners, list[Record], list[Record]]:
    """A day of all stories at once; one that is over stays as it was."""
    owners: Owners = {}
    records, decisions = [], []
    for number, story in enumerate(STORIES):
        today = story.days[min(day, len(story.days) - 1)]
        named = f"{number:02d}-"
        records += [r | {"record_key": named + r["record_key"]} for r in today.records]
        decisions += [d | {"record_key": named + d["record_key"]} for d in today.decisions]
        owners |= {named + c: [named + key for key in keys] for c, keys in today.owners.items()}
    return owners, records, decisions


@pytest.fixture
def by_source(survivorship: Survivorship) -> Survivorship:
    """The shipped rules, but of phones alone, by source and then by date."""

    def ruled(group: AttributeGroup) -> AttributeGroup:
        return group.model_copy(update={"rules": (Rule.SOURCE_PRIORITY, Rule.MOST_RECENT)})

    groups = tuple(ruled(g) if g.name == "phone" else g for g in survivorship.groups)
    return survivorship.model_copy(update={"groups": groups, "history": ("phone",)})


def test_what_held_when_is_told_as_each_story_has_it(
    next_day: Next, by_source: Survivorship
) -> None:
    rows: list[Any] = []
    for day in range(4):
        owners, records, decisions = told(day)
        rows = next_day(rows, owners, records, by_source, decisions)
    found: dict[str, list[Any]] = {story.name: [] for story in STORIES}
    for row in rows:
        number, customer = row.customer_id.split("-")
        until = row.valid_to_at and row.valid_to_at.year
        period = (customer, row["values"]["phone"], row.valid_from_at.year, until)
        found[STORIES[int(number)].name].append(period)
    assert found == {story.name: story.periods for story in STORIES}
    assert [
        by.source_system for r in rows if r["values"] == {"phone": "9"} for by in r.told_by
    ] == ["steward", "steward"]
    gone = {
        (STORIES[int(row.customer_id[:2])].name, row["values"]["phone"], row.outdated_at.year)
        for row in rows
        if row.outdated_at
    }
    assert gone == {
        ("a new value ends the period of the one before", "1", 2023),
        ("a late record takes its place among those before it", "1", 2024),
        ("a value corrected at its own moment takes the place of the wrong one", "1", 2023),
        ("what a record said ends when it ceases to, and the next best holds again", "1", 2023),
        ("what nobody says any more has an end and nothing follows", "1", 2023),
        ("histories of customers who are one now are one", "1", 2022),
        ("of customers who are apart again each keeps what its records said", "1", 2022),
    }


def told_at_random(dice: random.Random) -> tuple[Owners, list[Record]]:
    """A day on which records are anybody's, of any year and say anything: many customers at once."""
    owners: Owners = {}
    records = []
    for one in range(COMPANIES):
        for record in "abcd":
            key, number = f"{one:02d}-{record}", dice.choice(("1", "2", "3", None))
            system = dice.choice(("crm", "shop", "social"))
            if dice.random() < 0.9:
                owners.setdefault(f"{one:02d}-{dice.choice('xy')}", []).append(key)
                records.append(phone(key, dice.randint(2019, 2023), number, system))
    return owners, records


def former_versions(rows: list[Any]) -> set[Any]:
    """What records said once and say no more, as the rows have it."""
    return {
        (by.record_key, by.sequence_at, row["values"]["phone"])
        for row in rows
        for by in row.told_by
        if by.said_to_at is not None
    }


def test_periods_never_overlap_end_in_the_golden_record_and_are_the_same_when_made_again(
    next_day: Next,
    table: Frames,
    identity: Frames,
    owned_records: Frames,
    survivorship: Survivorship,
) -> None:
    rules = survivorship.model_copy(update={"history": ("phone",)})
    dice = random.Random(7)  # noqa: S311 - no secret
    rows: list[Any] = []
    for _ in range(3):
        owners, records = told_at_random(dice)
        rows = next_day(rows, owners, records, rules, [])
    assert next_day(rows, owners, records, rules, []) == rows
    spared = [row for row in rows if row.outdated_at is None]
    assert COMPANIES < len(spared) < len(rows)
    after = next_day(spared, owners, records, rules, [])
    assert former_versions(after) <= former_versions(spared), "what expired came back"
    assert former_versions(spared) < former_versions(rows)
    follow = [(r, after) for r, after in pairwise(rows) if r.customer_id == after.customer_id]
    assert len(follow) > COMPANIES
    for row, after in follow:
        assert row.valid_from_at < row.valid_to_at <= after.valid_from_at
        assert row["values"] != after["values"] or row.valid_to_at < after.valid_from_at
    golden = customer_attribute(
        table(PERSON_RECORD, *records),
        identity(owners),
        table(ATTRIBUTE_OVERRIDE),
        owned_records(owners),
        rules,
        TODAY,
    ).where("attribute_group = 'phone'")
    assert {
        (row.customer_id, row["values"]["phone"], row.record_key, row.sequence_at, row.rule)
        for row in rows
        if row.valid_to_at is None
    } == {
        (row.customer_id, row.value, row.record_key, row.sequence_at, row.rule)
        for row in golden.collect()
    }
