"""What a role sees of a table's rows, in plain Python; `masked_frame` gives the same on Spark.

How a masked value looks follows from its column's name and type. What no rule knows shows nothing.
"""

import hashlib
import hmac
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from lakehouse.errors import AccessError
from lakehouse.settings.roles import Mask, Role
from lakehouse.tables.spec import Column, TableSpec

Row = dict[str, Any]

HIDDEN = "***"
TOKEN_DIGITS = 24
_SEPARATOR = "\x1f"  # as columns.keys.keyed_hash, which cannot be imported without Spark
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
_RESIDENCE = frozenset({"country", "region"})
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


def token_key(secret: str, purpose: str) -> str:
    """The key of the tokens of a purpose; tokens by other keys join with none of its own."""
    made = hmac.new(secret.encode(), f"c360 masking token {purpose}".encode(), hashlib.sha256)
    return made.hexdigest()


def require_readable(spec: TableSpec, role: Role) -> None:
    """Raises AccessError if the table is kept for no purpose of the role."""
    if not role.may_read(spec):
        raise AccessError(
            f"The role {role.name} reads for {', '.join(role.purposes)}, and {spec.name} is kept for "
            f"{', '.join(spec.purposes)}.",
            "name a role that reads for one of these by --role or C360_ROLE; conf/base/roles.yml has them.",
        )


def masked_rows(
    rows: Iterable[Row],
    spec: TableSpec,
    role: Role,
    *,
    key: str | None = None,
    customers: Collection[str] | None = None,
) -> list[Row]:
    """The rows that the role may see, as it sees them; none of a table that it has no purpose for.

    Args:
        rows: rows of the table, with all of its columns or some; other keys are left out.
        spec: the table.
        role: who reads.
        key: what tokens are made by; without it what is to be tokenised is None.
        customers: ids of those whose country and region the role may see, for a table that does not tell
            them itself. Without them a role that sees some countries alone sees no row of such a table.
    """
    if not role.may_read(spec):
        return []
    masks = {c.name: _value_mask(shape(c, role.mask(spec, c.name)), key) for c in spec.columns}
    return [
        {name: masks[name](value) for name, value in row.items() if name in masks}
        for row in rows
        if _is_seen(row, spec, role, customers)
    ]


def row_conditions(spec: TableSpec, role: Role) -> dict[str, tuple[str, ...]]:
    """By column of the table itself, the values that its rows must have for the role to see them."""
    elsewhere = _RESIDENCE if needs_customers(spec, role) else frozenset()
    return {
        name: values
        for name, values in role.rows.items()
        if name in spec.column_names and name not in elsewhere
    }


def needs_customers(spec: TableSpec, role: Role) -> bool:
    """True if whether the role sees a row depends on where its customer lives, told by another table."""
    residence = _RESIDENCE & role.rows.keys()
    if not residence or spec.subject_key is None:
        return False
    is_golden = spec.primary_key == (spec.subject_key,)
    return not (is_golden and residence <= set(spec.column_names))


def _is_seen(row: Row, spec: TableSpec, role: Role, customers: Collection[str] | None) -> bool:
    if any(row.get(n) not in values for n, values in row_conditions(spec, role).items()):
        return False
    if not needs_customers(spec, role):
        return True
    return customers is not None and row.get(str(spec.subject_key)) in customers


def _value_mask(form: Shape, key: str | None) -> Callable[[Any], Any]:
    if form is Shape.AS_IT_IS:
        return lambda value: value
    make = _MAKERS.get(form)
    if form is Shape.NOTHING or (form is Shape.PSEUDONYM and key is None):
        return lambda value: None
    if form is Shape.PSEUDONYM:
        return lambda value: None if value is None else token(value, str(key))
    if make is not None:
        return lambda value: None if value is None else make(value)
    return lambda value: None if value is None else _hidden(value, form.value)


def token(value: str, key: str) -> str:
    """The token of a text: equal for equal texts, and no way back without the key."""
    told = f"{key}{_SEPARATOR}{value}".encode()
    return hashlib.sha256(told).hexdigest()[:TOKEN_DIGITS]


def _hidden(value: str, patterns: Iterable[tuple[str, str]]) -> str:
    for pattern, replacement in patterns:
        if re.search(pattern, value, re.ASCII):
            return re.sub(pattern, _as_python(replacement), value, flags=re.ASCII)
    return HIDDEN


def _as_python(replacement: str) -> str:
    return re.sub(r"\$(\d)", r"\\\1", replacement)


def _year(value: date) -> date:
    if isinstance(value, datetime):
        return value.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    return value.replace(month=1, day=1)


def _lower_end(value: int | float | Decimal) -> int | float | Decimal:
    end = math.floor(value / BAND) * BAND
    return Decimal(end).quantize(value) if isinstance(value, Decimal) else type(value)(end)


_MAKERS: Mapping[Shape, Callable[[Any], Any]] = {Shape.YEAR: _year, Shape.LOWER_END: _lower_end}
