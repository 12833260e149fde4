"""What a customer's page shows on a terminal, section by section, in the order in which an agent asks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lakehouse.pipeline.customer_page import CustomerPage
from lakehouse.storage.released_tables import Row
from lakehouse.tables.gold import GOLD_TABLES

_MOST_COLUMNS = 6
_PARTS_OF_OTHERS = ("customer", "customer_metric", "customer_order_line")
_SHOWN_IN_PARTS = ("customer_360",)
_KEYS = ("_key", "_keys")


@dataclass(frozen=True)
class Section:
    """A table of the page: the rows that matter most first, of which `most` are shown at once."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    most: int


def sections(page: CustomerPage, *, everything: bool) -> list[Section]:
    """The sections that have rows. With `everything` those too that repeat what others show."""
    special = dict(_SPECIAL)
    if page.gold.get("customer_timeline") and not everything:
        del special["customer_interaction"]
    found = [make(page) for make in special.values()]
    known = {*_SPECIAL, *_PARTS_OF_OTHERS, *(() if everything else _SHOWN_IN_PARTS)}
    found += [_further(page, entity) for entity in page.gold if entity not in known]
    return [section for section in found if section.rows]


def _contact_points(page: CustomerPage) -> Section:
    rows = _newest(page.gold["customer_contact_point"], "last_seen_at")
    rows.sort(key=lambda row: not row["is_primary"])
    return Section(
        "Contact",
        ("", "value", "", "last seen", "sources"),
        [
            (
                row["contact_type"],
                row["written_value"],
                "primary" if row["is_primary"] else "",
                _day(row["last_seen_at"]),
                text(row["sources"]),
            )
            for row in rows
        ],
        most=8,
    )


def _consents(page: CustomerPage) -> Section:
    return Section(
        "Consent",
        ("purpose", "channel", "state", "decided", "source", ""),
        [
            (
                row["purpose"],
                row["channel"],
                row["state"],
                _day(row["decided_at"]),
                row["source_system"],
                "records disagree" if row["has_conflict"] else "",
            )
            for row in page.gold["customer_consent"]
        ],
        most=12,
    )


def _orders(page: CustomerPage) -> Section:
    lines: dict[str, list[str]] = {}
    for line in sorted(page.gold["customer_order_line"], key=lambda line: line["line_number"]):
        what = line["product_name"] or line["product_id"]
        lines.setdefault(line["order_record_key"], []).append(f"{text(line['quantity'])} × {what}")
    return Section(
        "Orders",
        ("day", "order", "channel", "status", "amount", "what"),
        [
            (
                text(row["order_date"]),
                row["order_id"],
                row["channel"],
                text(row["status"]),
                money(row["currency"], row["total_amount"]),
                "; ".join(lines.get(row["record_key"], [])),
            )
            for row in _newest(page.gold["customer_order"], "ordered_at")
        ],
        most=5,
    )


def _interactions(page: CustomerPage) -> Section:
    return Section(
        "Contacts with us",
        ("at (UTC)", "what", "channel", "source", "told"),
        [
            (
                text(row["happened_at"]),
                row["interaction_type"].replace("_", " "),
                text(row["channel"]),
                row["source_system"],
                _told(row),
            )
            for row in _newest(page.gold["customer_interaction"], "happened_at")
        ],
        most=8,
    )


def _told(row: Row) -> str:
    score, pages = row["score"], row["page_count"]
    parts = [
        *(text(row[name]).replace("_", " ") for name in ("action", "topic", "campaign_id")),
        f"score {score}" if score is not None else "",
        f"{pages} pages" if pages else "",
    ]
    return ", ".join(part for part in parts if part)


def _timeline(page: CustomerPage) -> Section:
    return Section(
        "Timeline",
        ("at (UTC)", "event", "channel", "source", "what", "amount"),
        [
            (
                text(row.get("happened_at")),
                text(row.get("event_type")).replace("_", " "),
                text(row.get("channel")),
                text(row.get("source_system")),
                text(row.get("title")),
                money(row.get("currency"), row.get("amount")),
            )
            for row in _newest(page.gold.get("customer_timeline", []), "happened_at")
        ],
        most=10,
    )


def _household(page: CustomerPage) -> Section:
    """Everybody of the household; what the household is made by stands in the tables after it."""
    columns = _telling_columns("household_member", page.household_members)
    return Section(
        "Household",
        ("who", *(_heading(name) for name in columns)),
        [
            (_customer(page, row["customer_id"]), *(text(row[name]) for name in columns))
            for row in page.household_members
        ],
        most=10,
    )


def _golden_record(page: CustomerPage) -> Section:
    return Section(
        "Golden record",
        ("attribute", "value", "from", "as of", "rule"),
        [
            (
                _heading(row["attribute"]),
                row["value"],
                row["source_system"],
                _day(row["sequence_at"]),
                row["rule"].replace("_", " "),
            )
            for row in page.gold["customer_attribute"]
        ],
        most=30,
    )


def _identifiers(page: CustomerPage) -> Section:
    """One row per identifier, with every system that knows it."""
    known: dict[tuple[str, str], list[Row]] = {}
    for row in _newest(page.gold["customer_identifier"], "last_seen_at"):
        known.setdefault((row["identifier_type"], row["identifier_value"]), []).append(row)
    return Section(
        "Identifiers",
        ("", "value", "last seen", "sources"),
        [
            (
                kind.replace("_", " "),
                value,
                _day(rows[0]["last_seen_at"]),
                text(sorted({row["source_system"] for row in rows})),
            )
            for (kind, value), rows in known.items()
        ],
        most=8,
    )


def _identity(page: CustomerPage) -> Section:
    return Section(
        "How this customer came together",
        ("at (UTC)", "event", "records", "cause", "other customer"),
        [
            (
                text(row["occurred_at"]),
                row["event"],
                text(row["record_count"]),
                row["cause"].replace("_", " "),
                _customer(page, row["other_customer_id"]),
            )
            for row in _newest(page.identity, "occurred_at")
        ],
        most=5,
    )


_SPECIAL: Mapping[str, Callable[[CustomerPage], Section]] = {
    "customer_contact_point": _contact_points,
    "customer_consent": _consents,
    "customer_timeline": _timeline,
    "customer_order": _orders,
    "customer_interaction": _interactions,
    "household_member": _household,
    "customer_attribute": _golden_record,
    "customer_identifier": _identifiers,
    "identity_event": _identity,
}


def _further(page: CustomerPage, entity: str) -> Section:
    """Any table: a single row as a list of what it says, several as a table, the newest first."""
    rows = page.gold[entity]
    columns = _telling_columns(entity, rows)
    title = _heading(entity.removeprefix("customer_")).capitalize()
    if len(rows) == 1:
        told = [(_heading(name), _cell(page, name, rows[0][name])) for name in columns]
        return Section(title, ("", "value"), told, most=12)
    moments = [name for name in columns if name.endswith(("_at", "_date", "_from"))]
    shown = columns[:_MOST_COLUMNS]
    ordered = _newest(rows, moments[0]) if moments else rows
    cells = [tuple(_cell(page, name, row[name]) for name in shown) for row in ordered]
    return Section(title, [_heading(name) for name in shown], cells, most=8)


def _telling_columns(entity: str, rows: Sequence[Row]) -> list[str]:
    """The columns of its spec that a person can read something from, in declared order."""
    declared = [name for spec in GOLD_TABLES if spec.entity == entity for name in spec.column_names]
    return [
        name
        for name in declared
        if not (name == "customer_id" or name.endswith(_KEYS))
        and any(row[name] not in (None, [], {}) for row in rows)
    ]


def _cell(page: CustomerPage, column: str, value: object) -> str:
    return _customer(page, value) if "customer_id" in column else text(value)


def _customer(page: CustomerPage, customer_id: object) -> str:
    """A customer by name and id; of this one only that it is."""
    if customer_id == page.customer_id:
        return "this customer"
    name = page.names.get(str(customer_id))
    return f"{name} {customer_id}" if name else text(customer_id)


def _newest(rows: Iterable[Row], column: str) -> list[Row]:
    return sorted(rows, key=lambda row: text(row.get(column)), reverse=True)


def _heading(column: str) -> str:
    return column.replace("_", " ")


def _day(moment: datetime | None) -> str:
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
