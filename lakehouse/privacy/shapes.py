"""How a masked value looks: it follows from its column's name and type, and what no rule knows is hidden."""

from collections.abc import Mapping
from enum import Enum

from lakehouse.settings.roles import Mask
from lakehouse.tables.spec import Column

HIDDEN = "***"
BAND = 100
"""A number is shown as the lower end of the band of this width that it lies in."""

_LETTER = "A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff"
_END = r"(?![\s\S])"  # `$` stops before a last line end, and languages differ in what that is
_EMAIL = (
    rf"^([A-Za-z0-9]?)[^@]+@([A-Za-z0-9]?)[\s\S]+?(\.[A-Za-z]{{2,24}})?{_END}",
    "$1***@$2***$3",
)
_LAST_DIGITS = (rf"^[\s\S]{{4,}}([0-9]{{2}}){_END}", "***$1")


class Shape(Enum):
    """How a value of a column looks under a mask. Texts have patterns, of which the first that fits counts.

    Patterns mean the same to Java and to Python with `re.ASCII`; a text that none fits is hidden.
    """

    AS_IT_IS = "as it is"
    NOTHING = "nothing"
    PSEUDONYM = "token"
    YEAR = "first day of the year"
    LOWER_END = "lower end of a band"
    HIDDEN_TEXT = ()
    FIRST_LETTERS = ((rf"([{_LETTER}]?)\S+", "$1***"),)
    EMAIL = (_EMAIL,)
    LAST_DIGITS = (_LAST_DIGITS,)
    CONTACT = (_EMAIL, _LAST_DIGITS)
    OUTWARD = (
        (r"^([A-Za-z0-9]{2,4}) [\s\S]+", "$1"),
        (r"^([A-Za-z0-9]{2})[\s\S]{2,}", "$1***"),
    )


_PARTIAL: Mapping[str, Shape] = {
    "email": Shape.EMAIL,
    "secondary_email": Shape.EMAIL,
    "phone": Shape.LAST_DIGITS,
    "secondary_phone": Shape.LAST_DIGITS,
    "contact_value": Shape.CONTACT,
    "written_value": Shape.CONTACT,
    "identifier_value": Shape.CONTACT,
    "national_id": Shape.LAST_DIGITS,
    "display_name": Shape.FIRST_LETTERS,
    "full_name": Shape.FIRST_LETTERS,
    "given_name": Shape.FIRST_LETTERS,
    "middle_name": Shape.FIRST_LETTERS,
    "family_name": Shape.FIRST_LETTERS,
    "household_name": Shape.FIRST_LETTERS,
}
_GENERALISED: Mapping[str, Shape] = {
    "postcode": Shape.OUTWARD,
    "country": Shape.AS_IT_IS,
    "region": Shape.AS_IT_IS,
}
_NUMBERS = ("int", "bigint", "smallint", "double", "float", "decimal")


def shape(column: Column, mask: Mask) -> Shape:
    """How the column's values look under the mask."""
    if mask is Mask.CLEAR:
        return Shape.AS_IT_IS
    if mask is Mask.NULLED:
        return Shape.NOTHING
    if column.type == "string":
        return _shape_of_text(column.name, mask)
    if mask in (Mask.PARTIAL, Mask.GENERALISED):
        if column.type in ("date", "timestamp"):
            return Shape.YEAR
        if column.type.split("(")[0] in _NUMBERS:
            return Shape.LOWER_END
    return Shape.NOTHING


def _shape_of_text(name: str, mask: Mask) -> Shape:
    if mask is Mask.TOKENISED:
        return Shape.PSEUDONYM
    if mask is Mask.FULL:
        return Shape.HIDDEN_TEXT
    if mask is Mask.PARTIAL and name in _PARTIAL:
        return _PARTIAL[name]
    return _GENERALISED.get(name, Shape.HIDDEN_TEXT)
