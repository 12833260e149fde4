"""Made-up values keep the form of real ones, agree wherever they stand, and tell nothing of them."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.privacy.fakes import Fakes, postcode_area, real_words

FAKES = Fakes(b"k" * 32)


def test_a_name_keeps_its_letters_case_and_signs() -> None:
    shown = FAKES.words("Anna-Lena O'Brien, 12")

    assert re.fullmatch(r"[A-Z][a-z]{3}-[A-Z][a-z]{3} [A-Z]'[A-Z][a-z]{4}, \d\d", shown), shown


def test_the_form_of_a_name_that_is_compared_agrees_with_the_one_that_is_shown() -> None:
    assert FAKES.words("Zoë MÜLLER").lower() == FAKES.words("zoe muller")


def test_a_word_is_the_same_wherever_it_stands_and_so_names_agree_with_addresses() -> None:
    given, family = FAKES.words("ana"), FAKES.words("muller")

    assert FAKES.words("Ana Muller").lower() == f"{given} {family}"
    assert FAKES.email("ana.muller@post.example.de").startswith(f"{given}.{family}@")


@pytest.mark.parametrize("name", ["Иванова", "Παπαδόπουλος", "李小龍", "김철수", "محمد"])
def test_a_name_stays_in_its_script(name: str) -> None:
    shown = FAKES.words(name)

    assert len(shown) == len(name)
    assert not shown.isascii()
    assert shown != name


def test_addresses_are_in_domains_for_examples_and_share_them_as_before() -> None:
    ana, ben = FAKES.email("ana7@gmail.com"), FAKES.email("ben@gmail.com")

    assert ana.endswith(".example")
    assert ana.split("@")[1] == ben.split("@")[1]
    assert re.fullmatch(r"[a-z]{3}\d@[a-z]{5}\.example", ana)


@pytest.mark.parametrize(("phone", "code"), [("+442079460018", "44"), ("+14155550142", "1")])
def test_a_number_stays_in_its_country_and_can_be_dialled_nowhere(phone: str, code: str) -> None:
    shown = FAKES.phone(phone)

    assert re.fullmatch(rf"\+{code}00\d+", shown)
    assert len(shown) == len(phone)
    assert FAKES.phone(phone.removeprefix("+")) == shown.removeprefix("+")


def test_a_number_of_a_hidden_country_is_in_none() -> None:
    assert FAKES.phone("+353851234567", hide_country=True).startswith("+99900")


def test_postcodes_keep_their_form_and_share_areas_as_before() -> None:
    one, other = FAKES.postcode("EH1 1AA"), FAKES.postcode("EH1 2BB")

    assert re.fullmatch(r"[A-Z]{2}\d \d[A-Z]{2}", one)
    assert postcode_area(one) == postcode_area(other)
    assert FAKES.postcode("eh11aa") == one.lower().replace(" ", "")


def test_keys_hold_no_number_and_no_vowel() -> None:
    assert re.fullmatch("[b-df-hj-np-t]{64}", FAKES.key("0" * 64))
    assert FAKES.key("1") != FAKES.key("2")


# A law of values and not of time, which a busy machine has at its pleasure.
@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet="abehnrsu 0123 -'", min_size=5, max_size=40))
def test_no_word_of_five_letters_is_left_even_by_chance(text: str) -> None:
    real = frozenset(real_words(text)) | {"banana", "1112"}
    fakes = Fakes(b"k" * 32, real)

    for made in (fakes.words(text), fakes.code(text), fakes.email(f"{text}@{text}.de")):
        assert not [word for word in real if len(word) > 4 and word in made.casefold()]


def test_another_key_makes_other_values() -> None:
    other = Fakes(b"l" * 32)

    assert FAKES.words("Anna-Lena") != other.words("Anna-Lena")
    assert FAKES.key("x") != other.key("x")
