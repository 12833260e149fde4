import re

import numpy as np
import phonenumbers
import pytest

from lakehouse.demo.places import (
    CALLING_CODES,
    COUNTRIES,
    draw_addresses,
    draw_mobiles,
    format_phone,
)


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize(
    "style", ["e164", "grouped", "plain", "international", "bracketed", "zeros"]
)
def test_every_number_is_valid_in_its_country_however_it_is_written(
    country: str, style: str
) -> None:
    for number in draw_mobiles(np.random.default_rng(3), country, 300).tolist():
        parsed = phonenumbers.parse(format_phone(style, country, number), country)
        assert phonenumbers.is_valid_number(parsed)
        assert (str(parsed.country_code), str(parsed.national_number)) == (
            CALLING_CODES[country],
            number,
        )


@pytest.mark.parametrize(
    ("country", "form"),
    [
        ("GB", r"[A-Z]{1,2}\d{1,2} \d[A-Z]{2}"),
        ("US", r"\d{5}"),
        ("DE", r"\d{5}"),
        ("FR", r"\d{5}"),
        ("PL", r"\d{2}-\d{3}"),
        ("GR", r"\d{3} \d{2}"),
        ("BG", r"\d{4}"),
        ("CN", r"\d{6}"),
    ],
)
def test_postcodes_have_their_countrys_form(country: str, form: str) -> None:
    addresses = draw_addresses(np.random.default_rng(3), country, 200)
    assert np.char.str_len(addresses.street.astype(str)).min() > 4
    for postcode in addresses.postcode.tolist():
        assert re.fullmatch(form, postcode), postcode
