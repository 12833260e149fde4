"""Telephone numbers as columns; what one is, `phone_number` says."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.columns.arrow import lookup, texts_named
from lakehouse.columns.phone_number import phone_of
from lakehouse.columns.text import UNIT_SEPARATOR

_FACTS = texts_named("number", "match", "rule")


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


_phone_facts = lookup(_facts_of_joined, _FACTS)
