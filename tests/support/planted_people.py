"""A lake in which every table about persons holds a marked value of each of two people, by specs alone.

Ann and Bob are married: they share an address of e-mail and a household, a reviewer asked whether they
are one, and linkage compared them. A value of Ann begins with `ann-`, one of Bob with `bob-`.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lakehouse.columns.plain_keys import record_key_of
from lakehouse.settings.models import Settings
from lakehouse.settings.sources import Source
from lakehouse.tables.audience import AUDIENCE_EXPORT
from lakehouse.tables.gold import GOLD_TABLES
from lakehouse.tables.linkage import LINKAGE_TABLES
from lakehouse.tables.ops import ATTRIBUTE_OVERRIDE, LINK_OVERRIDE, QUARANTINE, REVIEW_TASK
from lakehouse.tables.silver import PERSON_RECORD, SILVER_TABLES
from lakehouse.tables.spec import Column, Layer, TableSpec
from tests.support.plain_lake import PlainLake

DAY = date(2026, 1, 6)
NOON = datetime(2026, 1, 4, 12, tzinfo=UTC)
FAMILY_EMAIL = "family@archer.example"
CUSTOMERS = {"ann": "a" * 32, "bob": "b" * 32}
BORN = {"ann": date(1980, 5, 4), "bob": date(1978, 1, 2)}
PERSON_FEEDS = ("crm_contact", "shop_account", "pos_loyalty_member", "newsletter_subscriber")
PERSON_FEEDS += ("social_profile", "support_ticket")
LOGS = (LINK_OVERRIDE, ATTRIBUTE_OVERRIDE, AUDIENCE_EXPORT)

Row = dict[str, Any]


def secret_of(settings: Settings) -> str:
    return settings.lake.secret.get_secret_value()


def person_id(who: str, feed: str) -> str:
    return f"{who}-{feed}-id"


def key_of(settings: Settings, who: str, feed: str = "crm_contact") -> str:
    """The key of somebody's person record in a feed."""
    (source,) = (s for s in settings.sources if s.name == feed)
    found = record_key_of(
        secret_of(settings), source.source_system, source.entity, person_id(who, feed)
    )
    assert found
    return found


def row_key(who: str, table: str) -> str:
    """The key of a row that is no person record."""
    return (f"{who}{table}".encode().hex() + "0" * 64)[:64]


def planted_lake(root: Path) -> PlainLake:
    """One release, with one row per person in every table about persons, and rows about both."""
    lake = PlainLake(root)
    settings = lake.settings()
    tables: dict[TableSpec, list[Row]] = {}
    made = (*SILVER_TABLES, *LINKAGE_TABLES, *GOLD_TABLES, *settings.product_tables)
    for spec in (*made, REVIEW_TASK, *LOGS):
        if spec.subject_keys:
            tables[spec] = [r for who in CUSTOMERS for r in _rows(settings, spec, who)]
            tables[spec] += _rows_about_both(settings, spec)
    for source in settings.sources:
        tables[source.bronze_table] = [_bronze(source, who) for who in CUSTOMERS]
    tables[QUARANTINE] = [_held(who) for who in CUSTOMERS]
    logs = {spec: tables.pop(spec) for spec in LOGS}
    lake.release(DAY, tables)
    for spec, rows in logs.items():
        lake._write(spec, rows, "append")
    return lake


def _rows(settings: Settings, spec: TableSpec, who: str) -> Iterator[Row]:
    if spec == PERSON_RECORD:
        yield from (_person(settings, who, feed) for feed in PERSON_FEEDS)
        return
    row = {column.name: _value(spec, column, who) for column in spec.columns}
    own = key_of(settings, who)
    names = set(row)
    row |= {name: CUSTOMERS[who] for name in names if "customer_id" in name}
    row["record_key"] = own if spec.layer in (Layer.LINKAGE, Layer.OPS) else row_key(who, spec.name)
    if spec.name in (
        "gold.customer_attribute",
        "gold.customer_history",
        "gold.customer_identifier",
    ):
        row["record_key"] = own
    more = {
        "person_record_key": own,
        "record_key_l": own,
        "record_key_r": key_of(settings, who, "shop_account"),
        "record_keys": [own],
        "record_seen_at": {own: NOON},
        "cluster_id": own,
        "component_id": own,
        "valid_to": None,
        "source_file": f"{who}-file",
    }
    yield {name: value for name, value in (row | more).items() if name in names}


def _person(settings: Settings, who: str, feed: str) -> Row:
    row = {c.name: _value(PERSON_RECORD, c, who) for c in PERSON_RECORD.columns}
    return row | {
        "record_key": key_of(settings, who, feed),
        "source_feed": feed,
        "source_record_id": person_id(who, feed),
        "given_name": who,
        "given_name_match": who,
        "family_name_match": "archer",
        "name_suffix": None,
        "national_id": None,
        "birth_date": BORN[who],
        "email": FAMILY_EMAIL,
        "email_match": FAMILY_EMAIL,
    }


def _value(spec: TableSpec, column: Column, who: str) -> Any:
    mark = f"{who}-{spec.name}-{column.name}"
    simple: dict[str, Any] = {
        "string": mark,
        "date": DAY,
        "timestamp": NOON,
        "boolean": True,
        "double": 1.0,
        "int": 1,
        "bigint": 1,
        "array<string>": [mark],
        "map<string,string>": {"said": mark},
    }
    if column.type.startswith("decimal"):
        return Decimal(1)
    return simple.get(column.type)


def _rows_about_both(settings: Settings, spec: TableSpec) -> list[Row]:
    """Rows that name Ann and Bob: what is personal in them is marked as Bob's."""
    names = set(spec.column_names)
    if not {"record_key_r", "related_customer_id", "other_customer_id"} & names:
        return []
    (row,) = _rows(settings, spec, "bob")
    both = {
        "record_key_l": key_of(settings, "ann"),
        "record_key_r": key_of(settings, "bob"),
        "customer_id": CUSTOMERS["ann"],
        "customer_id_l": CUSTOMERS["ann"],
        "related_customer_id": CUSTOMERS["bob"],
        "other_customer_id": CUSTOMERS["bob"],
    }
    plain = {
        c.name: "both" for c in spec.columns if c.type == "string" and not c.sensitivity.is_personal
    }
    keys = {name: row[name] for name in names if name.endswith("_key") or "customer_id" in name}
    return [{k: v for k, v in (row | plain | keys | both).items() if k in names}]


def _bronze(source: Source, who: str) -> Row:
    """A row as it came, in which every column is marked and whom it names is somebody's record."""
    row: Row = {column.name: f"{who}-{source.name}-{column.name}" for column in source.columns}
    row |= {
        "source": source.name,
        "source_file": f"{source.name}.csv",
        "source_row_number": 1 + list(CUSTOMERS).index(who),
        "content_hash": "c",
        "file_hash": "f",
        "run_id": "run-1",
        "ingested_at": NOON,
    }
    for feed in source.feeds:
        if feed.each is not None:
            _set(row, feed.each, [{"said": f"{who}-{source.name}-item"}])
        for path in feed.record_id or source.key if feed.table == "person_record" else ():
            _set(row, path, person_id(who, source.name))
        if feed.person is not None:
            named = feed.person.source
            name = named if isinstance(named, str) else next(iter((named.values or {}).values()))
            if not isinstance(named, str):
                _set(row, named.column or "", next(iter(named.values or {})))
            _set(row, feed.person.id, person_id(who, name))
    return {k: json.dumps(v) if isinstance(v, dict | list) else v for k, v in row.items()}


def _set(row: Row, path: str, value: Any) -> None:
    head, *rest = path.split(".")
    if head == "item":
        return
    if not rest:
        row[head] = value
        return
    inside = row[head] if isinstance(row.get(head), dict) else {"said": row.get(head)}
    row[head] = inside
    for part in rest[:-1]:
        inside = inside.setdefault(part, {})
    inside[rest[-1]] = value


def _held(who: str) -> Row:
    return {
        "run_id": "run-1",
        "table_name": "bronze.crm_contact",
        "source_feed": "crm_contact",
        "source_file": "crm_contact.csv",
        "source_row_number": 9,
        "reasons": ["too_many_columns"],
        "payload": f"{who},{FAMILY_EMAIL},{who}-held-payload".encode(),
        "quarantined_at": NOON,
    }
