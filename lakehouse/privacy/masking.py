"""What a role sees of a table's rows, in plain Python; `masked_frame` gives the same on Spark."""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lakehouse.errors import AccessError
from lakehouse.privacy.shapes import BAND, HIDDEN, Shape, shape
from lakehouse.privacy.tokens import TokenKeys, token
from lakehouse.settings.roles import Mask, Role
from lakehouse.tables.spec import Layer, Sensitivity, TableSpec

Row = dict[str, Any]
Permitted = Mapping[str, Collection[str]]
"""The purposes that customers permit, by id: of whom gold.customer_permitted knows."""

_NAMED: Mapping[str, Mapping[str, str]] = {
    "gold.customer_attribute": {"value": "attribute", "lost_values": "attribute"},
    "gold.customer_identifier": {"identifier_value": "identifier_type"},
    "gold.customer_contact_point": {
        "contact_value": "contact_type",
        "written_value": "contact_type",
    },
    "gold.customer_history": {"values": "values"},
}
"""By table and column, the column that says of which attribute a value is. A map says it by its keys."""
_RESIDENCE = frozenset({"country", "region"})


def named_by(spec: TableSpec, role: Role) -> dict[str, tuple[str, tuple[str, ...]]]:
    """By column, what names the attribute of its values, and of which attributes they are hidden.

    What a role must not see as gold.customer.national_id it must not see as a row about national_id.
    """
    hidden = tuple(
        name
        for name, mask in sorted(role.overrides.items())
        if "." not in name and mask is not Mask.CLEAR
    )
    named = _NAMED.get(spec.name, {}) if hidden else {}
    return {
        column: (by, hidden)
        for column, by in named.items()
        if f"{spec.name}.{column}" not in role.overrides
    }


def require_readable(spec: TableSpec, role: Role) -> None:
    """Raises AccessError if the table is kept for no purpose of the role."""
    if not role.may_read(spec):
        raise AccessError(
            f"The role {role.name} reads for {', '.join(role.purposes)}, and {spec.name} is kept for "
            f"{', '.join(spec.purposes)}.",
            "name a role that reads for one of these by --role or C360_ROLE; conf/base/roles.yml has them.",
        )


def require_clear(spec: TableSpec, role: Role, *columns: str) -> None:
    """Raises AccessError if the role does not see the columns of the table in the clear."""
    require_readable(spec, role)
    if any(role.mask(spec, column) is not Mask.CLEAR for column in columns):
        raise AccessError(
            f"The role {role.name} does not see {' and '.join(columns)} of {spec.name}, which this is "
            "told by.",
            "name a role that does by --role or C360_ROLE; conf/base/roles.yml has them.",
        )


def require_identifiers(role: Role) -> None:
    """Raises AccessError if the role does not see direct identifiers in the clear."""
    if role.sees.get(Sensitivity.DIRECT_IDENTIFIER) is not Mask.CLEAR:
        raise AccessError(
            f"The role {role.name} does not see identifiers in the clear, which this tells.",
            "name a role that does by --role or C360_ROLE; conf/base/roles.yml has them.",
        )


def masked_rows(
    rows: Iterable[Row],
    spec: TableSpec,
    role: Role,
    *,
    keys: TokenKeys | None = None,
    customers: Collection[str] | None = None,
    permitted: Permitted | None = None,
) -> list[Row]:
    """The rows that the role may see, as it sees them; none of a table that it has no purpose for.

    Args:
        rows: rows of the table, with all of its columns or some; other keys are left out.
        spec: the table.
        role: who reads.
        keys: what tokens are made by; without it what is to be tokenised is None.
        customers: ids of those whose country and region the role may see, for a table that does not tell
            them itself. Without them a role that sees some countries alone sees no row of such a table.
        permitted: what the customers of the rows permit. Of whom it does not tell, and of nobody, a role
            sees a row only if it reads the table for a purpose that needs no consent.
    """
    if not role.may_read(spec):
        return []
    masks = {c.name: _value_mask(shape(c, role.mask(spec, c.name)), keys) for c in spec.columns}
    named = named_by(spec, role)
    return [
        {
            name: _hidden_by_name(row, named[name], masks[name](value))
            if name in named
            else masks[name](value)
            for name, value in row.items()
            if name in masks
        }
        for row in rows
        if _is_permitted(row, spec, role, permitted or {}) and _is_seen(row, spec, role, customers)
    ]


def _hidden_by_name(row: Row, by: tuple[str, tuple[str, ...]], value: Any) -> Any:
    column, hidden = by
    if isinstance(value, Mapping):
        return {name: HIDDEN if name in hidden else held for name, held in value.items()}
    # A row that does not say what it is about may be about what is hidden.
    if value is None or row.get(column, hidden[0]) not in hidden:
        return value
    return HIDDEN if isinstance(value, str) else None


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
    # What a data product calls country is what its domain made of it.
    is_golden = spec.primary_key == spec.subject_keys and spec.layer is not Layer.SERVE
    return not (is_golden and residence <= set(spec.column_names))


def _is_permitted(row: Row, spec: TableSpec, role: Role, permitted: Permitted) -> bool:
    """True if every customer whom the row is about permits a purpose for which the role reads the table."""
    if not role.asks_permission(spec):
        return True
    found = (permitted.get(row.get(key) or "") for key in spec.subject_keys)
    return all(_permits(spec, role, told) for told in found)


def require_permitted(
    spec: TableSpec, role: Role, permitted: Permitted, ids: Iterable[str]
) -> None:
    """Raises AccessError if one of these customers permits no purpose for which the role reads the table."""
    if role.asks_permission(spec):
        if all(_permits(spec, role, permitted.get(one)) for one in ids):
            return
        raise AccessError(
            f"A customer whom this is about permits nothing that the role {role.name} reads for "
            f"({', '.join(role.purposes_of(spec))}).",
            "name a role that reads for another purpose by --role or C360_ROLE.",
        )


def _permits(spec: TableSpec, role: Role, told: Collection[str] | None) -> bool:
    """True if one of the purposes `told` is one for which the role reads the table; None: of nobody known."""
    if told is None:
        return role.sees_unknown(spec)
    return not {*role.purposes_of(spec)}.isdisjoint(told)


def _is_seen(row: Row, spec: TableSpec, role: Role, customers: Collection[str] | None) -> bool:
    if any(row.get(n) not in values for n, values in row_conditions(spec, role).items()):
        return False
    if not needs_customers(spec, role):
        return True
    # A row about two customers is seen by who may see both.
    return customers is not None and all(row.get(k) in customers for k in spec.subject_keys)


def _value_mask(form: Shape, keys: TokenKeys | None) -> Callable[[Any], Any]:
    if form is Shape.AS_IT_IS:
        return lambda value: value
    make = _MAKERS.get(form)
    if form is Shape.PSEUDONYM and keys is not None:
        return lambda value: None if value is None else token(keys, value)
    if form in (Shape.NOTHING, Shape.PSEUDONYM):
        return lambda value: None
    if make is not None:
        return lambda value: None if value is None else make(value)
    return lambda value: None if value is None else _hidden(value, form.value)


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
