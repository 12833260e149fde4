"""What the libraries and tables behind the columns answer for one text."""

import pytest
from nicknames import name_triplets

from lakehouse.columns.countries import country_of
from lakehouse.columns.emails import email_of
from lakehouse.columns.names import root_of
from lakehouse.columns.phone_number import phone_of


@pytest.mark.parametrize("name", ["sam", "sammy", "bill", "will", "bob", "liz", "tony", "jim"])
def test_a_nickname_has_the_root_that_most_people_mean(name: str) -> None:
    meant = {
        "sam": "samuel",
        "sammy": "samuel",
        "bill": "william",
        "will": "william",
        "bob": "robert",
        "liz": "elizabeth",
        "tony": "anthony",
        "jim": "james",
    }
    assert root_of(name) == meant[name]


def test_the_root_of_a_root_is_itself_for_every_nickname_of_the_table() -> None:
    nicknames = {triplet.name2 for triplet in name_triplets()}
    roots = {name: root_of(name) for name in nicknames}
    assert None not in roots.values()
    assert [n for n, root in roots.items() if root and root_of(root) not in (None, root)] == []


def test_the_first_of_several_given_names_decides_their_root() -> None:
    assert root_of("sammy joe") == "samuel"
    assert root_of("zbigniew") is None


@pytest.mark.parametrize(
    "address",
    ["jo.doe@gmail.com", "JoDoe@GoogleMail.com", "jodoe+news@gmail.com", " <j.o.doe@gmail.com>"],
)
def test_addresses_of_one_mailbox_match(address: str) -> None:
    assert email_of(address)["match"] == "jodoe@gmail.com"


@pytest.mark.parametrize(
    ("address", "match"),
    [
        ("jo.doe+x@outlook.com", "jo.doe@outlook.com"),
        ("jo.doe+x@firm.example.com", "jo.doe+x@firm.example.com"),
        ("jürgen@müller.de", "jurgen@xn--mller-kva.de"),
        ("a@me.com", "a@icloud.com"),
    ],
)
def test_only_the_rules_of_the_provider_itself_are_applied(address: str, match: str) -> None:
    assert email_of(address)["match"] == match


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("none@none.com", "junk_email"),
        ("test@firm.com", "junk_email"),
        ("noreply@shop.com", "junk_email"),
        ("jo@test.com", "junk_email"),
        ("n/a", "invalid_email"),
        ("none", "junk_email"),
        ("jo.doe@", "invalid_email"),
        ("jo..doe@firm.com", "invalid_email"),
        ("jo doe@firm.com", "invalid_email"),
        ("jo@firm", "invalid_email"),
        ("j" * 65 + "@firm.com", "invalid_email"),
        (f"jo@{'.'.join(['firm' * 12] * 6)}.com", "invalid_email"),
    ],
)
def test_an_address_that_is_none_says_why(address: str, rule: str) -> None:
    assert email_of(address) == {"address": None, "match": None, "rule": rule}


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("07911 123456", "GB", "+447911123456"),
        ("(0049) 30 901820", "", "+4930901820"),
        ("+44 (0)20 7946 0958", "US", "+442079460958"),
        ("(212) 555-0187 ext. 4", "US", "+12125550187"),
        ("06 12 34 56 79", "FR", "+33612345679"),
    ],
)
def test_a_number_is_read_by_its_countrys_plan(text: str, country: str, number: str) -> None:
    assert phone_of(text, country) == {"number": number, "match": number[1:], "rule": None}


@pytest.mark.parametrize(
    ("text", "country", "rule"),
    [
        ("000000", "GB", "junk_phone"),
        ("1234567", "US", "junk_phone"),
        ("+49 1234567890", "", "junk_phone"),
        ("+49 000000", "DE", "junk_phone"),
        ("9999999999", "US", "junk_phone"),
        ("n/a", "US", "junk_phone"),
        ("020 794", "GB", "invalid_phone"),
        ("+999 123 987 456", "", "invalid_phone"),
    ],
)
def test_a_number_that_is_none_says_why(text: str, country: str, rule: str) -> None:
    assert phone_of(text, country) == {"number": None, "match": None, "rule": rule}


def test_a_number_of_no_known_country_still_matches_by_its_digits() -> None:
    facts = phone_of("04 3358 1130", "")
    assert facts == {"number": None, "match": "433581130", "rule": "phone_without_country"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("de", "DE"),
        ("DEU", "DE"),
        ("Deutschland", "DE"),
        ("Allemagne", "DE"),
        ("UK", "GB"),
        ("The Netherlands", "NL"),
        ("U.S.A.", "US"),
        ("United States of America", "US"),
        ("Österreich", "AT"),
        ("Россия", "RU"),
        ("Atlantis", None),
    ],
)
def test_a_country_is_known_by_its_codes_and_its_names(text: str, code: str | None) -> None:
    assert country_of(text) == code
