"""Identifiers and contact points: everything by which, and under which, a customer is known."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame

from lakehouse.gold.customer_attribute import customer_attribute
from lakehouse.gold.customer_contact_point import customer_contact_point
from lakehouse.gold.customer_identifier import customer_identifier
from lakehouse.gold.customer_record import customer_record
from lakehouse.settings.survivorship import Survivorship
from lakehouse.tables.gold import CUSTOMER_CONTACT_POINT, CUSTOMER_IDENTIFIER, CUSTOMER_RECORD
from lakehouse.tables.linkage import CUSTOMER_ALIAS
from lakehouse.tables.ops import ATTRIBUTE_OVERRIDE
from lakehouse.tables.silver import DEVICE, LOYALTY, PERSON_RECORD

Frames = Callable[..., DataFrame]
Rows = Callable[..., Any]


@pytest.fixture
def contacts(released: Frames, text: Rows) -> Rows:
    """Rows of gold.customer_contact_point as text, of a first release."""

    def of(owned: dict[str, list[str]], *records: dict[str, Any]) -> Any:
        return text(released(owned, *records))

    return of


@pytest.fixture
def released(
    table: Frames, identity: Frames, owned_records: Frames, survivorship: Survivorship
) -> Frames:
    """gold.customer_contact_point of a release after `previous`, which is empty before the first."""

    def of(
        owned: dict[str, list[str]],
        *records: dict[str, Any],
        previous: DataFrame | None = None,
        decisions: Sequence[dict[str, Any]] = (),
    ) -> DataFrame:
        people, owners = table(PERSON_RECORD, *records), identity(owned)
        decided = table(ATTRIBUTE_OVERRIDE, *decisions)
        attributes = customer_attribute(
            people, owners, decided, owned_records(owned), survivorship, date(2026, 1, 5)
        )
        before = table(CUSTOMER_CONTACT_POINT) if previous is None else previous
        frame = customer_contact_point(attributes, people, owners, before)
        assert dict(frame.dtypes) == {c.name: c.type for c in CUSTOMER_CONTACT_POINT.columns}
        return frame

    return of


def test_of_two_conflicting_phones_both_stay_and_the_newer_is_primary(contacts: Rows) -> None:
    rows = contacts(
        {"c1": ["r1", "r2"]},
        {"record_key": "r1", "phone": "+441632960001", "sequence_at": "2021-01-01"},
        {"record_key": "r2", "phone": "+441632960002", "sequence_at": "2023-01-01"},
    )
    assert [(r["contact_value"], r["is_primary"], r["last_seen_at"]) for r in rows] == [
        ("+441632960001", "false", "2021-01-01 00:00:00"),
        ("+441632960002", "true", "2023-01-01 00:00:00"),
    ]


def test_a_number_whose_country_nobody_knows_is_not_thrown_away(contacts: Rows) -> None:
    numbers = {"phone_match": "1632960001", "secondary_phone_match": "1632960002"}
    rows = contacts({"c1": ["r1"]}, {"record_key": "r1", **numbers})
    assert [(row["contact_type"], row["contact_value"]) for row in rows] == [
        ("phone", "1632960001"),
        ("phone", "1632960002"),
    ]


def test_what_a_steward_decided_is_primary_and_goes_when_it_is_withdrawn(
    released: Frames, text: Rows
) -> None:
    def decided(group: str, **values: str) -> dict[str, Any]:
        return {"record_key": "r1", "attribute_group": group, "values": values,
                "decision": "set", "decided_at": "2025-01-01"}  # fmt: skip

    owned = {"c1": ["r1"]}
    record = {"record_key": "r1", "email": "a@example.com", "phone": "+44",
              "street": "9 Oak Avenue", "street_match": "9 oak ave", "city_match": "york"}  # fmt: skip
    said = [
        decided("email", email="b@example.com"),
        decided("phone", phone="+44"),
        decided("address", street="9 Oak Ave", city="York"),
    ]
    stewarded = released(owned, record, decisions=said)
    after = released(owned, record, previous=stewarded)
    columns = ("contact_value", "is_primary", "sources", "record_keys")
    assert [tuple(row.values()) for row in text(stewarded, *columns)] == [
        ("+44", "true", "[steward, x]", "[r1]"),
        # As it compares, the steward's address is the record's.
        ("9 oak ave, york", "true", "[steward, x]", "[r1]"),
        ("a@example.com", "false", "[x]", "[r1]"),
        ("b@example.com", "true", "[steward]", "[]"),
    ]
    assert [tuple(row.values()) for row in text(after, *columns)] == [
        ("+44", "true", "[x]", "[r1]"),
        ("9 oak ave, york", "true", "[x]", "[r1]"),
        ("a@example.com", "true", "[x]", "[r1]"),
    ]


def test_one_value_has_one_row_with_all_its_sources_and_dates(contacts: Rows) -> None:
    (row,) = contacts(
        {"c1": ["r1", "r2", "r3"]},
        {"record_key": "r1", "source_system": "shop", "email": "a@example.com",
         "created_date": "2019-01-01", "sequence_at": "2021-01-01"},
        {"record_key": "r2", "source_system": "crm", "secondary_email": "a@example.com",
         "sequence_at": "2022-01-01"},
        {"record_key": "r3", "source_system": "crm", "email": "a@example.com",
         "sequence_at": "2020-01-01"},
    )  # fmt: skip
    assert row["sources"] == "[crm, shop]"
    assert row["record_keys"] == "[r1, r2, r3]"
    assert (row["first_seen_at"], row["last_seen_at"]) == (
        "2019-01-01 00:00:00",
        "2022-01-01 00:00:00",
    )
    assert row["is_primary"] == "true"


def test_a_second_email_or_phone_is_kept_and_not_primary(contacts: Rows) -> None:
    rows = contacts(
        {"c1": ["r1"]},
        {"record_key": "r1", "email": "a@example.com", "secondary_email": "b@example.com",
         "phone": "+441632960001", "secondary_phone": "+441632960002"},
    )  # fmt: skip
    assert {(r["contact_value"], r["is_primary"]) for r in rows} == {
        ("a@example.com", "true"),
        ("b@example.com", "false"),
        ("+441632960001", "true"),
        ("+441632960002", "false"),
    }


def test_a_moved_house_leaves_the_old_address_and_two_writings_of_one_are_one(
    contacts: Rows,
) -> None:
    elm = {
        "street_match": "1 elm st",
        "city_match": "leeds",
        "postcode": "LS1 1AA",
        "postcode_match": "ls11aa",
    }
    rows = contacts(
        {"c1": ["r1", "r2", "r3"]},
        {"record_key": "r1", "street": "1 Elm Street", "city": "Leeds", "country": "GB", **elm,
         "sequence_at": "2020-01-01"},
        {"record_key": "r2", "street": "1 Elm St.", "city": "LEEDS", **elm,
         "sequence_at": "2021-01-01"},
        {"record_key": "r3", "street": "9 Oak Ave", "street_match": "9 oak ave",
         "sequence_at": "2023-01-01"},
    )  # fmt: skip
    assert [(r["contact_value"], r["written_value"], r["is_primary"]) for r in rows] == [
        ("1 elm st, leeds, ls11aa", "1 Elm St., LEEDS, LS1 1AA", "false"),
        ("9 oak ave", "9 Oak Ave", "true"),
    ]


def test_a_town_alone_is_no_address_and_a_street_without_match_form_is_one(contacts: Rows) -> None:
    rows = contacts(
        {"c1": ["r1"], "c2": ["r2"]},
        {"record_key": "r1", "city": "Leeds", "city_match": "leeds"},
        {"record_key": "r2", "street": "Улица 1", "city": "Leeds"},
    )
    assert [(r["customer_id"], r["contact_value"]) for r in rows] == [("c2", "улица 1, leeds")]


def test_two_customers_who_share_an_email_each_have_it(contacts: Rows) -> None:
    rows = contacts(
        {"c1": ["r1"], "c2": ["r2"]},
        {"record_key": "r1", "email": "family@example.com"},
        {"record_key": "r2", "email": "family@example.com"},
    )
    assert [(r["customer_id"], r["is_primary"]) for r in rows] == [("c1", "true"), ("c2", "true")]


OLD_PHONE, NEW_PHONE = "+441632960001", "+441632960002"
BEFORE = {"record_key": "r1", "source_system": "crm", "phone": OLD_PHONE,
          "created_date": "2019-01-01", "sequence_at": "2021-01-01"}  # fmt: skip
AFTER = {**BEFORE, "phone": NEW_PHONE, "sequence_at": "2023-01-01"}
CARD = {"record_key": "r2", "source_system": "pos", "phone": OLD_PHONE, "sequence_at": "2022-01-01"}


def test_a_phone_that_a_record_no_longer_gives_stays_with_the_date_it_was_last_seen(
    released: Frames, text: Rows
) -> None:
    first = released({"c1": ["r1"]}, BEFORE)
    second = released({"c1": ["r1"]}, AFTER, previous=first)

    shown = ("contact_value", "is_primary", "sources", "first_seen_at", "last_seen_at")
    assert [tuple(row.values()) for row in text(second, *shown)] == [
        (OLD_PHONE, "false", "[crm]", "2019-01-01 00:00:00", "2021-01-01 00:00:00"),
        (NEW_PHONE, "true", "[crm]", "2019-01-01 00:00:00", "2023-01-01 00:00:00"),
    ]
    assert text(released({"c1": ["r1"]}, AFTER, previous=second)) == text(second)


@pytest.mark.slow
def test_what_retention_deletes_no_later_run_makes_again_and_what_is_told_it_spares(
    released: Frames, text: Rows
) -> None:
    long_ago = {"record_key": "r2", "phone": "+441632960009", "sequence_at": "2001-01-01"}
    owned = {"c1": ["r1", "r2"]}
    second = released(owned, AFTER, long_ago, previous=released(owned, BEFORE, long_ago))

    expired = second.where("outdated_at < '2100-01-01'")
    spared = second.where("outdated_at is null")
    after = released(owned, AFTER, long_ago, previous=spared)

    assert [row["contact_value"] for row in text(expired, "contact_value")] == [OLD_PHONE]
    assert [row["outdated_at"] for row in text(expired, "outdated_at")] == ["2021-01-01 00:00:00"]
    assert text(after) == text(spared)
    assert {r["contact_value"] for r in text(after)} == {NEW_PHONE, "+441632960009"}


def test_a_phone_that_comes_back_is_one_row_and_primary_again(released: Frames, text: Rows) -> None:
    again = {**BEFORE, "sequence_at": "2024-01-01"}
    second = released({"c1": ["r1"]}, AFTER, previous=released({"c1": ["r1"]}, BEFORE))
    third = released({"c1": ["r1"]}, again, previous=second)

    shown = ("contact_value", "is_primary", "first_seen_at", "last_seen_at")
    assert [tuple(row.values()) for row in text(third, *shown)] == [
        (OLD_PHONE, "true", "2019-01-01 00:00:00", "2024-01-01 00:00:00"),
        (NEW_PHONE, "false", "2019-01-01 00:00:00", "2023-01-01 00:00:00"),
    ]


def test_what_a_record_gave_goes_where_the_record_goes(released: Frames, text: Rows) -> None:
    first = released({"c1": ["r1", "r2"]}, BEFORE, CARD)
    parted = released({"c1": ["r1"], "c2": ["r2"]}, AFTER, CARD, previous=first)

    shown = ("customer_id", "contact_value", "sources", "record_keys")
    assert [tuple(row.values()) for row in text(parted, *shown)] == [
        ("c1", OLD_PHONE, "[crm]", "[r1]"),
        ("c1", NEW_PHONE, "[crm]", "[r1]"),
        ("c2", OLD_PHONE, "[pos]", "[r2]"),
    ]


def test_with_a_record_that_is_deleted_at_its_source_what_it_alone_gave_is_gone(
    released: Frames, text: Rows
) -> None:
    mail = {**CARD, "phone": None, "email": "card@example.com"}
    first = released({"c1": ["r1", "r2"]}, BEFORE, mail)
    second = released({"c1": ["r1"]}, AFTER, previous=first)

    assert [row["contact_value"] for row in text(second, "contact_value")] == [OLD_PHONE, NEW_PHONE]


def test_an_address_is_written_as_the_newest_record_writes_it_today(
    released: Frames, text: Rows
) -> None:
    house = {"record_key": "r1", "street": "1 Elm Street", "street_match": "1 elm st"}
    first = released({"c1": ["r1"]}, {**house, "street": "1 elm st."})
    second = released({"c1": ["r1"]}, house, previous=first)

    assert [row["written_value"] for row in text(second, "written_value")] == ["1 Elm Street"]


@pytest.fixture
def identifiers(table: Frames, identity: Frames) -> Rows:
    """(customer, type, value, record) of gold.customer_identifier."""

    def of(
        owned: dict[str, list[str]],
        people: Sequence[dict[str, Any]] = (),
        cards: Sequence[dict[str, Any]] = (),
        devices: Sequence[dict[str, Any]] = (),
    ) -> Any:
        frame = customer_identifier(
            table(PERSON_RECORD, *people),
            table(LOYALTY, *cards),
            table(DEVICE, *devices),
            identity(owned),
        )
        assert dict(frame.dtypes) == {c.name: c.type for c in CUSTOMER_IDENTIFIER.columns}
        return {
            (r.customer_id, r.identifier_type, r.identifier_value, r.record_key)
            for r in frame.collect()
        }

    return of


def test_every_identifier_of_a_person_record_has_a_row(identifiers: Rows) -> None:
    person = {
        "record_key": "r1",
        "source_record_id": "42",
        "email": "a@example.com",
        "secondary_email": "a@example.com",
        "phone": "+441632960001",
        "secondary_phone": "+441632960002",
        "national_id": "AB1",
        "loyalty_number": "L1",
        "social_handle": "ann",
        "device_id": "d1",
    }
    assert identifiers({"c1": ["r1"]}, people=[person]) == {
        ("c1", "source_record", "42", "r1"),
        ("c1", "email", "a@example.com", "r1"),
        ("c1", "phone", "+441632960001", "r1"),
        ("c1", "phone", "+441632960002", "r1"),
        ("c1", "national_id", "AB1", "r1"),
        ("c1", "loyalty_number", "L1", "r1"),
        ("c1", "social_handle", "ann", "r1"),
        ("c1", "device", "d1", "r1"),
    }


def test_cards_devices_and_cookies_belong_to_the_customer_who_used_them(identifiers: Rows) -> None:
    found = identifiers(
        {"c1": ["r1"]},
        cards=[{"record_key": "k1", "person_record_key": "r1", "loyalty_number": "L1"}],
        devices=[
            {"record_key": "k2", "person_record_key": "r1", "device_id": "d1", "cookie_id": "q1"},
            {"record_key": "k3", "device_id": "d2", "cookie_id": "q2"},
        ],
    )
    assert found == {
        ("c1", "loyalty_number", "L1", "k1"),
        ("c1", "device", "d1", "k2"),
        ("c1", "cookie", "q1", "k2"),
    }


def test_a_record_that_is_gone_stays_with_the_customer_who_lives_on(
    table: Frames, identity: Frames, text: Rows
) -> None:
    # c2 was merged into c1, of c3 nobody is left.
    owners = identity({"c1": ["r1"]}, {"c1": ["r2"], "c2": ["r4"], "c3": ["r5"]})
    merged = table(CUSTOMER_ALIAS, {"customer_id": "c2", "current_customer_id": "c1"})

    frame = customer_record(owners, merged)

    assert dict(frame.dtypes) == {c.name: c.type for c in CUSTOMER_RECORD.columns}
    assert [tuple(row.values()) for row in text(frame)] == [
        ("c1", "r1", "true"),
        ("c1", "r2", "false"),
        ("c1", "r4", "false"),
    ]
