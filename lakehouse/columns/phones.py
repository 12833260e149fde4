"""Telephone numbers: phonenumbers knows each country's plan."""

import re

import phonenumbers
import pyarrow as pa
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from lakehouse.columns.arrow import looked_up
from lakehouse.columns.text import UNIT_SEPARATOR

_SPARK = StructType(
    [
        StructField("number", StringType()),
        StructField("match", StringType()),
        StructField("rule", StringType()),
    ]
)
_ARROW = pa.struct([(field.name, pa.string()) for field in _SPARK])

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


@F.arrow_udf(returnType=_SPARK)
def _phone_facts(texts: pa.Array) -> pa.Array:
    return looked_up(texts, _facts, _ARROW)


def _facts(joined: str) -> dict[str, str | None]:
    text, _, country = joined.partition(UNIT_SEPARATOR)
    digits = _NOT_A_DIGIT.sub("", text)
    if _is_junk(digits):
        return _no_number("junk_phone")
    text = text.lstrip("( ")
    if text.startswith("00"):
        text = "+" + text[2:]
    if not country and not text.startswith("+"):
        return {
            **_no_number("phone_without_country"),
            "match": digits.lstrip("0") or None,
        }
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
    return len(set(digits[-8:])) == 1 or any(digits[-7:] in run for run in _RUNS)
