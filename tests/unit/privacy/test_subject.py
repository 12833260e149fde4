"""Whom a request is about: records that say themselves what the person said, and nobody else's."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from lakehouse.privacy.subject import (
    Given,
    Subject,
    are_different_people,
    connected_subject,
    exact_subject,
    identifier,
    identifier_hash,
)

BORN = date(1980, 5, 4)


def record(key: str, **said: Any) -> dict[str, Any]:
    return {"record_key": key, **said}


def person(key: str, given: str, family: str, **said: Any) -> dict[str, Any]:
    return record(key, given_name_match=given, family_name_match=family, **said)


def gave(**what: str) -> Given:
    born = what.pop("birth_date", None)
    name = what.pop("name", None)
    found = [identifier(kind, text, "GB") for kind, text in what.items()]
    assert all(found)
    return Given(tuple(i for i in found if i), name, date.fromisoformat(born) if born else None)


ANN = person("ann", "ann", "archer", email_match="family@x.org", birth_date=BORN)
ANN_AGAIN = person("ann2", "a", "archer", email_match="family@x.org", phone_match="442079460018")
BOB = person("bob", "bob", "archer", email_match="family@x.org", birth_date=date(1978, 1, 2))
NAMELESS = record("nameless", email_match="family@x.org")


def test_a_record_is_in_because_it_says_what_was_given_and_tells_so() -> None:
    found = exact_subject([ANN], gave(email="Family@X.org", birth_date="1980-05-04"))

    assert found.reasons == {"ann": "matches the e-mail address and birth date given"}


def test_an_address_that_a_family_shares_shows_nobody_until_a_name_tells_them_apart() -> None:
    records = [ANN, ANN_AGAIN, BOB, NAMELESS]

    assert exact_subject(records, gave(email="family@x.org")) == Subject(
        is_ambiguous=True, left_out=4
    )
    named = exact_subject(records, gave(email="family@x.org", name="Ann Archer"))
    assert named.record_keys == ["ann", "ann2"]
    assert named.left_out == 2


def test_a_second_identifier_tells_them_apart_too() -> None:
    found = exact_subject([ANN_AGAIN, BOB], gave(email="family@x.org", phone="020 7946 0018"))

    assert found.record_keys == ["ann2"]


def test_twins_need_the_name_as_their_birth_date_is_one() -> None:
    twins = [
        person("cara", "cara", "twin", email_match="twins@x.org", birth_date=BORN),
        person("clara", "clara", "twin", email_match="twins@x.org", birth_date=BORN),
    ]

    assert exact_subject(twins, gave(email="twins@x.org", birth_date="1980-05-04")).is_ambiguous
    named = exact_subject(twins, gave(email="twins@x.org", name="Clara Twin"))
    assert named.record_keys == ["clara"]


def test_father_and_son_of_one_name_need_the_birth_date() -> None:
    men = [
        person("father", "john", "doe", email_match="doe@x.org", birth_date=date(1950, 1, 1)),
        person("son", "john", "doe", email_match="doe@x.org", birth_date=BORN),
    ]

    assert exact_subject(men, gave(email="doe@x.org", name="John Doe")).is_ambiguous
    found = exact_subject(men, gave(email="doe@x.org", name="John Doe", birth_date="1980-05-04"))
    assert found.record_keys == ["son"]


def test_a_value_that_linkage_found_to_be_shared_is_not_enough_alone() -> None:
    alone, named = gave(email="family@x.org"), gave(email="family@x.org", name="Ann Archer")

    assert exact_subject([ANN], alone, alone.identifiers).is_ambiguous
    assert exact_subject([ANN], named, named.identifiers).record_keys == ["ann"]


def test_a_record_without_a_name_is_in_by_what_nobody_shares() -> None:
    sparse = record("news", email_match="ann@x.org")
    by_phone = person("ben", "ben", "cole", phone_match="442079460018")
    records = [sparse, {**ANN, "phone_match": "442079460018"}, by_phone]

    found = exact_subject(
        records, gave(email="ann@x.org", phone="+442079460018", name="Ann Archer")
    )

    assert found.record_keys == ["ann", "news"]


def test_a_planted_record_that_bridges_two_people_brings_in_neither_by_the_other() -> None:
    bridge = person(
        "bridge", "mallory", "black", email_match="m@evil.org", phone_match="442079460018"
    )
    bob = person("bob", "bob", "archer", email_match="bob@x.org", phone_match="442079460018")

    by_email = exact_subject([bridge, bob], gave(email="m@evil.org"))
    assert by_email.record_keys == ["bridge"]
    assert exact_subject([bridge, bob], gave(phone="+442079460018")).is_ambiguous
    both = gave(email="m@evil.org", phone="+442079460018", name="Mallory Black")
    assert exact_subject([bridge, bob], both).record_keys == ["bridge"]


def test_who_gives_what_no_record_says_finds_nobody_and_that_is_no_doubt() -> None:
    assert exact_subject([ANN], gave(email="zoe@x.org")) == Subject()
    assert exact_subject([ANN], gave(email="family@x.org", name="Zoe Zed")) == Subject(left_out=1)


@pytest.mark.parametrize(
    ("kind", "text", "country"),
    [("email", "nobody", "GB"), ("phone", "020 7946 0018", ""), ("national_id", "000", "GB")],
)
def test_what_is_no_identifier_is_none(kind: str, text: str, country: str) -> None:
    assert identifier(kind, text, country) is None


def test_what_is_kept_of_an_identifier_is_a_keyed_hash() -> None:
    found = identifier("email", "ann@x.org")

    assert found
    assert found.hashes("secret") == [identifier_hash("secret", "email", "ann@x.org")]
    assert found.hashes("secret") != found.hashes("another")


_NAMES = st.sampled_from(["ann", "annie", "bob", "cara", "clara", "a", None])
_PEOPLE = st.builds(
    record,
    st.uuids().map(str),
    given_name_match=_NAMES,
    family_name_match=st.sampled_from(["archer", "archar", "twin", None]),
    birth_date=st.sampled_from([BORN, date(1978, 1, 2), None]),
    email_match=st.sampled_from(["family@x.org", "other@x.org"]),
)


@for_all(st.lists(_PEOPLE, max_size=6), st.sampled_from(["Ann Archer", "Clara Twin", None]))
def test_whatever_the_records_no_two_that_contradict_each_other_are_shown(
    records: list[dict[str, Any]], name: str | None
) -> None:
    what = {"email": "family@x.org"} | ({"name": name} if name else {})
    found = exact_subject(records, gave(**what))
    shown = [r for r in records if r["record_key"] in found.reasons]

    assert not any(are_different_people(a, b) for a in shown for b in shown)
    assert all(r["email_match"] == "family@x.org" for r in shown)
    assert found == exact_subject(records[::-1], gave(**what))


def test_connected_records_tell_by_what_they_are_linked() -> None:
    exact = Subject({"ann1": "matches the e-mail address given"})
    edges = [
        {
            "record_key_l": "ann1",
            "record_key_r": "ann2",
            "match_weight": 9.0,
            "match_probability": 0.998,
            "override": None,
        }
    ]

    found = connected_subject(exact, {"ann1": "A", "ann2": "A", "ann3": "A"}, edges)

    assert found.reasons == {
        "ann1": "matches the e-mail address given",
        "ann2": "same customer as record ann1, linked to record ann1 with probability 0.998",
        "ann3": "same customer as record ann1, linked by way of others",
    }
