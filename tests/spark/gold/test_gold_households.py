"""Households and relations: who lives with whom, by what evidence, and under which id as time goes by."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame

from lakehouse.gold.customer import customer
from lakehouse.gold.customer_attribute import customer_attribute
from lakehouse.gold.customer_relation import customer_relation
from lakehouse.gold.household import household
from lakehouse.gold.household_member import household_member
from lakehouse.settings.households import Households
from lakehouse.settings.survivorship import Survivorship
from lakehouse.tables.gold import CUSTOMER_RELATION, HOUSEHOLD, HOUSEHOLD_MEMBER
from lakehouse.tables.linkage import CUSTOMER_ALIAS
from lakehouse.tables.silver import PERSON_RECORD
from lakehouse.tables.spec import TableSpec

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]
Person = dict[str, Any]

ELM = {
    "street": "1 Elm St",
    "street_match": "1 elm st",
    "postcode_match": "ls11aa",
    "country": "GB",
}
OAK = {
    "street": "9 Oak Ave",
    "street_match": "9 oak ave",
    "postcode_match": "n42bb",
    "country": "GB",
}
LIMITS = Households(address_limit=6, identifier_limit=3)
FIRST, SECOND, THIRD = (datetime(2026, 1, day, tzinfo=UTC) for day in (5, 6, 7))


def name(family: str) -> Person:
    return {"family_name": family.title(), "family_name_match": family}


@pytest.fixture
def members(table: Frames, identity: Frames, survivorship: Survivorship) -> Frames:
    """gold.household_member of people by customer id; a list is several records of one customer."""

    def of(
        people: dict[str, Person | list[Person]],
        previous: DataFrame | None = None,
        as_of: datetime = FIRST,
        release: int = 1,
        alias: dict[str, str] | None = None,
    ) -> DataFrame:
        records, owners = told(people)
        person_record, identity_map = table(PERSON_RECORD, *records), identity(owners)
        aliases = [
            {"customer_id": gone, "current_customer_id": now} for gone, now in (alias or {}).items()
        ]
        frame = household_member(
            customer_attribute(person_record, identity_map, survivorship),
            person_record,
            identity_map,
            table(CUSTOMER_ALIAS, *aliases),
            table(HOUSEHOLD_MEMBER) if previous is None else previous,
            LIMITS,
            as_of,
            release,
        )
        return as_declared(frame, HOUSEHOLD_MEMBER)

    return of


@pytest.fixture
def made(members: Frames, table: Frames, identity: Frames, survivorship: Survivorship) -> Frames:
    """gold.household_member, gold.household and gold.customer_relation of a first release."""

    def of(people: dict[str, Person | list[Person]]) -> tuple[DataFrame, DataFrame, DataFrame]:
        records, owners = told(people)
        person_record, identity_map = table(PERSON_RECORD, *records), identity(owners)
        attributes = customer_attribute(person_record, identity_map, survivorship)
        living = members(people)
        homes = household(living, customer(attributes, person_record, identity_map))
        relations = customer_relation(attributes, person_record, identity_map, living, LIMITS)
        return (
            living,
            as_declared(homes, HOUSEHOLD),
            as_declared(relations, CUSTOMER_RELATION),
        )

    return of


def told(
    people: dict[str, Person | list[Person]],
) -> tuple[list[dict[str, Any]], dict[str, list[str]]]:
    """Records and whose they are; a record is called after its customer, unless it has a key of its own."""
    records, owners = [], {}
    for customer_id, given in people.items():
        rows = given if isinstance(given, list) else [given]
        own = [{"record_key": f"{customer_id}.{n}", **row} for n, row in enumerate(rows)]
        owners[customer_id] = [row["record_key"] for row in own]
        records += own
    return records, owners


def as_declared(frame: DataFrame, spec: TableSpec) -> DataFrame:
    assert dict(frame.dtypes) == {c.name: c.type for c in spec.columns}
    return frame.select(*spec.column_names)


def homes(frame: DataFrame) -> list[list[str]]:
    """Who lives together today."""
    by_home: dict[str, list[str]] = {}
    for row in frame.where("valid_to is null").orderBy("customer_id").collect():
        by_home.setdefault(row.household_id, []).append(row.customer_id)
    return sorted(by_home.values())


def ids(frame: DataFrame) -> dict[str, str]:
    """The household of each customer today."""
    return {r.customer_id: r.household_id for r in frame.where("valid_to is null").collect()}


def related(frame: DataFrame) -> dict[tuple[str, str], list[str]]:
    """Types of relation by pair, each pair once; both ways round are seen to say the same."""
    rows = frame.orderBy("relation_type").collect()
    there: dict[tuple[str, str], list[str]] = {}
    back: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        pair = (row.customer_id, row.related_customer_id)
        holder = there if pair[0] < pair[1] else back
        holder.setdefault((min(pair), max(pair)), []).append(row.relation_type)
    assert there == back
    return there


FAMILY: dict[str, Person | list[Person]] = {
    "ann": {**ELM, **name("ash"), "birth_date": "1980-01-01"},
    "bob": {**ELM, **name("ash"), "birth_date": "1978-01-01"},
    "cat": {**ELM, **name("ash"), "birth_date": "2008-01-01"},
    "dan": {**ELM, **name("ash"), "birth_date": "2008-01-01"},
}


def test_a_family_of_four_is_one_household_of_two_parents_and_two_children(made: Frames) -> None:
    living, households, relations = made(FAMILY)

    assert homes(living) == [["ann", "bob", "cat", "dan"]]
    assert {r.customer_id: (r.role, r.evidence) for r in living.collect()} == {
        "ann": ("parent", ["family_name"]),
        "bob": ("parent", ["family_name"]),
        "cat": ("child", ["family_name"]),
        "dan": ("child", ["family_name"]),
    }
    (row,) = households.collect()
    assert (row.customer_id, row.household_name, row.street) == ("bob", "Ash", "1 Elm St")
    assert (row.member_count, row.child_count, row.is_crowded_address) == (4, 2, False)
    assert (row.evidence, row.first_seen_at.day) == (["family_name"], FIRST.day)
    assert len(related(relations)) == 6
    assert {kind for kinds in related(relations).values() for kind in kinds} == {"same_household"}
    assert [tuple(e) for e in relations.first().evidence] == [
        ("address", "1 elm st, ls11aa, gb"),
        ("family_name", "ash"),
    ]


def test_flatmates_are_households_of_their_own_and_related_by_the_address(made: Frames) -> None:
    living, households, relations = made(
        {"ann": {**ELM, **name("ash")}, "eve": {**ELM, **name("elder")}}
    )

    assert homes(living) == [["ann"], ["eve"]]
    assert [(r.member_count, r.evidence) for r in households.collect()] == [(1, []), (1, [])]
    assert related(relations) == {("ann", "eve"): ["same_address"]}


def test_a_father_and_his_son_of_one_name_are_one_household_and_two_members(made: Frames) -> None:
    living, _, _ = made(
        {
            "father": {**ELM, **name("ash"), "given_name": "John", "birth_date": "1970-05-01"},
            "son": {**ELM, **name("ash"), "given_name": "John", "birth_date": "1999-05-01"},
            "cousin": {**ELM, **name("ash"), "given_name": "Jim"},
        }
    )

    assert homes(living) == [["cousin", "father", "son"]]
    assert {r.customer_id: r.role for r in living.collect()} == {
        "father": "parent",
        "son": "child",
        "cousin": None,
    }


def test_a_couple_of_two_surnames_is_one_household_by_an_email_and_its_child_with_them(
    made: Frames,
) -> None:
    living, households, relations = made(
        {
            "ann": {**ELM, **name("ash"), "email": "us@example.com"},
            "bob": {**ELM, **name("birch"), "email": "us@example.com"},
            "cat": {**ELM, **name("birch")},
        }
    )

    assert homes(living) == [["ann", "bob", "cat"]]
    assert households.first().evidence == ["email", "family_name"]
    assert related(relations) == {
        ("ann", "bob"): ["same_household", "shared_email"],
        ("ann", "cat"): ["same_household"],
        ("bob", "cat"): ["same_household"],
    }


@pytest.mark.parametrize("shared", ["phone", "loyalty_number", "device_id"])
def test_other_identifiers_join_as_an_email_does(shared: str, members: Frames) -> None:
    living = members(
        {"ann": {**ELM, **name("ash"), shared: "1"}, "bob": {**ELM, **name("birch"), shared: "1"}}
    )

    assert homes(living) == [["ann", "bob"]]


def test_a_maiden_name_that_an_older_record_gives_joins(members: Frames) -> None:
    maiden = {**name("birch"), "sequence_at": "2019-01-01"}
    living = members(
        {"ann": [maiden, {**ELM, **name("ash")}], "bob": {**ELM, **name("birch")}},
    )

    assert homes(living) == [["ann", "bob"]]


def test_what_is_shared_at_two_addresses_makes_a_relation_and_no_household(made: Frames) -> None:
    living, _, relations = made(
        {
            "ann": {**ELM, **name("ash"), "email": "us@example.com", "phone": "+441632960001"},
            "bob": {**OAK, **name("ash"), "email": "us@example.com", "created_date": "2020-03-01"},
            "eve": {**name("elder"), "phone": "+441632960001"},
        }
    )

    assert homes(living) == [["ann"], ["bob"]]
    assert related(relations) == {
        ("ann", "bob"): ["shared_email"],
        ("ann", "eve"): ["shared_phone"],
    }
    (row,) = relations.where("customer_id = 'ann' and relation_type = 'shared_email'").collect()
    assert [tuple(e) for e in row.evidence] == [("email", "us@example.com")]


def test_a_block_of_flats_beyond_the_limit_joins_and_relates_nobody(made: Frames) -> None:
    block = {f"c{n}": {**ELM, **name("ash")} for n in range(LIMITS.address_limit + 1)}
    living, households, relations = made({**block, "eve": {**OAK, **name("ash")}})

    assert homes(living) == [[c] for c in sorted([*block, "eve"])]
    assert {r.customer_id: r.is_crowded_address for r in households.collect()} == {
        **dict.fromkeys(block, True),
        "eve": False,
    }
    assert related(relations) == {}


def test_an_email_of_more_customers_than_the_limit_tells_nothing(made: Frames) -> None:
    junk = {f"c{n}": {**name(f"n{n}"), "email": "none@example.com"} for n in range(4)}
    living, _, relations = made(
        {
            "ann": {**ELM, **junk["c0"]},
            "bob": {**ELM, **junk["c1"]},
            "c2": junk["c2"],
            "c3": junk["c3"],
        }
    )

    assert homes(living) == [["ann"], ["bob"]]
    assert related(relations) == {("ann", "bob"): ["same_address"]}


def test_a_street_alone_is_no_address_and_door_numbers_keep_flats_apart(members: Frames) -> None:
    street = {"street": "1 Elm St", "street_match": "1 elm st", "country": "GB"}
    door = {**ELM, "street": "Flat 2, 1 Elm St", "street_match": "fl 2 1 elm st"}
    living = members(
        {
            "ann": {**street, **name("ash")},
            "bob": {**ELM, **name("ash")},
            "cat": {**door, **name("ash")},
        }
    )

    assert homes(living) == [["bob"], ["cat"]]


def test_the_current_address_alone_counts(members: Frames) -> None:
    before = {**ELM, **name("ash"), "sequence_at": "2020-01-01"}
    after = {**OAK, **name("ash"), "sequence_at": "2024-01-01"}
    living = members({"ann": {**ELM, **name("ash")}, "bob": [before, after]})

    assert homes(living) == [["ann"], ["bob"]]


def test_the_order_of_rows_decides_nothing(members: Frames, text: Rows) -> None:
    people = {**FAMILY, "eve": {**ELM, **name("elder"), "email": "e@example.com"}}
    people |= {"fay": {**OAK, **name("fir"), "email": "e@example.com"}}

    there = members(people)
    back = members(dict(reversed(people.items())))

    assert text(there) == text(back)


def history(frame: DataFrame, customer_id: str) -> list[tuple[str, int, int | None]]:
    """(household, first day, day after the last) of each period, in order."""
    rows = frame.where(frame.customer_id == customer_id).orderBy("valid_from").collect()
    return [
        (r.household_id, r.valid_from.day, r.valid_to.day if r.valid_to else None) for r in rows
    ]


def test_ids_last_and_a_day_without_news_changes_no_row(members: Frames, text: Rows) -> None:
    first = members(FAMILY)
    second = members(FAMILY, previous=first, as_of=SECOND, release=2)

    assert text(second) == text(first)


def test_who_moves_out_gets_a_new_household_and_the_old_one_goes_on(members: Frames) -> None:
    first = members(FAMILY)
    second = members({**FAMILY, "dan": {**OAK, **name("ash")}}, first, SECOND, 2)

    old = ids(first)["ann"]
    new = ids(second)["dan"]
    assert new != old
    assert [ids(second)[c] for c in ("ann", "bob", "cat")] == [old] * 3
    assert history(second, "dan") == [(old, 5, 6), (new, 6, None)]
    (closed,) = second.where("valid_to is not null").collect()
    assert (closed.role, closed.evidence) == ("child", ["family_name"])


def test_who_moves_out_and_back_on_one_day_s_second_run_has_no_empty_period(
    members: Frames,
) -> None:
    first = members(FAMILY)
    second = members({**FAMILY, "dan": {**OAK, **name("ash")}}, first, FIRST, 2)
    third = members(FAMILY, second, FIRST, 3)

    assert third.where("valid_to <= valid_from").collect() == []
    assert ids(third) == ids(first)
    assert len(history(third, "dan")) == 3


def test_where_a_household_parts_its_id_goes_with_most_and_of_two_the_older_id_stays(
    members: Frames,
) -> None:
    first = members({**FAMILY, "eve": {**OAK, **name("ash")}})
    parted = {c: {**OAK, **name("ash")} for c in ("cat", "dan")}
    second = members({**FAMILY, **parted, "eve": {**OAK, **name("ash")}}, first, SECOND, 2)
    old, of_eve = ids(first)["ann"], ids(first)["eve"]

    # Each side has two of the old household; it is taken by one, and the other has eve's.
    assert {ids(second)[c] for c in ("ann", "bob")} != {
        ids(second)[c] for c in ("cat", "dan", "eve")
    }
    assert {*ids(second).values()} <= {old, of_eve, ids(second)["ann"]}


def test_a_household_whose_address_is_lost_for_a_day_is_the_same_again(members: Frames) -> None:
    first = members({"ann": FAMILY["ann"], "bob": FAMILY["bob"]})
    second = members({"ann": name("ash"), "bob": name("ash")}, first, SECOND, 2)
    third = members({"ann": FAMILY["ann"], "bob": FAMILY["bob"]}, second, THIRD, 3)

    assert ids(second) == {}
    assert ids(third) == ids(first)
    assert history(third, "ann") == [(ids(first)["ann"], 5, 6), (ids(first)["ann"], 7, None)]


def test_a_household_goes_on_with_a_member_who_was_merged_into_a_customer_without_one(
    members: Frames,
) -> None:
    first = members({"old": {**ELM, **name("ash")}, "into": name("ash")})
    merged = {"into": [{**ELM, **name("ash")}, name("ash")]}
    second = members(merged, first, SECOND, 2, alias={"old": "into"})
    third = members(merged, second, THIRD, 3, alias={"old": "into"})

    home = ids(first)["old"]
    assert history(second, "old") == [(home, 5, 6)]
    assert history(second, "into") == [(home, 6, None)]
    assert ids(third) == ids(second)


def test_a_customer_who_splits_off_at_the_same_address_joins_the_same_household(
    members: Frames,
) -> None:
    ann, bob = {**ELM, **name("ash")}, {**ELM, **name("ash"), "record_key": "bob.0"}
    first = members({"ann": [ann, bob]})
    second = members({"ann": ann, "new": bob}, first, SECOND, 2)

    assert ids(second) == {"ann": ids(first)["ann"], "new": ids(first)["ann"]}
    assert history(second, "new") == [(ids(first)["ann"], 6, None)]


def test_a_household_that_merged_away_is_gone_and_its_id_is_not_given_again(
    made: Frames, members: Frames
) -> None:
    apart = {
        "ann": {**ELM, **name("ash")},
        "bob": {**ELM, **name("ash")},
        "eve": {**OAK, **name("ash")},
    }
    first = members(apart)
    second = members({**apart, "eve": {**ELM, **name("ash")}}, first, SECOND, 2)
    third = members(apart, second, THIRD, 3)

    assert set(ids(second).values()) == {ids(first)["ann"]}
    assert ids(third)["eve"] not in set(ids(first).values())
