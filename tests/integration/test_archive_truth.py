"""Fifty people of the demo company, those who share an address first: their archives, by the truth."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakehouse.pipeline.privacy_archive import archive_document
from lakehouse.pipeline.privacy_subject import find_subject
from lakehouse.privacy.archive_files import archive_files
from lakehouse.privacy.request_log import PrivacyRequest, Scope
from lakehouse.privacy.subject import Given, Identifier, Subject, identifier
from lakehouse.settings.models import Settings
from lakehouse.settings.regimes import Right
from lakehouse.storage.released_tables import released_tables
from tests.support.archive_truth import (
    Truth,
    missing_bronze_rows,
    missing_rows,
    read_truth,
    strangers,
)
from tests.support.lake import SmallLake

pytestmark = pytest.mark.slow

PEOPLE = 50


@pytest.fixture(scope="module")
def company(demo_company: SmallLake) -> tuple[Settings, Truth]:
    """The demo company's lake, and what is true of it."""
    home = Path(demo_company.settings.lake.root).parent
    return demo_company.settings, read_truth(home / "lake", home / "truth")


def known_of(truth: Truth, person: str) -> tuple[Given, set[str]]:
    """What she can say of herself, and the keys of her records."""
    rows = [truth.silver[r] for r in sorted(truth.records[person]) if r in truth.silver]
    found: list[Identifier | None] = [
        identifier(kind, row[kind]) for row in rows for kind in ("email", "phone") if row[kind]
    ]
    facts = truth.attributes[person]
    name = f"{facts['given_name']} {facts['family_name']}"
    identifiers = tuple(dict.fromkeys(i for i in found if i))
    return Given(identifiers, name, facts["birth_date"]), {row["record_key"] for row in rows}


def says_as_she_does(truth: Truth, person: str) -> set[str]:
    """Keys of her records with an address or number, her name, and her birth date or none.

    The rest says of her what she did not, such as a typing error, or none of what she gave.
    """
    facts = truth.attributes[person]
    rows = [truth.silver[r] for r in truth.records[person] if r in truth.silver]
    return {
        row["record_key"]
        for row in rows
        if (row["email"] or row["phone"])
        and (row["given_name"], row["family_name"]) == (facts["given_name"], facts["family_name"])
        and row["birth_date"] in (None, facts["birth_date"])
    }


def chosen(truth: Truth) -> list[str]:
    """People with an identifier; those whose address is another's too in front."""
    addresses: dict[str, set[str]] = {}
    for person, records in truth.records.items():
        for row in (truth.silver[r] for r in records if r in truth.silver):
            addresses.setdefault(row["email_match"] or person, set()).add(person)
    sharing = {p for people in addresses.values() if len(people) > 1 for p in people}
    able = [p for p in sorted(truth.records) if known_of(truth, p)[0].identifiers]
    return sorted(able, key=lambda p: (p not in sharing, p))[:PEOPLE]


def request_of(settings: Settings, given: Given, subject: Subject) -> PrivacyRequest:
    secret = settings.lake.secret.get_secret_value()
    hashes = frozenset(h for i in given.identifiers for h in i.hashes(secret))
    now, keys = datetime.now(UTC), tuple(subject.record_keys)
    place = ("gdpr", now, now, None, keys, subject.reasons, hashes, [])
    return PrivacyRequest("1", Right.ACCESS, Scope.EXACT, *place)


def test_fifty_archives_hold_all_of_her_records_and_no_strangers_value(
    company: tuple[Settings, Truth],
) -> None:
    settings, truth = company
    tables, others = released_tables(settings.lake), strangers(truth)
    for person in chosen(truth):
        given, keys = known_of(truth, person)
        one = find_subject(tables, settings, Given(given.identifiers[:1]), Scope.EXACT)
        subject = find_subject(tables, settings, given, Scope.EXACT)
        made = archive_files(
            archive_document(tables, settings, request_of(settings, given, subject))
        )
        document = json.loads(made["subject.json"])
        ids = {i for (_, i), row in truth.silver.items() if row["record_key"] in subject.reasons}

        assert {*one.reasons} <= keys, "an identifier alone shows a stranger's record"
        assert {*subject.reasons} <= keys
        assert others.told(person, document) == set()
        assert missing_bronze_rows(truth, ids, document) == []
        assert missing_rows(truth, {*subject.reasons}, document) == {}
        assert says_as_she_does(truth, person) <= {*subject.reasons}
