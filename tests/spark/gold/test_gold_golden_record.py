"""The golden record: which value survives, from which record, by which rule."""

import random
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame

from lakehouse.gold.customer import customer
from lakehouse.gold.customer_attribute import customer_attribute
from lakehouse.gold.customer_record import customer_record
from lakehouse.settings.survivorship import AttributeGroup, Rule, Survivorship
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_ATTRIBUTE, GOLDEN_ATTRIBUTES
from lakehouse.tables.linkage import CUSTOMER_ALIAS
from lakehouse.tables.ops import ATTRIBUTE_OVERRIDE
from lakehouse.tables.silver import PERSON_RECORD

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]

TODAY = date(2026, 1, 5)


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
def golden_rows(
    table: Frames, identity: Frames, owned_records: Frames, survivorship: Survivorship
) -> Rows:
    """Rows of gold.customer_attribute of one customer who owns all the given records."""

    def of(
        *records: dict[str, Any],
        rules: Survivorship = survivorship,
        as_of: date = TODAY,
        decisions: tuple[dict[str, Any], ...] = (),
    ) -> Any:
        people = table(PERSON_RECORD, *records)
        owners = {"c1": [record["record_key"] for record in records]}
        decided = table(ATTRIBUTE_OVERRIDE, *decisions)
        frame = customer_attribute(
            people, identity(owners), decided, owned_records(owners), rules, as_of
        )
        assert tuple(frame.columns) == CUSTOMER_ATTRIBUTE.column_names
        assert dict(frame.dtypes) == {c.name: c.type for c in CUSTOMER_ATTRIBUTE.columns}
        return frame.collect()

    return of


@pytest.fixture
def winners(golden_rows: Rows) -> Rows:
    """Attribute → (value, record, rule) of such a customer."""

    def of(*records: dict[str, Any], **others: Any) -> Any:
        rows = golden_rows(*records, **others)
        return {
            row.attribute: (row.value, row.record_key, row.rule)
            for row in rows
            if row.value is not None
        }

    return of


@pytest.fixture
def lost(golden_rows: Rows) -> Rows:
    """Attribute → the values that lost, as (value, record, day)."""

    def of(*records: dict[str, Any], **others: Any) -> Any:
        return {
            row.attribute: [
                (v.value, v.record_key, f"{v.sequence_at:%Y-%m-%d}") for v in row.lost_values
            ]
            for row in golden_rows(*records, **others)
        }

    return of


@pytest.fixture
def golden(
    table: Frames, identity: Frames, owned_records: Frames, survivorship: Survivorship, text: Rows
) -> Rows:
    """Rows of gold.customer as text, for records of the given owners."""

    def of(owned: dict[str, list[str]], *records: dict[str, Any]) -> Any:
        people, owners = table(PERSON_RECORD, *records), identity(owned)
        attributes = customer_attribute(
            people, owners, table(ATTRIBUTE_OVERRIDE), owned_records(owned), survivorship, TODAY
        )
        frame = customer(attributes, people, owners, survivorship, TODAY)
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


def test_of_the_records_of_one_address_the_fullest_is_shown_and_it_is_as_fresh_as_the_newest(
    golden_rows: Rows,
) -> None:
    elm = {"street": "1 Elm St", "street_match": "1 elm st", "postcode_match": "ls11aa"}
    oak = {"street": "9 Oak Ave", "street_match": "9 oak ave", "postcode_match": "yo17hh"}
    rows = golden_rows(
        {"record_key": "full", "sequence_at": "2021-01-01", **elm, "country": "GB"},
        {"record_key": "between", "sequence_at": "2023-01-01", **oak, "region": "Yorkshire",
         "country": "DE"},
        {"record_key": "newest", "sequence_at": "2025-01-01", **elm},
    )  # fmt: skip
    assert {row.attribute: (row.value, row.record_key, row.rule) for row in rows} == {
        "street": ("1 Elm St", "full", "most_recent"),
        "country": ("GB", "full", "most_recent"),
        "region": (None, "full", "most_recent"),
    }
    assert {f"{row.sequence_at:%Y}, {row.fresh_until_at:%Y}" for row in rows} == {"2021, 2027"}


def test_of_conflicting_phones_the_up_to_date_one_is_primary(winners: Rows) -> None:
    won = winners(
        {"record_key": "r1", "sequence_at": "2021-01-01", "phone": "+441632960001"},
        {"record_key": "r2", "sequence_at": "2021-01-01", "phone": "+441632960001"},
        {"record_key": "r3", "sequence_at": "2022-01-01", "phone": "+441632960002"},
    )
    assert won["phone"] == ("+441632960002", "r3", "most_recent")


REPEATED: dict[str, Any] = {
    "record_key": "in a snapshot",
    "phone": "+441632960001",
    "changed_at": "2015-03-01",
    "sequence_at": "2026-01-05",
}
CHANGED: dict[str, Any] = {
    "record_key": "in a delta",
    "phone": "+441632960002",
    "changed_at": "2026-01-04",
    "sequence_at": "2026-01-04",
}


def test_what_a_snapshot_only_repeats_is_no_more_recent_than_what_changed_before_it(
    winners: Rows, golden_rows: Rows, golden: Rows
) -> None:
    assert winners(REPEATED, CHANGED)["phone"] == ("+441632960002", "in a delta", "most_recent")
    (row,) = golden_rows(REPEATED, CHANGED)
    assert [f"{lost.sequence_at:%Y-%m-%d}" for lost in row.lost_values] == ["2015-03-01"]
    (alone,) = golden({"c1": ["in a snapshot"]}, REPEATED)
    assert (alone["first_seen_date"], alone["last_changed_at"][:10]) == ("2015-03-01", "2015-03-01")


def test_trust_in_what_a_snapshot_repeats_decays_since_it_was_first_told_so(golden: Rows) -> None:
    (repeated,) = golden({"c1": ["in a snapshot"]}, REPEATED)
    (fresh,) = golden({"c1": ["in a snapshot"]}, {**REPEATED, "changed_at": "2026-01-05"})
    # Ten years are five half-lives.
    assert (fresh["trust_score"], repeated["trust_score"]) == ("0.500", "0.016")


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
    filled = dict.fromkeys(GOLDEN_ATTRIBUTES, "1980-01-01") | {"stated_hour": 7}
    assert set(winners({"record_key": "r1", **filled})) == set(GOLDEN_ATTRIBUTES)


def test_only_the_current_owner_of_a_record_counts(
    table: Frames, identity: Frames, owned_records: Frames, survivorship: Survivorship
) -> None:
    people = table(PERSON_RECORD, {"record_key": "r1", "email": "a@example.com"})
    owners = identity({"now": ["r1"]}, former={"before": ["r1"]})
    decisions, owned = table(ATTRIBUTE_OVERRIDE), owned_records({"now": ["r1"]})
    golden = customer_attribute(people, owners, decisions, owned, survivorship, TODAY)
    assert [row.customer_id for row in golden.collect()] == ["now"]


def test_a_customer_of_whom_nothing_is_known_has_a_row(golden: Rows) -> None:
    (row,) = golden({"c1": ["r1"]}, {"record_key": "r1", "created_date": "2019-05-01"})
    assert row["display_name"] is None
    assert (row["record_count"], row["first_seen_date"]) == ("1", "2019-05-01")


def test_each_preference_is_that_of_its_newest_statement(golden: Rows) -> None:
    old = {"source_system": "crm", "sequence_at": "2021-01-01"}
    new = {"source_system": "newsletter", "sequence_at": "2023-01-01"}
    (row,) = golden(
        {"c1": ["r1", "r2"]},
        {"record_key": "r1", **old, "stated_channel": "post", "stated_hour": 9},
        {"record_key": "r2", **new, "stated_channel": "email", "stated_brand": "Alba"},
    )
    assert (row["stated_channel"], row["stated_brand"], row["stated_hour"]) == (
        "email",
        "Alba",
        "9",
    )
    assert row["stated_category"] is None


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


def national(key: str, system: str, number: str, **other: Any) -> dict[str, Any]:
    """A person record with a national id."""
    return {"record_key": key, "source_system": system, "national_id": number, **other}


def test_what_a_system_has_verified_wins_over_what_more_records_say(winners: Rows) -> None:
    won = winners(
        national("r1", "shop", "A1"), national("r2", "pos", "A1"), national("r3", "crm", "B2")
    )
    assert won["national_id"] == ("B2", "r3", "verified_first")


def test_trust_starts_where_conf_says_and_age_alone_can_change_who_is_trusted(
    winners: Rows,
) -> None:
    # Of a social profile trust halves each year, from 0.4; of a till each two years, from 0.8.
    new = national("new", "social", "A1", sequence_at="2024-01-01")
    old = national("old", "pos", "B2", sequence_at="2021-09-01")
    assert winners(new, old, as_of=date(2024, 1, 2))["national_id"] == ("A1", "new", "trust")
    assert winners(new, old, as_of=date(2026, 1, 5))["national_id"] == ("B2", "old", "trust")


def test_a_value_beside_one_that_a_rule_took_away_is_trusted_less(
    winners: Rows, survivorship: Survivorship
) -> None:
    def trusting(group: AttributeGroup) -> AttributeGroup:
        return group.model_copy(update={"rules": (Rule.TRUST,)})

    groups = tuple(trusting(g) if g.name == "address" else g for g in survivorship.groups)
    rules = survivorship.model_copy(update={"groups": groups})
    reformed = {
        "record_key": "r1",
        "city": "Leeds",
        "corrections": [("postcode", "postal_form", "ls1")],
    }
    broken = {"record_key": "r0", "city": "York", "corrections": [("street", "placeholder", "x")]}
    assert winners(reformed, broken, rules=rules)["city"] == ("Leeds", "r1", "trust")
    broken_elsewhere = broken | {"corrections": [("email", "junk_email", "x")]}
    assert winners(reformed, broken_elsewhere, rules=rules)["city"] == ("York", "r0", "record_key")


def test_what_lost_is_kept_best_first_and_once(lost: Rows) -> None:
    told = lost(
        {"record_key": "r1", "sequence_at": "2024-01-01", "street": "9 Oak Ave", "city": "York"},
        {"record_key": "r2", "sequence_at": "2022-01-01", "street": "1 Elm St", "city": "York"},
        {"record_key": "r3", "sequence_at": "2023-01-01", "street": "2 Elm St", "city": "Leeds"},
        {"record_key": "r4", "sequence_at": "2021-01-01", "street": "1 Elm St", "city": "Leeds",
         "region": "Kent"},
    )  # fmt: skip
    assert told == {
        "street": [("2 Elm St", "r3", "2023-01-01"), ("1 Elm St", "r2", "2022-01-01")],
        "city": [("Leeds", "r3", "2023-01-01")],
        "region": [("Kent", "r4", "2021-01-01")],
    }


def test_what_the_winner_leaves_empty_has_no_value_and_what_others_say_of_it_is_not_lost(
    golden_rows: Rows, golden: Rows
) -> None:
    crm = {
        "record_key": "crm",
        "source_system": "crm",
        "street": "9 Oak Ave",
        "postcode": "YO1 7HH",
    }
    social = {"record_key": "social", "source_system": "social", "city": "Leeds"}
    rows = {row.attribute: row for row in golden_rows(crm, social)}
    assert set(rows) == {"street", "postcode", "city"}
    city = rows["city"]
    assert (city.value, city.record_key, city.rule) == (None, "crm", "leading_filled")
    assert [(v.value, v.record_key) for v in city.lost_values] == [("Leeds", "social")]
    (one,) = golden({"c1": ["crm", "social"]}, crm, social)
    assert (one["street"], one["city"]) == ("9 Oak Ave", None)
    # Two of nine attributes: an empty one makes nobody more complete.
    assert (one["completeness_score"], one["trust_score"]) == ("0.222", "0.450")


def test_a_value_is_as_fresh_as_it_is_new_however_often_a_feed_repeats_it(
    golden_rows: Rows,
) -> None:
    address = {"street": "9 Oak Ave", "city": "York"}
    rows = golden_rows(
        {**REPEATED, "email": "a@example.org", **address, "given_name": "Ann"},
        decisions=(decided("in a snapshot", "email", "2026-01-02", email="b@example.org"),),
    )
    fresh = {row.attribute: str(row.fresh_until_at)[:10] for row in rows}
    # Since 2015 for a phone's year and an address's two; a steward's word is as old as it is.
    assert fresh["phone"] == "2016-02-29"
    assert fresh["street"] == fresh["city"] == "2017-02-28"
    assert fresh["email"] == "2027-01-02"
    assert fresh["given_name"] == "None"


def test_who_says_the_same_in_other_words_has_not_lost(lost: Rows) -> None:
    assert lost(*SAMS[1:3])["given_name"] == []


def decided(key: str, group: str, at: str, decision: str = "set", **values: str) -> dict[str, Any]:
    """A decision of a steward."""
    return {
        "record_key": key,
        "attribute_group": group,
        "decision": decision,
        "values": values or None,
        "decided_at": at,
    }


def test_a_steward_wins_over_every_rule_until_the_decision_is_withdrawn(
    winners: Rows, lost: Rows
) -> None:
    records = (
        {"record_key": "r1", "source_system": "crm", "email": "ann@example.org"},
        {"record_key": "r2", "source_system": "shop", "email": "lee@example.org"},
    )
    said = decided("r2", "email", "2025-01-01", email="right@example.org")
    withdrawn = decided("r2", "email", "2025-02-01", "withdrawn")
    assert winners(*records, decisions=(said,))["email"] == ("right@example.org", "r2", "steward")
    assert [v for v, *_ in lost(*records, decisions=(said,))["email"]] == [
        "ann@example.org",
        "lee@example.org",
    ]
    assert winners(*records, decisions=(withdrawn, said))["email"][0] == "ann@example.org"


def test_a_correction_outlives_later_loads_and_the_record_that_it_was_made_by(
    table: Frames, identity: Frames, survivorship: Survivorship
) -> None:
    def told(key: str, day: str, email: str, system: str) -> dict[str, Any]:
        return {"record_key": key, "sequence_at": day, "email": email, "source_system": system}

    corrected = table(
        ATTRIBUTE_OVERRIDE,
        decided("b", "email", "2025-01-01", email="right@example.org"),
        # Of a customer who is one with the first since.
        decided("d", "birth_date", "2025-01-01", birth_date="1980-01-01"),
        # Of a customer who is two people since: nobody knows whose record it was.
        decided("g", "email", "2025-01-01", email="whose@example.org"),
    )
    merged = table(
        CUSTOMER_ALIAS,
        {"customer_id": "c2", "current_customer_id": "c1"},
        {"customer_id": "c4", "current_customer_id": "c5"},
        {"customer_id": "c4", "current_customer_id": "c6"},
    )

    def golden(owners: DataFrame, *records: dict[str, Any]) -> set[Any]:
        of_records = customer_record(owners, merged)
        people = table(PERSON_RECORD, *records)
        frame = customer_attribute(people, owners, corrected, of_records, survivorship, TODAY)
        rows = frame.where("attribute in ('email', 'birth_date')").collect()
        return {(row.customer_id, row.value, row.record_key, row.rule) for row in rows}

    # The shop sends the old address again after the decision, and then its account is closed.
    both = (
        told("a", "2024-01-01", "old@example.org", "crm"),
        told("b", "2025-06-01", "old@example.org", "shop"),
    )
    assert golden(identity({"c1": ["a", "b"]}), *both) == {
        ("c1", "right@example.org", "b", "steward")
    }
    owners = identity(
        {"c1": ["a"], "c5": ["e"], "c6": ["f"]}, former={"c1": ["b"], "c2": ["d"], "c4": ["g"]}
    )
    others = (
        told("e", "2025-06-02", "e@example.org", "crm"),
        told("f", "2025-06-02", "f@example.org", "crm"),
    )
    assert golden(owners, told("a", "2025-06-02", "old@example.org", "crm"), *others) == {
        ("c1", "right@example.org", "b", "steward"),
        ("c1", "1980-01-01", "d", "steward"),
        ("c5", "e@example.org", "e", "only_value"),
        ("c6", "f@example.org", "f", "only_value"),
    }


def test_of_two_stewards_of_customers_who_are_one_now_the_later_is_followed(winners: Rows) -> None:
    won = winners(
        {"record_key": "r1"},
        {"record_key": "r2"},
        decisions=(
            decided("r1", "address", "2025-03-01", street="9 Oak Ave", city="York"),
            decided("r2", "address", "2025-02-01", street="1 Elm St", region="Kent"),
            decided("another's", "address", "2025-04-01", street="3 Fir St"),
            decided("r1", "shoes", "2025-04-01", size="9"),
            decided("r1", "gender", "2025-04-01", street="3 Fir St"),
        ),
    )
    assert won == {
        "street": ("9 Oak Ave", "r1", "steward"),
        "city": ("York", "r1", "steward"),
    }


def test_scores_say_how_much_is_known_and_how_far_it_is_trusted(golden: Rows) -> None:
    at = {"sequence_at": "2026-01-01"}
    new, bare, old = golden(
        {"c1": ["r1"], "c2": ["r2"], "c3": ["r3"]},
        named("r1", "Ann", "Lee", source_system="crm", email="a@example.org", **at),
        {"record_key": "r2", "gender": "female", **at},
        # Less than a hundred days beyond two half-lives of a till's word.
        {"record_key": "r3", "source_system": "pos", "city": "Leeds", "sequence_at": "2021-10-10"},
    )
    assert (new["completeness_score"], new["trust_score"]) == ("0.333", "0.900")
    assert (bare["completeness_score"], bare["trust_score"]) == ("0.000", None)
    assert (old["completeness_score"], old["trust_score"]) == ("0.111", "0.200")
