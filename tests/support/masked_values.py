"""Values that must not come out, and how some look under masks."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from lakehouse.settings.roles import Mask

MARK = "Zyzzyva77"
_DAY = date(1977, 7, 17)


def marked(type_: str) -> Any:
    """A value of a Spark type that would be known again."""
    simple = {
        "string": f"{MARK} {MARK}@{MARK}.org 7777777",
        "date": _DAY,
        "timestamp": datetime(1977, 7, 17, 7, 7, 7, tzinfo=UTC),
        "boolean": True,
    }
    if type_ in simple:
        return simple[type_]
    if type_.startswith("array<"):
        return [MARK]
    if type_.startswith("map<"):
        return {MARK: MARK}
    return Decimal("7777777.77") if type_.startswith("decimal") else 7_777_777


def shows(value: Any) -> bool:
    """True if the value gives the marked one away."""
    if value is None:
        return False
    if isinstance(value, date):
        return (value.month, value.day) == (7, 17)
    return value is True or any(part in str(value) for part in (MARK, MARK.lower(), "7777777"))


EXAMPLES: list[tuple[str, Mask, Any, Any]] = [
    ("email", Mask.PARTIAL, "anna@post.org", "a***@p***.org"),
    ("email", Mask.PARTIAL, "a@b.org", "***@b***"),
    ("email", Mask.PARTIAL, "anna@localhost", "a***@l***"),
    ("email", Mask.PARTIAL, "anna@post.co.uk\nx", "a***@p***"),
    ("email", Mask.PARTIAL, "no address", "***"),
    ("email", Mask.PARTIAL, "@", "***"),
    ("email", Mask.PARTIAL, "", "***"),
    ("email", Mask.FULL, "anna@post.org", "***"),
    ("email", Mask.GENERALISED, "anna@post.org", "***"),
    ("email", Mask.NULLED, "anna@post.org", None),
    ("phone", Mask.PARTIAL, "+442079460018", "***18"),
    ("phone", Mask.PARTIAL, "12345", "***"),
    ("national_id", Mask.PARTIAL, "QQ123456C", "***"),
    ("display_name", Mask.PARTIAL, "Anna Lee 7", "A*** L*** ***"),
    ("display_name", Mask.PARTIAL, "Ána  O'Müller-Ćosić", "Á***  O***"),
    ("display_name", Mask.PARTIAL, "A", "***"),
    ("display_name", Mask.PARTIAL, "山田 太郎", "*** ***"),
    ("display_name", Mask.PARTIAL, "Ωμέγα Жанна", "Ω*** Ж***"),
    ("display_name", Mask.PARTIAL, "😀Anna x\u00a0y", "*** x***"),
    ("display_name", Mask.PARTIAL, "", "***"),
    ("street", Mask.PARTIAL, "1 High Street", "***"),
    ("city", Mask.GENERALISED, "York", "***"),
    ("country", Mask.GENERALISED, "GB", "GB"),
    ("postcode", Mask.GENERALISED, "EH1 1AA", "EH1"),
    ("postcode", Mask.GENERALISED, "SW1A 1AA", "SW1A"),
    ("postcode", Mask.GENERALISED, "10115", "10***"),
    ("postcode", Mask.GENERALISED, "EH1", "***"),
    ("birth_date", Mask.GENERALISED, date(1980, 2, 3), date(1980, 1, 1)),
    ("birth_date", Mask.PARTIAL, date(2000, 12, 31), date(2000, 1, 1)),
    ("birth_date", Mask.FULL, date(1980, 2, 3), None),
]
"""By column of gold.customer and mask: a value, and what is seen of it."""
