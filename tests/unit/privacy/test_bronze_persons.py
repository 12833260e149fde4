"""Whom a row as it came names: the same keys as silver makes, by columns, JSON and arrays."""

import json
from typing import Any

import pytest

from lakehouse.columns.plain_keys import record_key_of
from lakehouse.privacy.bronze_persons import BronzePersons, may_name, names_persons
from lakehouse.settings.load import load_settings

SOURCES = {source.name: source for source in load_settings("test").sources}
PERSONS = BronzePersons(SOURCES, "a secret of many words")


def key(feed: str, *ids: str) -> str | None:
    source = SOURCES[feed]
    return record_key_of(PERSONS.secret, source.source_system, source.entity, *ids)


def named(feed: str, **row: Any) -> set[str]:
    return PERSONS.named(SOURCES[feed], row)


def test_a_row_about_a_person_names_its_own_record_however_it_is_padded() -> None:
    assert named("crm_contact", contact_id=" 17 ") == {key("crm_contact", "17")}
    assert named("crm_contact", contact_id="Ann@X.org") == {key("crm_contact", "ann@x.org")}


def test_a_row_refers_to_a_record_of_the_system_that_it_says() -> None:
    row = {"consent_event_id": "c1", "subject_id": "5"}

    assert named("consent_event", subject_system="shop", **row) == {key("shop_account", "5")}
    assert named("consent_event", subject_system="loyalty", **row) == {
        key("pos_loyalty_member", "5")
    }
    assert named("consent_event", subject_system="nobody", **row) == set()


def test_an_id_within_json_is_read_as_it_is_written() -> None:
    row = {"ticket_id": "1", "messages": "[]"}

    for written, read in (('{"requester_id": 007.10}', None), ('{"requester_id": 7.10}', "7.10")):
        found = named("support_ticket", requester=written, **row)
        assert found == ({key("support_ticket", read)} if read else set())
    assert named("support_ticket", requester=json.dumps({"requester_id": "R-7"}), **row) == {
        key("support_ticket", "R-7")
    }


@pytest.mark.parametrize("broken", ["", "null", "[", '"text"', "[1]", "[" * 100_000, None])
def test_what_cannot_be_read_names_nobody(broken: str | None) -> None:
    assert named("support_ticket", ticket_id="1", requester=broken, messages=broken) == set()


def told(feed: str, **row: Any) -> set[str]:
    return PERSONS.told(SOURCES[feed], row)


def test_a_row_tells_the_records_that_silver_makes_of_it() -> None:
    assert told("web_event", event_id=" E1 ") == {key("web_event", "E1")}
    assert told("pos_receipt_line", receipt_id="R1", line_no="2") == {
        key("pos_receipt_line", "R1", "2")
    }
    ticket = {"ticket_id": "T1", "requester": '{"requester_id": "R-7"}'}
    assert told("support_ticket", **ticket, messages='[{"number": 1}, {"number": 2}]') == {
        key("support_ticket", *ids) for ids in (["T1"], ["R-7"], ["T1", "1"], ["T1", "2"])
    }


def test_a_row_whose_array_cannot_be_read_tells_one_record_by_what_it_is_part_of() -> None:
    assert told("web_recommendation", event_id="E1", items="[") == {
        key("web_recommendation", "E1", "E1")
    }
    assert told("web_recommendation", event_id=" ", items="[]") == set()


def test_who_orders_as_a_guest_is_nobody() -> None:
    assert named("shop_order", order_id="1", account_id=None, lines="[]") == set()


def test_the_condition_lets_through_rows_by_their_own_id_and_by_those_that_they_refer_to() -> None:
    ids = {"shop_account": ["A-1"], "crm_contact": []}

    assert may_name(SOURCES["shop_order"], ids, SOURCES) == "lower(trim(\"account_id\")) IN ('a-1')"
    assert may_name(SOURCES["crm_contact"], ids, SOURCES) == "false"
    tickets = may_name(SOURCES["support_ticket"], {"support_ticket": ["R1"]}, SOURCES)
    assert tickets == "(strpos(lower(\"requester\"), 'r1') > 0)"


def test_an_id_that_json_may_escape_or_sql_may_mistake_lets_every_row_through() -> None:
    for hostile in ("O'Neil", "x') OR true --", "zoë"):
        assert may_name(SOURCES["shop_account"], {"shop_account": [hostile]}, SOURCES) == "true"


def test_sources_about_things_name_nobody() -> None:
    things = {"catalogue_product", "demographics_postcode", "media_spend", "weather_store"}

    assert {s.name for s in SOURCES.values() if not names_persons(s)} == things
