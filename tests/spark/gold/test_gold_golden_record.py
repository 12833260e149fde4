"""The golden record: which value survives, from which record, by which rule."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame

from lakehouse.gold.customer import customer
from lakehouse.gold.customer_attribute import customer_attribute
from lakehouse.settings.survivorship import AttributeGroup, Survivorship
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_ATTRIBUTE, GOLDEN_ATTRIBUTES
from lakehouse.tables.silver import PERSON_RECORD

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]


def named(
    key: str, given: str, family: str, root: str | None = None, **other: Any
) -> dict[str, Any]:
    """A person record with a name and its match forms."""
    return {
        "record_key": key,
        "given_name": given,
        "family_name": family,
        "full_name": f"{given} {family}",
        "given_name_root": root or given.lower(),
        "family_name_match": family.lower(),
        **other,
    }


SAMS = (
    named("r1", "Samuel", "Smith", source_system="shop"),
    named("r2", "Sammy", "Smith", "samuel", source_system="social"),
    named("r3", "Sam", "Smith", "samuel", source_system="crm"),
    named("r4", "S.", "Smith", "s", source_system="loyalty"),
)


@pytest.fixture
def winners(table: Frames, identity: Frames, survivorship: Survivorship) -> Rows:
    """Attribute → (value, record, rule) of one customer who owns all the given records."""

    def of(*records: dict[str, Any], rules: Survivorship = survivorship) -> Any:
        people = table(PERSON_RECORD, *records)
        owned = identity({"c1": [record["record_key"] for record in records]})
        frame = customer_attribute(people, owned, rules)
        assert tuple(frame.columns) == CUSTOMER_ATTRIBUTE.column_names
        return {row.attribute: (row.value, row.record_key, row.rule) for row in frame.collect()}

    return of


@pytest.fixture
def golden(table: Frames, identity: Frames, survivorship: Survivorship, text: Rows) -> Rows:
    """Rows of gold.customer as text, for records of the given owners."""

    def of(owned: dict[str, list[str]], *records: dict[str, Any]) -> Any:
        people, owners = table(PERSON_RECORD, *records), identity(owned)
        attributes = customer_attribute(people, owners, survivorship)
        frame = customer(attributes, people, owners)
        assert tuple(frame.columns) == CUSTOMER.column_names
        assert dict(frame.dtypes) == {c.name: c.type for c in CUSTOMER.columns}
        return text(frame)

    return of


def test_sam_samuel_and_sammy_smith_are_one_customer_called_samuel_smith(golden: Rows) -> None:
    (sam,) = golden({"c1": ["r1", "r2", "r3", "r4"]}, *SAMS)
    assert sam["display_name"] == "Samuel Smith"
    assert (sam["record_count"], sam["source_count"]) == ("4", "4")


def test_a_misspelling_is_outvoted(winners: Rows) -> None:
    won = winners(
        named("r1", "Ann", "Whitaker", source_system="crm"),
        named("r2", "Ann", "Whittaker", source_system="shop"),
        named("r3", "Ann", "Whittaker", source_system="social"),
    )
    assert won["family_name"] == ("Whittaker", "r2", "most_frequent")


def test_capitals_give_way_to_ordinary_writing_of_the_same_name(winners: Rows) -> None:
    won = winners(
        named("r1", "ANN", "LEE", source_system="crm"), named("r2", "Ann", "Lee", source_system="x")
    )
    assert won["given_name"] == ("Ann", "r2", "only_value")


def test_writing_without_capitals_is_not_taken_for_shouting(winners: Rows) -> None:
    won = winners(
        named("r2", "東", "京", root="dong", source_system="crm"),
        named("r1", "dong", "jing", source_system="x"),
    )
    assert won["given_name"][0] == "東"


def test_an_address_is_never_mixed_from_two_records(winners: Rows) -> None:
    won = winners(
        {"record_key": "old", "sequence_at": "2021-01-01", "street": "1 Elm St", "city": "Leeds",
         "region": "Yorkshire", "postcode": "LS1 1AA", "country": "GB"},
        {"record_key": "new", "sequence_at": "2023-01-01", "street": "9 Oak Ave", "city": "York"},
        {"record_key": "poor", "sequence_at": "2024-01-01", "country": "DE"},
    )  # fmt: skip
    assert won["street"] == ("9 Oak Ave", "new", "most_recent")
    assert won["city"] == ("York", "new", "most_recent")
    assert not {"region", "postcode", "country"} & set(won)


def test_of_conflicting_phones_the_up_to_date_one_is_primary(winners: Rows) -> None:
    won = winners(
        {"record_key": "r1", "sequence_at": "2021-01-01", "phone": "+441632960001"},
        {"record_key": "r2", "sequence_at": "2021-01-01", "phone": "+441632960001"},
        {"record_key": "r3", "sequence_at": "2022-01-01", "phone": "+441632960002"},
    )
    assert won["phone"] == ("+441632960002", "r3", "most_recent")


def test_a_value_that_nobody_contradicts_says_so(winners: Rows) -> None:
    won = winners(
        {"record_key": "r1", "birth_date": "1980-02-29"},
        {"record_key": "r2", "birth_date": "1980-02-29"},
        {"record_key": "r3"},
    )
    assert won["birth_date"] == ("1980-02-29", "r1", "only_value")


def test_the_trusted_source_wins_where_the_rules_before_it_are_even(winners: Rows) -> None:
    won = winners(
        {"record_key": "r1", "source_system": "social", "birth_date": "1980-01-01"},
        {"record_key": "r2", "source_system": "crm", "birth_date": "1980-01-02"},
        {"record_key": "r3", "source_system": "never_heard_of", "birth_date": "1980-01-03"},
    )
    assert won["birth_date"] == ("1980-01-02", "r2", "source_priority")


def test_a_tie_is_decided_the_same_whatever_the_order_of_rows(winners: Rows) -> None:
    records = [
        {"record_key": f"r{i}", "source_system": "crm", "birth_date": f"1980-01-{i:02}"}
        for i in range(1, 9)
    ]
    for seed in range(2):
        random.Random(seed).shuffle(records)  # noqa: S311 - an order, not a secret
        assert winners(*records)["birth_date"] == ("1980-01-01", "r1", "record_key")


def test_a_group_may_trust_its_own_sources(winners: Rows, survivorship: Survivorship) -> None:
    def trusting(group: AttributeGroup) -> AttributeGroup:
        return group.model_copy(update={"source_priority": ("social",)})

    groups = tuple(trusting(g) if g.name == "gender" else g for g in survivorship.groups)
    records = (
        {"record_key": "r1", "source_system": "crm", "gender": "male", "name_suffix": "jr"},
        {"record_key": "r2", "source_system": "social", "gender": "female", "name_suffix": "sr"},
    )
    won = winners(*records, rules=survivorship.model_copy(update={"groups": groups}))
    assert won["gender"] == ("female", "r2", "source_priority")
    assert won["name_suffix"] == ("jr", "r1", "source_priority")


def test_most_complete_prefers_the_fuller_record_and_longest_the_longer_text(winners: Rows) -> None:
    won = winners(
        {"record_key": "r1", "full_name": "Lee Ann"},
        named("r2", "Ann", "Lee"),
        {"record_key": "r3", "middle_name": "J", "middle_name_match": "j"},
        {"record_key": "r4", "middle_name": "Jane", "middle_name_match": "jane"},
    )
    assert won["full_name"] == ("Ann Lee", "r2", "most_complete")
    assert won["middle_name"] == ("Jane", "r4", "longest")


def test_every_golden_attribute_can_survive(winners: Rows) -> None:
    filled = dict.fromkeys(GOLDEN_ATTRIBUTES, "1980-01-01")
    assert set(winners({"record_key": "r1", **filled})) == set(GOLDEN_ATTRIBUTES)


def test_only_the_current_owner_of_a_record_counts(
    table: Frames, identity: Frames, survivorship: Survivorship
) -> None:
    people = table(PERSON_RECORD, {"record_key": "r1", "email": "a@example.com"})
    owners = identity({"now": ["r1"]}, former={"before": ["r1"]})
    assert [r.customer_id for r in customer_attribute(people, owners, survivorship).collect()] == [
        "now"
    ]


def test_a_customer_of_whom_nothing_is_known_has_a_row(golden: Rows) -> None:
    (row,) = golden({"c1": ["r1"]}, {"record_key": "r1", "created_date": "2019-05-01"})
    assert row["display_name"] is None
    assert (row["record_count"], row["first_seen_date"]) == ("1", "2019-05-01")


def test_first_seen_is_the_earliest_date_that_any_record_gives(golden: Rows) -> None:
    (row,) = golden(
        {"c1": ["r1", "r2"]},
        {"record_key": "r1", "sequence_at": "2021-03-04T10:00:00"},
        {"record_key": "r2", "sequence_at": "2023-01-01", "created_date": "2022-01-01"},
    )
    assert row["first_seen_date"] == "2021-03-04"
    assert row["last_changed_at"] == "2023-01-01 00:00:00"


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"given_name": "Ann", "family_name": "Lee", "full_name": "Lee, Ann"}, "Ann Lee"),
        ({"given_name": "Ann", "full_name": "Ann of Green Gables"}, "Ann of Green Gables"),
        ({"given_name": "Ann"}, "Ann"),
        ({"family_name": "Lee"}, "Lee"),
    ],
)
def test_the_display_name_is_the_best_that_there_is(
    golden: Rows, record: dict[str, str], name: str
) -> None:
    (row,) = golden({"c1": ["r1"]}, {"record_key": "r1", **record})
    assert row["display_name"] == name
