"""One telephone number, in plain Python: phonenumbers knows each country's plan."""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

_NOT_A_DIGIT = re.compile(r"\D+")
_FEWEST_DIGITS = 6
_RUNS = ("01234567890123456789", "09876543210987654321")


def phone_of(text: str, country: str) -> dict[str, str | None]:
    """The facts of one number, as `phones.phone_facts` tells them; a blank `country` is unknown."""
    digits = _NOT_A_DIGIT.sub("", text)
    if _is_junk(digits):
        return _no_number("junk_phone")
    text = text.lstrip("( ")
    if text.startswith("00"):
        text = "+" + text[2:]
    if not country and not text.startswith("+"):
        ascii_digits = phonenumbers.normalize_digits_only(text)
        return {**_no_number("phone_without_country"), "match": ascii_digits.lstrip("0")}
    try:
        number = phonenumbers.parse(text, country or None)
    except NumberParseException:
        return _no_number("invalid_phone")
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return _no_number("invalid_phone")
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return {"number": e164, "match": e164.removeprefix("+"), "rule": None}


def _no_number(rule: str) -> dict[str, str | None]:
    return {"number": None, "match": None, "rule": rule}


def _is_junk(digits: str) -> bool:
    """True for what somebody typed to get past a form."""
    if len(digits) < _FEWEST_DIGITS or digits.endswith("000000"):
        return True
    return len(set(digits[-8:])) == 1 or any(digits[-9:] in run for run in _RUNS)
