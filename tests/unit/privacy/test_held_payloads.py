"""A held row is a person's by what it says in whole words, or by whom it names where it can be read."""

import json
from typing import Any

import pytest

from lakehouse.columns.plain_keys import record_key_of
from lakehouse.pipeline.privacy_quarantine import held_of
from lakehouse.privacy.bronze_persons import BronzePersons
from lakehouse.privacy.own_rows import Own
from lakehouse.settings.load import load_settings

SETTINGS = load_settings("test")
SOURCES = {source.name: source for source in SETTINGS.sources}
PERSONS = BronzePersons(SOURCES, SETTINGS.lake.secret.get_secret_value())
ANNA: dict[str, Any] = {
    "source_feed": "crm_contact",
    "source_record_id": "C9001",
    "given_name": "Anna",
    "email": "ann@x.com",
    "secondary_email": None,
    "phone": "+49301002377",
    "national_id": None,
    "loyalty_number": "10023",
    "social_handle": "@annaw",
}


def key(contact: str) -> str:
    source = SOURCES["crm_contact"]
    found = record_key_of(PERSONS.secret, source.source_system, source.entity, contact)
    assert found
    return found


def is_hers(payload: str, **more: Any) -> bool:
    row = {"table_name": "bronze.crm_contact", "source_feed": "crm_contact", "record_key": None}
    own = Own(frozenset({key("C9001")}), frozenset(), frozenset())
    found = held_of([{**row, "payload": payload.encode()}], own, [ANNA | more], PERSONS)
    return bool(found)


@pytest.mark.parametrize(
    "line",
    [
        "1;Anna;Weber;ANN@X.COM;too;many",
        "1;Anna;Weber;(mailto:ann@x.com).;too;many",
        "1;Anna;Weber;+49 30 1002377;too;many",
        "1;Anna;Weber;0049 (30) 100-2377;too;many",
        "1;anna;weber;10023;too;many",
        '1;"Anna";Weber;"@annaw"',
        "C9001;Otto;Weber;ann@x.com;too;many",
        "C9001;Anna",
    ],
)
def test_a_line_that_says_her_name_and_an_identifier_or_her_number_and_either_is_hers(
    line: str,
) -> None:
    assert is_hers(line)


@pytest.mark.parametrize(
    "line",
    [
        "7;Anna;Weber;joann@x.com;too;many",
        "7;Anna;Weber;ann@x.com.au;too;many",
        "7;Anna;Weber;ann@x.community;too;many",
        "7;Anna;Weber;+49 30 10023778;too;many",
        "7;Anna;Weber;110023;too;many",
        "7;Anna;Weber;@annawalker",
        "C90011;Anna;Weber",
        "7;Otto;Weber;ann@x.com;too;many",
    ],
)
def test_a_line_of_somebody_else_in_which_hers_is_a_part_of_a_longer_word_is_not(
    line: str,
) -> None:
    assert not is_hers(line)


def test_a_number_of_few_characters_may_be_anything() -> None:
    one = {"source_record_id": "1", "email": None, "loyalty_number": "1002", "social_handle": None}

    assert not is_hers("7;Anna;Jones;1;1002", **one)
    assert is_hers("7;Anna;Jones;1;+49 30 1002377", **one)


def as_row(**told: Any) -> str:
    return json.dumps({"content_hash": "c", **told})


def test_a_record_that_a_rule_held_is_hers_by_the_keys_in_it_and_not_by_what_it_says() -> None:
    assert is_hers(as_row(contact_id="C9001", first_name="Otto"))
    assert not is_hers(as_row(contact_id="C7", first_name="Anna", email="ann@x.com"))
    assert is_hers(as_row(contact_id=" ", first_name="Anna", email="ann@x.com"))
