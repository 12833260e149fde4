"""A table of a customer's page, and how its values read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lakehouse.pipeline.customer_page import CustomerPage
from lakehouse.storage.released_tables import Row

_MOST_COLUMNS = 6
_KEYS = ("_key", "_keys")


@dataclass(frozen=True)
class Section:
    """A table of the page: the rows that matter most first, of which `most` are shown at once."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    most: int


def further_section(page: CustomerPage, entity: str) -> Section:
    """Any table: a single row as a list of what it says, several as a table, the newest first."""
    rows = page.gold[entity]
    columns = telling_columns(rows)
    title = heading(entity.removeprefix("customer_")).capitalize()
    if len(rows) == 1:
        told = [(heading(name), _cell(page, name, rows[0][name])) for name in columns]
        return Section(title, ("", "value"), told, most=12)
    moments = [name for name in columns if name.endswith(("_at", "_date", "_from"))]
    shown = columns[:_MOST_COLUMNS]
    ordered = newest(rows, moments[0]) if moments else rows
    cells = [tuple(_cell(page, name, row[name]) for name in shown) for row in ordered]
    return Section(title, [heading(name) for name in shown], cells, most=8)


def telling_columns(rows: Sequence[Row]) -> list[str]:
    """The columns that a person can read something from, in declared order."""
    return [
        name
        for name in (rows[0] if rows else ())
        if not (name == "customer_id" or name.endswith(_KEYS))
        and any(row[name] not in (None, [], {}) for row in rows)
    ]


def _cell(page: CustomerPage, column: str, value: object) -> str:
    return customer_name(page, value) if "customer_id" in column else text(value)


def customer_name(page: CustomerPage, customer_id: object) -> str:
    """A customer by name and id; of this one only that it is."""
    if customer_id == page.customer_id:
        return "this customer"
    name = page.names.get(str(customer_id))
    return f"{name} {customer_id}" if name else text(customer_id)


def newest(rows: Sequence[Row], column: str) -> list[Row]:
    """The rows by that date or moment, the newest first; of equal ones in the order that they had."""
    known = [row for row in rows if row.get(column) is not None]
    unknown = [row for row in rows if row.get(column) is None]
    return sorted(known, key=lambda row: row[column], reverse=True) + unknown


def heading(column: str) -> str:
    """The column's name in words."""
    return column.replace("_", " ")


def day_of(moment: datetime | None) -> str:
    """The day of a moment; blank without one."""
    return f"{moment:%Y-%m-%d}" if moment else ""


def money(currency: str | None, amount: Decimal | None) -> str:
    """The amount with its currency; blank without an amount."""
    return "" if amount is None else f"{currency or ''} {amount:,.2f}".strip()


def text(value: object) -> str:
    """The value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return " ".join(f"{name} {text(held)}" for name, held in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(text(held) for held in value)
    return _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, int | float | Decimal):
        return f"{value:,}"
    return str(value)
