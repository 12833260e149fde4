"""One customer's page: everything that gold has about them, as plain rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lakehouse.pipeline.reader_tables import ReaderTables
from lakehouse.privacy.masking import require_readable
from lakehouse.privacy.shapes import HIDDEN
from lakehouse.settings.roles import Mask
from lakehouse.storage.released_tables import ReleasedTables, Row, one_of
from lakehouse.tables.gold import (
    CUSTOMER,
    CUSTOMER_360,
    CUSTOMER_METRIC,
    GOLD_TABLES,
    HOUSEHOLD_MEMBER,
    PRODUCT,
)
from lakehouse.tables.linkage import CUSTOMER_ALIAS, IDENTITY_EVENT
from lakehouse.tables.spec import TableSpec

_RECENCY = ("last_order_date", "last_contact_date", "last_active_date")
_HOUSEHOLD_ID = "household_id"


@dataclass(frozen=True)
class CustomerPage:
    """What one release knows of one customer, as a role sees it.

    Attributes:
        customer_id: whose page it is.
        retired_id: the id that was asked for, where that is no more.
        former_ids: ids that are no more and whose records are this customer's now.
        release, run_id, released_for: the release, its run and the day that it was made for.
        as_of: the day from which recency counts.
        gold: by table of gold that tells of customers, without `gold.`: its rows about this one, in
            order of key. Tables without rows are there. Order lines have `product_name` too.
        household_members: the rows of gold.household_member about all who live with the customer today.
        identity: the rows of linkage.identity_event about this customer, oldest first.
        days_since: by date of gold.customer_360, the days that have passed from it to `as_of`; of
            gold.customer_metric, which knows no contact with the service desk, where that has no row.
        names: display names of other customers whom the rows name, by id.
        role: who reads.
        masked: by table of `gold` with rows, the columns that the role does not see in the clear.
    """

    customer_id: str
    retired_id: str | None
    former_ids: list[str]
    release: int
    run_id: str
    released_for: date | None
    as_of: date | None
    gold: Mapping[str, list[Row]]
    household_members: list[Row] = field(default_factory=list)
    identity: list[Row] = field(default_factory=list)
    days_since: Mapping[str, int | None] = field(default_factory=dict)
    names: Mapping[str, str | None] = field(default_factory=dict)
    role: str = ""
    masked: Mapping[str, list[str]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The page for JSON: dates in ISO 8601, moments in UTC, decimals as strings of all their digits."""
        return {name: _plain(value) for name, value in vars(self).items()}


def customer_page(
    tables: ReaderTables,
    customer_id: str,
    *,
    as_of: date | None = None,
    retired_id: str | None = None,
    specs: Sequence[TableSpec] = GOLD_TABLES,
) -> CustomerPage:
    """The page of a customer whom the release has; AccessError if the reader may not read gold.customer.

    A table of gold that tells of customers is on it by its spec alone. Recency counts from `as_of`, or
    else from the day that the release was made for, as nothing is known of later days.
    """
    require_readable(CUSTOMER, tables.role)
    clear = tables.clear
    found, members = _found(clear, specs, customer_id)
    identity = clear.rows(IDENTITY_EVENT, one_of("customer_id", [customer_id]))
    identity.sort(key=lambda row: (row["occurred_at"], row["event_id"]))
    others = tables.visible(_others([*_all_rows(found), *members, *identity], customer_id))
    near = {customer_id, *others}
    by_entity = {"household_member": HOUSEHOLD_MEMBER, **{spec.entity: spec for spec in specs}}
    gold = {entity: tables.seen(by_entity[entity], rows, near) for entity, rows in found.items()}
    _name_products(tables, gold.get("customer_order_line", []))
    day = as_of or clear.as_of
    return CustomerPage(
        customer_id=_id_as_seen(tables, customer_id),
        retired_id=retired_id,
        former_ids=_former_ids(tables, customer_id),
        release=clear.number,
        run_id=clear.run_id,
        released_for=clear.as_of,
        as_of=day,
        gold=gold,
        household_members=tables.seen(by_entity["household_member"], members, near),
        identity=tables.seen(IDENTITY_EVENT, identity, near),
        days_since=_days_since(tables, gold, day),
        names=_names(tables, others),
        role=tables.role.name,
        masked={name: tables.masked_columns(by_entity[name]) for name in gold if gold[name]},
    )


def _found(
    tables: ReleasedTables, specs: Sequence[TableSpec], customer_id: str
) -> tuple[dict[str, list[Row]], list[Row]]:
    """By table the rows about the customer, and those of gold.household_member about all who live there."""
    gold = {
        spec.entity: _rows_about(tables, spec, customer_id) for spec in specs if _subjects(spec)
    }
    household, members = _of_household(tables, specs, gold)
    return {**gold, **household}, members


def _former_ids(tables: ReaderTables, customer_id: str) -> list[str]:
    rows = tables.clear.rows(CUSTOMER_ALIAS, one_of("current_customer_id", [customer_id]))
    return sorted(_id_as_seen(tables, row["customer_id"]) for row in rows)


def _id_as_seen(tables: ReaderTables, customer_id: str) -> str:
    (row,) = tables.seen(CUSTOMER, [{"customer_id": customer_id}], None) or [{}]
    return row.get("customer_id") or HIDDEN


def richest_customer(tables: ReaderTables) -> str | None:
    """The customer whom most systems know; of these the one with most contacts, then the first id.

    None if the release has no customer whom the role sees.
    """
    contacts = {
        row["customer_id"]: row["interaction_count"] or 0
        for row in tables.clear.rows(CUSTOMER_METRIC, columns=("customer_id", "interaction_count"))
    }
    rows = tables.clear.rows(CUSTOMER, columns=("customer_id", "source_count"))
    ranked = (
        (-r["source_count"], -contacts.get(r["customer_id"], 0), r["customer_id"]) for r in rows
    )
    return next((one for _, _, one in sorted(ranked) if tables.visible([one])), None)


def _subjects(spec: TableSpec) -> list[str]:
    """The columns by which a table tells of customers: customer_id, or else all that name one."""
    if "customer_id" in spec.column_names:
        return ["customer_id"]
    return [name for name in spec.column_names if _names_customer(name)]


def _names_customer(column: str) -> bool:
    return "customer_id" in column and not column.endswith("s")


def _rows_about(tables: ReleasedTables, spec: TableSpec, customer_id: str) -> list[Row]:
    return _rows(tables, spec, *_subjects(spec), values=[customer_id])


def _rows(
    tables: ReleasedTables, spec: TableSpec, *columns: str, values: Iterable[str]
) -> list[Row]:
    """The rows in which one of the columns has one of the values, in order of key."""
    wanted = list(values)
    rows = tables.rows(spec, " OR ".join(one_of(column, wanted) for column in columns))
    return sorted(rows, key=lambda row: [_sortable(row[name]) for name in spec.primary_key])


def _sortable(value: Any) -> tuple[bool, Any]:
    return value is not None, value if isinstance(value, int) else _text(value)


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _of_household(
    tables: ReleasedTables, specs: Sequence[TableSpec], gold: Mapping[str, list[Row]]
) -> tuple[dict[str, list[Row]], list[Row]]:
    """The rows of gold.household about where the customer lives today, and of all who live there today."""
    by_entity = {spec.entity: spec for spec in specs if _HOUSEHOLD_ID in spec.column_names}
    own = _today(gold.get("household_member", []))
    ids = {row[_HOUSEHOLD_ID] for row in own}
    found: dict[str, list[Row]] = {
        entity: _rows(tables, by_entity[entity], _HOUSEHOLD_ID, values=ids)
        for entity in ("household", "household_member")
        if entity in by_entity
    }
    members = _today(found.pop("household_member", []))
    return found, members


def _today(rows: Iterable[Row]) -> list[Row]:
    """The rows whose period has not ended."""
    return [row for row in rows if row.get("valid_to") is None]


def _name_products(tables: ReaderTables, lines: list[Row]) -> None:
    condition = one_of("product_id", (row["product_id"] for row in lines if row["product_id"]))
    rows = tables.clear.rows(PRODUCT, condition, ("product_id", "product_name"))
    rows = tables.seen(PRODUCT, rows)
    names = {row["product_id"]: row["product_name"] for row in rows}
    for line in lines:
        line["product_name"] = names.get(line["product_id"])


def _days_since(
    tables: ReaderTables, gold: Mapping[str, list[Row]], day: date | None
) -> dict[str, int | None]:
    """Of days that the reader does not see in the clear, none tells how long ago it was."""
    for spec in (CUSTOMER_360, CUSTOMER_METRIC):
        if tables.role.may_read(spec) and gold.get(spec.entity):
            row = gold[spec.entity][0]
            seen = {n: row[n] for n in _RECENCY if tables.role.mask(spec, n) is Mask.CLEAR}
            return {n: (day - seen[n]).days if day and seen.get(n) else None for n in _RECENCY}
    return dict.fromkeys(_RECENCY)


def _others(rows: Iterable[Row], customer_id: str) -> set[str]:
    """The other customers whom the rows name."""
    return {
        value
        for row in rows
        for column, value in row.items()
        if _names_customer(column) and isinstance(value, str) and value != customer_id
    }


def _names(tables: ReaderTables, ids: Iterable[str]) -> dict[str, str | None]:
    columns = ("customer_id", "display_name", "country", "region")
    rows = tables.clear.rows(CUSTOMER, one_of("customer_id", ids), columns)
    return {
        row["customer_id"]: row["display_name"]
        for row in tables.seen(CUSTOMER, rows)
        if row["customer_id"]
    }


def _all_rows(gold: Mapping[str, list[Row]]) -> list[Row]:
    return [row for rows in gold.values() for row in rows]


def _plain(value: Any) -> Any:
    """The value as JSON has it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
