"""Telephone numbers: phonenumbers knows each country's plan."""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult
from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.columns.arrow import lookup, texts_named
from lakehouse.columns.text import UNIT_SEPARATOR

_FACTS = texts_named("number", "match", "rule")

_NOT_A_DIGIT = re.compile(r"\D+")
_FEWEST_DIGITS = 6
_RUNS = ("01234567890123456789", "09876543210987654321")


def phone_facts(text: Column, country: Column) -> Column:
    """A struct of `number`, `match` and `rule` of a squashed text; select it before its fields.

    `number` is E.164 by the plan of `country` (ISO alpha-2; may be null), null where `rule` says
    why: `junk_phone` (000000, 1234567), `invalid_phone` (no number of that plan has this length) or
    `phone_without_country`. `match` is the number's digits; for a number without country or
    international prefix, its digits as dialled, without leading zeros.
    """
    return _phone_facts(
        F.when(
            text.isNotNull(),
            F.concat_ws(UNIT_SEPARATOR, text, F.coalesce(country, F.lit(""))),
        )
    )


def _facts_of_joined(joined: str) -> dict[str, str | None]:
    text, _, country = joined.partition(UNIT_SEPARATOR)
    return phone_of(text, country)


def phone_of(text: str, country: str) -> dict[str, str | None]:
    """The facts of one number; `country` is ISO alpha-2, or blank if unknown."""
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


_phone_facts = lookup(_facts_of_joined, _FACTS)
