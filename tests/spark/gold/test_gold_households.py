"""Households and relations: who lives with whom, by what evidence, and under which id as time goes by.

What is told in one town, at one address each, is made once: two releases' worth of Spark, not twenty.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from random import Random
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from lakehouse.gold.customer import customer
from lakehouse.gold.customer_attribute import customer_attribute
from lakehouse.gold.customer_relation import customer_relation
from lakehouse.gold.household import household
from lakehouse.gold.household_evidence import customer_evidence
from lakehouse.gold.household_group import household_group
from lakehouse.gold.household_member import household_member
from lakehouse.settings.households import Households
from lakehouse.settings.survivorship import Survivorship
from lakehouse.tables.gold import (
    CUSTOMER_ATTRIBUTE,
    CUSTOMER_RELATION,
    HOUSEHOLD,
    HOUSEHOLD_MEMBER,
)
from lakehouse.tables.linkage import CUSTOMER_ALIAS
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import ATTRIBUTE_OVERRIDE
from lakehouse.tables.silver import PAYMENT, PERSON_RECORD
from lakehouse.tables.spec import TableSpec

Frames = Callable[..., DataFrame]
Record = dict[str, Any]
People = dict[str, Record | list[Record]]

LIMITS = Households(address_limit=5, identifier_limit=3)


def at(street: str, **more: Any) -> Record:
    """A record with that street in one town."""
    return {"street": street, "street_match": street, "postcode_match": "ls11aa", **more}


def named(family: str, **more: Any) -> Record:
    return {"family_name": family.title(), "family_name_match": family, **more}


def moved(before: str, after: str, **more: Any) -> list[Record]:
    """Records of one customer, of whom the later one has another address."""
    return [
        {**at(before), **more, "sequence_at": "2020-01-01"},
        {**at(after), **more, "sequence_at": "2024-01-01"},
    ]


TOWN: People = {
    "mother": {**at("1 elm st"), **named("ash", birth_date="1980-01-01")},
    "father": {**at("1 elm st"), **named("ash", birth_date="1978-01-01")},
    "twin1": {**at("1 elm st"), **named("ash", birth_date="2008-01-01")},
    "twin2": {**at("1 elm st"), **named("ash", birth_date="2008-01-01")},
    "flatmate1": {**at("2 elm st"), **named("beech")},
    "flatmate2": {**at("2 elm st"), **named("cedar")},
    "john sr": {**at("3 elm st"), **named("doe", given_name="John", birth_date="1970-05-01")},
    "john jr": {**at("3 elm st"), **named("doe", given_name="John", birth_date="1999-05-01")},
    "jim": {**at("3 elm st"), **named("doe", given_name="Jim")},
    "wife": {**at("4 elm st"), **named("elder", email="us@example.com")},
    "husband": {**at("4 elm st"), **named("fir", email="us@example.com")},
    "their child": {**at("4 elm st"), **named("fir")},
    "phone1": {**at("5 elm st"), **named("gum", phone="+441632960001")},
    "phone2": {**at("5 elm st"), **named("hazel", secondary_phone="+441632960001")},
    "card1": {**at("6 elm st"), **named("ivy", loyalty_number="29001")},
    "card2": {**at("6 elm st"), **named("juniper", loyalty_number="29001")},
    "device1": {**at("7 elm st"), **named("kapok", device_id="d1")},
    "device2": {**at("7 elm st"), **named("larch", device_id="d1")},
    "née maple": [{**at("8 elm st"), **named("nutmeg")}, named("maple", sequence_at="2019-01-01")],
    "maple": {**at("8 elm st"), **named("maple")},
    "aunt": {**at("9 elm st"), **named("oak", email="aunt@example.com", created_date="2015-01-01")},
    "niece": {**at("10 elm st"), **named("oak", email="aunt@example.com", created_date="2018-01-01")},
    **{f"block{n}": {**at("11 elm st"), **named("pine")} for n in range(LIMITS.address_limit + 1)},
    **{f"junk{n}": {**at("12 elm st"), **named(f"q{n}", email="no@example.com")} for n in range(4)},
    "no place1": {"street": "13 elm st", "street_match": "13 elm st", **named("rowan")},
    "no place2": {"street": "13 elm st", "street_match": "13 elm st", **named("rowan")},
    "door1": {**at("fl 1 14 elm st"), **named("spruce")},
    "door2": {**at("fl 2 14 elm st"), **named("spruce")},
    "stays": {**at("15 elm st"), **named("thorn")},
    "moved away": moved("15 elm st", "16 elm st", **named("thorn")),
    "no address": named("ulmus", phone="+441632960009"),
    "caller": {**at("17 elm st"), **named("vine", phone="+441632960009")},
    "pays1": {**at("18 elm st"), **named("willow")},
    "pays2": {**at("18 elm st"), **named("yew")},
    "tried the card": {**at("18 elm st"), **named("zelkova")},
    "pays too": {**at("19 elm st"), **named("wych")},
    "country": {**at("21 elm st", country="GB"), **named("zamia")},
    "no country": {**at("21 elm st"), **named("zamia")},
    **{f"staff{n}": {**at("20 elm st"), **named(f"s{n}")} for n in range(LIMITS.identifier_limit + 1)},
}  # fmt: skip


def paid(customer_id: str, account: str, day: str, status: str = "captured") -> Record:
    """A payment by the only record of a customer."""
    key = {"record_key": f"{customer_id} {day}", "person_record_key": f"{customer_id}.0"}
    return {**key, "payment_account_key": account, "paid_at": day, "status": status}


PAYMENTS = [
    paid("pays1", "joint account", "2024-03-01"),
    paid("pays1", "joint account", "2024-05-01"),
    paid("pays2", "joint account", "2024-04-01"),
    paid("tried the card", "joint account", "2024-06-01", "failed"),
    paid("pays too", "joint account", "2024-02-01", "refunded"),
    *(paid(f"staff{n}", "company card", "2024-01-01") for n in range(LIMITS.identifier_limit + 1)),
]


def told(people: People) -> tuple[list[Record], dict[str, list[str]]]:
    """Records and whose they are; a record is called after its customer, unless it says its key."""
    records, owners = [], {}
    for customer_id, given in people.items():
        rows = given if isinstance(given, list) else [given]
        own = [{"record_key": f"{customer_id}.{n}", **row} for n, row in enumerate(rows)]
        owners[customer_id] = [row["record_key"] for row in own]
        records += own
    return records, owners


def kept(frame: DataFrame, spec: TableSpec) -> tuple[list[Row], DataFrame]:
    """The frame's rows, and a frame of them, as a table that is written and read again."""
    assert dict(frame.dtypes) == {c.name: c.type for c in spec.columns}
    rows = frame.select(*spec.column_names).collect()
    return rows, local_frame(frame.sparkSession, rows, spec.ddl())


@dataclass(frozen=True)
class Company:
    """What gold is made from on a day."""

    attributes: DataFrame
    person_record: DataFrame
    payment: DataFrame
    identity_map: DataFrame
    alias: DataFrame

    def members(
        self, previous: DataFrame, as_of: datetime, release: int
    ) -> tuple[list[Row], DataFrame]:
        frame = household_member(
            customer_attribute=self.attributes,
            person_record=self.person_record,
            payment=self.payment,
            identity_map=self.identity_map,
            customer_alias=self.alias,
            previous=previous,
            households=LIMITS,
            as_of=as_of,
            release_number=release,
        )
        return kept(frame, HOUSEHOLD_MEMBER)


@pytest.fixture(scope="module")
def company(
    table: Frames, identity: Frames, owned_records: Frames, survivorship: Survivorship
) -> Callable[..., Company]:
    """The company of these people by customer id; a list is several records of one customer."""

    def of(
        people: People,
        merged: dict[str, str] | None = None,
        payments: list[Record] | None = None,
    ) -> Company:
        records, owners = told(people)
        person_record, identity_map = table(PERSON_RECORD, *records), identity(owners)
        attributes = customer_attribute(
            person_record,
            identity_map,
            table(ATTRIBUTE_OVERRIDE),
            owned_records(owners),
            survivorship,
            FIRST.date(),
        )
        gone = [{"customer_id": a, "current_customer_id": b} for a, b in (merged or {}).items()]
        return Company(
            kept(attributes, CUSTOMER_ATTRIBUTE)[1],
            person_record,
            table(PAYMENT, *(payments or ())),
            identity_map,
            table(CUSTOMER_ALIAS, *gone),
        )

    return of


@dataclass(frozen=True)
class Town:
    """Rows of the three tables of the town's first release."""

    members: list[Row]
    households: list[Row]
    relations: list[Row]

    def home(self, customer_id: str) -> set[str]:
        """Everybody who lives with the customer, who is among them; nobody without a household."""
        (own,) = {m.household_id for m in self.members if m.customer_id == customer_id} or {None}
        return {m.customer_id for m in self.members if m.household_id == own}

    def household(self, customer_id: str) -> Row:
        (own,) = (m.household_id for m in self.members if m.customer_id == customer_id)
        (row,) = (h for h in self.households if h.household_id == own)
        return row

    def member(self, customer_id: str) -> tuple[str | None, list[str]]:
        """The customer's role and evidence."""
        (row,) = (m for m in self.members if m.customer_id == customer_id)
        return row.role, row.evidence

    def relation(self, one: str, other: str) -> dict[str, Row]:
        """The relations of two customers by type, which are the same both ways round."""
        there, back = (
            {r.relation_type: r for r in self.relations if r[:2] == pair}
            for pair in ((one, other), (other, one))
        )
        assert {k: r[2:] for k, r in there.items()} == {k: r[2:] for k, r in back.items()}
        return there


FIRST, SECOND, THIRD = (datetime(2026, 1, day, tzinfo=UTC) for day in (5, 6, 7))


@pytest.fixture(scope="module")
def town(company: Callable[..., Company], table: Frames, survivorship: Survivorship) -> Town:
    made = company(TOWN, payments=PAYMENTS)
    members, living = made.members(table(HOUSEHOLD_MEMBER), FIRST, 1)
    golden = customer(
        made.attributes, made.person_record, made.identity_map, survivorship, FIRST.date()
    )
    relations = customer_relation(
        made.attributes, made.person_record, made.payment, made.identity_map, living, LIMITS
    )
    return Town(
        members,
        kept(household(living, golden), HOUSEHOLD)[0],
        kept(relations, CUSTOMER_RELATION)[0],
    )


def test_a_family_of_four_is_one_household_of_two_parents_and_two_children(town: Town) -> None:
    family = {"mother", "father", "twin1", "twin2"}

    assert town.home("mother") == family
    assert [town.member(c) for c in ("mother", "father", "twin1", "twin2")] == [
        ("parent", ["family_name"]),
        ("parent", ["family_name"]),
        ("child", ["family_name"]),
        ("child", ["family_name"]),
    ]
    assert set(town.relation("mother", "twin1")) == {"same_household"}
    evidence = town.relation("mother", "twin1")["same_household"].evidence
    assert [tuple(e) for e in evidence] == [
        ("address", "1 elm st, ls11aa"),
        ("family_name", "ash"),
    ]


def test_a_household_goes_by_the_name_and_address_of_its_oldest_member_at_first(
    town: Town,
) -> None:
    row = town.household("twin1")

    assert (row.customer_id, row.household_name, row.street) == ("father", "Ash", "1 elm st")
    assert (row.member_count, row.child_count, row.is_crowded_address) == (4, 2, False)
    assert row.evidence == ["family_name"]


def test_flatmates_are_households_of_their_own_and_related_by_the_address(town: Town) -> None:
    assert town.home("flatmate1") == {"flatmate1"}
    assert town.member("flatmate1") == (None, [])
    assert set(town.relation("flatmate1", "flatmate2")) == {"same_address"}


def test_a_father_and_his_son_of_one_name_are_two_members_of_one_household(town: Town) -> None:
    assert town.home("john jr") == {"john sr", "john jr", "jim"}
    assert [town.member(c)[0] for c in ("john sr", "john jr", "jim")] == ["parent", "child", None]


def test_a_couple_of_two_surnames_is_one_household_by_an_email_and_its_child_with_it(
    town: Town,
) -> None:
    assert town.home("wife") == {"wife", "husband", "their child"}
    assert town.household("wife").evidence == ["email", "family_name"]
    assert set(town.relation("wife", "husband")) == {"same_household", "shared_email"}
    (through_husband,) = town.relation("wife", "their child").values()
    assert [e.kind for e in through_husband.evidence] == ["address"]


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("phone1", "phone2", "phone"),
        ("card1", "card2", "loyalty_number"),
        ("device1", "device2", "device"),
        ("née maple", "maple", "family_name"),
    ],
)
def test_any_identifier_and_a_maiden_name_of_an_older_record_join_at_one_address(
    one: str, other: str, kind: str, town: Town
) -> None:
    assert town.home(one) == {one, other}
    assert town.member(one)[1] == [kind]


def test_who_pays_by_one_account_at_one_address_lives_together_and_elsewhere_is_related(
    town: Town,
) -> None:
    assert town.home("pays1") == {"pays1", "pays2"}
    assert town.member("pays1")[1] == ["payment_account"]
    assert set(town.relation("pays1", "pays2")) == {"same_household", "shared_payment_account"}
    (elsewhere,) = town.relation("pays2", "pays too").values()
    assert elsewhere.relation_type == "shared_payment_account"
    assert elsewhere.since.date().isoformat() == "2024-04-01"


def test_a_payment_that_failed_and_a_card_of_more_than_the_limit_tell_nothing(town: Town) -> None:
    assert town.home("tried the card") == {"tried the card"}
    assert town.home("staff0") == {"staff0"}
    assert set(town.relation("staff0", "staff1")) == {"same_address"}


def test_an_email_at_two_addresses_makes_a_relation_since_both_have_it_and_no_household(
    town: Town,
) -> None:
    assert town.home("aunt") == {"aunt"}
    (shared,) = town.relation("aunt", "niece").values()
    assert (shared.relation_type, shared.since.year) == ("shared_email", 2018)
    assert [tuple(e) for e in shared.evidence] == [("email", "aunt@example.com")]


def test_a_block_of_flats_beyond_the_limit_joins_and_relates_nobody(town: Town) -> None:
    for n in range(LIMITS.address_limit + 1):
        assert town.home(f"block{n}") == {f"block{n}"}
        assert town.household(f"block{n}").is_crowded_address
        assert town.relation("block0", f"block{n}") == {}


def test_an_email_of_more_customers_than_the_limit_tells_nothing(town: Town) -> None:
    assert town.home("junk0") == {"junk0"}
    assert set(town.relation("junk0", "junk1")) == {"same_address"}


def test_who_leaves_the_country_out_lives_at_the_same_address(town: Town) -> None:
    assert town.home("country") == {"country", "no country"}


def test_a_street_alone_is_no_address_and_door_numbers_keep_flats_apart(town: Town) -> None:
    assert town.home("no place1") == set()
    assert town.home("door1") == {"door1"}


def test_the_current_address_alone_counts(town: Town) -> None:
    assert town.home("stays") == {"stays"}
    assert town.relation("stays", "moved away") == {}


def test_an_address_that_a_steward_decided_is_the_current_one_and_not_that_of_the_record(
    table: Frames, identity: Frames
) -> None:
    people = table(PERSON_RECORD, {"record_key": "a", **at("1 elm st")})
    decided = {
        "customer_id": "A",
        "record_key": "a",
        "rule": "steward",
        "sequence_at": "2024-01-01",
    }
    attributes = table(
        CUSTOMER_ATTRIBUTE,
        {**decided, "attribute": "street", "value": "2 Élm Street"},
        {**decided, "attribute": "city", "value": "Leeds"},
        {**decided, "attribute": "country", "value": "GB"},
    )
    found = customer_evidence(attributes, people, table(PAYMENT), identity({"A": ["a"]})).collect()

    assert [(row.kind, row.value) for row in found] == [("address", "2 elm st, leeds, gb")]


def test_a_customer_without_an_address_has_relations_and_no_household(town: Town) -> None:
    assert town.home("no address") == set()
    assert set(town.relation("no address", "caller")) == {"shared_phone"}


def test_the_order_of_rows_decides_nothing(
    town: Town, company: Callable[..., Company], table: Frames
) -> None:
    turned, _ = company(dict(reversed(TOWN.items())), payments=PAYMENTS[::-1]).members(
        table(HOUSEHOLD_MEMBER), FIRST, 1
    )

    assert sorted(turned, key=str) == sorted(town.members, key=str)


def test_people_are_one_group_where_a_chain_of_shared_values_leads_from_one_to_the_other(
    spark: SparkSession, table: Frames
) -> None:
    drawn = Random(18)  # noqa: S311
    people: dict[str, set[tuple[str, str]]] = {}
    for address in range(40):
        for n in range(drawn.randint(1, 8)):
            names = {("family_name", f"{drawn.randint(1, 9)}") for _ in range(drawn.randint(0, 2))}
            mail = {("email", f"{address}.{drawn.randint(1, 6)}") for _ in range(2)}
            people[f"{address}.{n}"] = names | mail | {("address", f"{address}")}
    rows = [(who, *told, FIRST) for who, all_told in people.items() for told in all_told]
    evidence = local_frame(
        spark, rows, "customer_id string, kind string, value string, first_seen_at timestamp"
    )
    limits = Households(address_limit=8, identifier_limit=8)

    grouped = household_group(evidence, table(CUSTOMER_ATTRIBUTE), limits).collect()

    assert {row.customer_id: row.group_id for row in grouped} == smallest_reached(people)
    assert len({row.group_id for row in grouped}) < len(people)


def smallest_reached(people: dict[str, set[tuple[str, str]]]) -> dict[str, str]:
    """By person, the smallest id among those of the address whom a chain of shared values reaches."""
    smallest = {who: who for who in people}
    for _ in range(8):
        for one, other in combinations(people, 2):
            at_one_address = one.split(".")[0] == other.split(".")[0]
            if at_one_address and len(people[one] & people[other]) > 1:
                smallest[one] = smallest[other] = min(smallest[one], smallest[other])
    return smallest


SAME_KEY = {**at("5 oak ave"), **named("elder"), "record_key": "splits.2"}
STEADY: People = {
    "ann": {**at("1 oak ave"), **named("ash", birth_date="1980-01-01")},
    "bob": {**at("1 oak ave"), **named("ash")},
}
DAY_1: People = {
    **STEADY,
    "parent": {**at("2 oak ave"), **named("beech", birth_date="1970-01-01")},
    "brother": {**at("2 oak ave"), **named("beech")},
    "leaver": {**at("2 oak ave"), **named("beech", birth_date="2000-01-01")},
    "away1": {**at("3 oak ave"), **named("cedar")},
    "away2": {**at("3 oak ave"), **named("cedar")},
    "merges": {**at("4 oak ave"), **named("doe")},
    "remains": named("doe"),
    "splits": [{**at("5 oak ave"), **named("elder")}, SAME_KEY],
    "big1": {**at("6 oak ave"), **named("fir")},
    "big2": {**at("6 oak ave"), **named("fir")},
    "small": {**at("7 oak ave"), **named("fir")},
    "four1": {**at("8 oak ave"), **named("gum")},
    "four2": {**at("8 oak ave"), **named("gum")},
    "four3": {**at("8 oak ave"), **named("gum")},
}
GONE = {"merges", "splits", "away1", "away2"}
DAY_2: People = {
    **{c: row for c, row in DAY_1.items() if c not in GONE},
    "leaver": {**at("12 oak ave"), **named("beech", birth_date="2000-01-01")},
    "away1": named("cedar"),
    "remains": [named("doe"), {**at("4 oak ave"), **named("doe"), "record_key": "merges.0"}],
    "splits": {**at("5 oak ave"), **named("elder")},
    "split off": SAME_KEY,
    "small": {**at("6 oak ave"), **named("fir")},
    "four3": {**at("18 oak ave"), **named("gum")},
}
DAY_3: People = {
    **DAY_2,
    "away1": DAY_1["away1"],
    "away2": DAY_1["away2"],
    "small": DAY_1["small"],
    "four1": {**at("18 oak ave"), **named("gum")},
    "four2": {**at("28 oak ave"), **named("gum")},
}
MERGED = {"merges": "remains"}


@dataclass(frozen=True)
class Days:
    """Rows of gold.household_member after each day's release."""

    releases: tuple[list[Row], ...]

    def at_home(self, day: int, customer_id: str) -> str | None:
        """The household of the customer after that day's release."""
        for row in self.releases[day - 1]:
            if row.customer_id == customer_id and row.valid_to is None:
                return str(row.household_id)
        return None

    def history(self, customer_id: str) -> list[tuple[str, int, int | None]]:
        """(household, first day, day after the last) of each period, in order, days from 1."""
        rows = [row for row in self.releases[-1] if row.customer_id == customer_id]
        return [
            (r.household_id, r.valid_from.day - 4, r.valid_to.day - 4 if r.valid_to else None)
            for r in sorted(rows, key=lambda row: row.valid_from)
        ]


@pytest.fixture(scope="module")
def days(company: Callable[..., Company], table: Frames) -> Days:
    first, released = company(DAY_1).members(table(HOUSEHOLD_MEMBER), FIRST, 1)
    second, released = company(DAY_2, MERGED).members(released, SECOND, 2)
    third, _ = company(DAY_3, MERGED).members(released, THIRD, 3)
    return Days((first, second, third))


def test_ids_last_and_without_news_no_row_of_a_household_changes(days: Days) -> None:
    told = [sorted(r for r in rows if r.customer_id in STEADY) for rows in days.releases]

    assert len(told[0]) == len(STEADY)
    assert told[0] == told[1] == told[2]


def test_who_moves_out_gets_a_new_household_and_the_old_one_goes_on(days: Days) -> None:
    old, new = days.at_home(1, "leaver"), days.at_home(2, "leaver")

    assert new not in (old, None)
    assert [days.at_home(2, c) for c in ("parent", "brother")] == [old, old]
    assert days.history("leaver") == [(old, 1, 2), (new, 2, None)]
    assert days.history("parent") == [(old, 1, None)]


def test_a_period_that_ended_tells_what_was_known_then(days: Days) -> None:
    (ended,) = (r for r in days.releases[2] if r.customer_id == "leaver" and r.valid_to)

    assert (ended.role, ended.evidence) == ("child", ["family_name"])


def test_a_household_whose_members_were_away_for_a_day_is_the_same_again(days: Days) -> None:
    home = days.at_home(1, "away1")

    assert days.at_home(2, "away1") is None
    assert days.history("away1") == days.history("away2") == [(home, 1, 2), (home, 3, None)]


def test_a_household_goes_on_with_a_member_who_was_merged_into_one_without_a_household(
    days: Days,
) -> None:
    home = days.at_home(1, "merges")

    assert days.history("merges") == [(home, 1, 2)]
    assert days.history("remains") == [(home, 2, None)]


def test_a_customer_who_splits_off_and_stays_there_is_of_the_same_household(days: Days) -> None:
    home = days.at_home(1, "splits")

    assert days.history("splits") == [(home, 1, None)]
    assert days.history("split off") == [(home, 2, None)]


def test_of_two_households_that_become_one_the_larger_goes_on_and_the_other_id_is_not_given_again(
    days: Days,
) -> None:
    larger, smaller = days.at_home(1, "big1"), days.at_home(1, "small")

    assert [days.at_home(2, c) for c in ("big1", "big2", "small")] == [larger] * 3
    assert days.at_home(3, "big1") == larger
    assert days.at_home(3, "small") not in (larger, smaller, None)


def test_where_all_share_one_member_the_older_id_goes_first_and_nobody_has_it_twice(
    days: Days,
) -> None:
    old, younger = days.at_home(2, "four1"), days.at_home(2, "four3")
    assert old == days.at_home(2, "four2") != younger

    assert [days.at_home(3, c) for c in ("four1", "four3")] == [old, old]
    assert days.at_home(3, "four2") not in (old, younger, None)


def test_periods_of_a_customer_do_not_overlap(days: Days) -> None:
    for customer_id in {row.customer_id for row in days.releases[2]}:
        ends = [end for _, *period in days.history(customer_id) for end in period]
        assert ends[:-1] == sorted(ends[:-1])


def test_a_second_run_of_a_day_leaves_no_empty_period(
    company: Callable[..., Company], table: Frames
) -> None:
    _, released = company(DAY_1).members(table(HOUSEHOLD_MEMBER), FIRST, 1)
    rows, _ = company(DAY_2, MERGED).members(released, FIRST, 2)

    assert any(row.valid_to for row in rows)
    assert [
        row.customer_id for row in rows if row.valid_to and row.valid_to <= row.valid_from
    ] == []
