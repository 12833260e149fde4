"""A lake with four customers, small enough to be read at a glance, for what shows or finds them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from lakehouse.tables.gold import (
    CUSTOMER,
    CUSTOMER_ATTRIBUTE,
    CUSTOMER_CONSENT,
    CUSTOMER_CONTACT_POINT,
    CUSTOMER_IDENTIFIER,
    CUSTOMER_INTERACTION,
    CUSTOMER_METRIC,
    CUSTOMER_ORDER,
    CUSTOMER_ORDER_LINE,
    PRODUCT,
)
from lakehouse.tables.linkage import CUSTOMER_ALIAS, IDENTITY_EVENT, IDENTITY_MAP
from lakehouse.tables.silver import PERSON_RECORD
from tests.support.plain_lake import PlainLake

ANA, BEN, BENNY, EVE = "a" * 32, "b" * 32, "c" * 32, "e" * 32
MERGED, SPLIT, GONE, ERASED = "d" * 32, "f" * 32, "9" * 32, "8" * 32
"""Ids that are no more: one went into Ana, one came apart into Ben and Benny, one has no record left,
one is erased."""

DAY_1, DAY_2 = date(2026, 1, 5), date(2026, 1, 6)
NOON = datetime(2026, 1, 4, 12, tzinfo=UTC)
HOSTILE = "[red]x[/red]\x1b[31m"

_TABLES: dict[Any, list[dict[str, Any]]] = {
    CUSTOMER: [
        {
            "customer_id": ANA,
            "display_name": "Ána O'Müller",
            "given_name": "Ána",
            "family_name": "O'Müller",
            "city": "Köln",
            "country": "DE",
            "record_count": 3,
            "source_count": 2,
            "birth_date": date(1980, 2, 3),
        },
        {
            "customer_id": BEN,
            "display_name": "Ben Stone",
            "given_name": "Ben",
            "family_name": "Stone",
            "city": "York",
            "country": "GB",
            "record_count": 2,
            "source_count": 2,
            "birth_date": date(1990, 1, 1),
        },
        {
            "customer_id": BENNY,
            "display_name": "Benjamin Stone",
            "record_count": 1,
            "given_name": "Benjamin",
            "family_name": "Stone",
            "source_count": 1,
        },
        {"customer_id": EVE, "display_name": HOSTILE, "record_count": 1, "source_count": 1},
    ],
    CUSTOMER_IDENTIFIER: [
        {
            "customer_id": who,
            "identifier_type": kind,
            "identifier_value": value,
            "source_system": "crm",
            "record_key": f"{who[0]}1",
            "first_seen_at": NOON,
            "last_seen_at": NOON,
        }
        for who, kind, value in (
            (ANA, "email", "ana@example.de"),
            (ANA, "loyalty_number", "L-77"),
            (BEN, "phone", "+442079460018"),
            (BEN, "email", "stones@example.com"),
            (BENNY, "email", "stones@example.com"),
        )
    ],
    CUSTOMER_CONTACT_POINT: [
        {
            "customer_id": ANA,
            "contact_type": "email",
            "contact_value": value,
            "written_value": value,
            "is_primary": primary,
            "sources": ["crm", "shop"],
            "record_keys": ["a1"],
            "record_seen_at": {"a1": NOON},
            "first_seen_at": NOON,
            "last_seen_at": NOON,
        }
        for value, primary in (("old-ana@example.de", False), ("ana@example.de", True))
    ],
    CUSTOMER_ATTRIBUTE: [
        {
            "customer_id": ANA,
            "attribute_group": "name",
            "attribute": "given_name",
            "value": "Ána",
            "record_key": "a1",
            "source_system": "crm",
            "sequence_at": NOON,
            "rule": "most_recent",
        }
    ],
    CUSTOMER_CONSENT: [
        {
            "customer_id": ANA,
            "purpose": "marketing",
            "channel": "email",
            "state": "withdrawn",
            "decided_at": NOON,
            "record_key": "k",
            "has_conflict": True,
            "source_system": "consent",
        }
    ],
    CUSTOMER_METRIC: [
        {
            "customer_id": ANA,
            "last_order_date": date(2026, 1, 2),
            "order_count": 7,
            "returned_order_count": 1,
            "cancelled_order_count": 0,
            "interaction_count": 12,
            "last_contact_date": date(2026, 1, 4),
            "order_values": [
                {"currency": "EUR", "order_count": 7, "total_amount": Decimal("1234.50")}
            ],
        }
    ],
    CUSTOMER_ORDER: [
        {
            "record_key": f"o{n}",
            "customer_id": ANA,
            "source_system": "shop",
            "order_id": f"W{n}",
            "channel": "shop",
            "ordered_at": datetime(2026, 1, n, tzinfo=UTC),
            "order_date": date(2026, 1, n),
            "status": "paid",
            "currency": "EUR",
            "total_amount": Decimal(f"{n}.10"),
        }
        for n in range(1, 8)
    ],
    CUSTOMER_ORDER_LINE: [
        {
            "record_key": "l1",
            "customer_id": ANA,
            "source_system": "shop",
            "quantity": 2,
            "order_record_key": "o7",
            "line_number": 1,
            "product_id": "P1",
            "currency": "EUR",
        }
    ],
    PRODUCT: [{"product_id": "P1", "product_name": "Kettle", "source_system": "shop"}],
    CUSTOMER_INTERACTION: [
        {
            "interaction_key": f"i{n}",
            "customer_id": ANA,
            "source_system": "support",
            "record_key": f"i{n}",
            "interaction_type": "support_ticket",
            "channel": "phone",
            "happened_at": datetime(2026, 1, 3, n, tzinfo=UTC),
            "topic": f"topic {n}",
            "interaction_date": date(2026, 1, 3),
            "event_count": 1,
        }
        for n in range(12)
    ],
    PERSON_RECORD: [
        {"record_key": "a2", "full_name_match": "ana schmidt", "family_name_match": "schmidt"},
    ],
    IDENTITY_MAP: [
        {"record_key": "a2", "customer_id": BEN, "valid_from": NOON, "valid_to": NOON},
        {"record_key": "a2", "customer_id": ANA, "valid_from": NOON},
    ],
    CUSTOMER_ALIAS: [
        {"customer_id": MERGED, "current_customer_id": ANA},
        {"customer_id": SPLIT, "current_customer_id": BEN},
        {"customer_id": SPLIT, "current_customer_id": BENNY},
    ],
    IDENTITY_EVENT: [
        {
            "event_id": "9",
            "customer_id": ERASED,
            "event": "erased",
            "record_count": 1,
            "occurred_at": NOON,
            "cause": "erasure",
            "run_id": "r",
        },
        {
            "event_id": "0",
            "customer_id": GONE,
            "event": "retired",
            "record_count": 1,
            "occurred_at": NOON,
            "cause": "deleted_record",
            "run_id": "r",
        },
        {
            "event_id": "1",
            "customer_id": MERGED,
            "event": "merged",
            "record_count": 2,
            "other_customer_id": ANA,
            "occurred_at": NOON,
            "cause": "new_edge",
            "run_id": "r",
        },
        {
            "event_id": "2",
            "customer_id": ANA,
            "event": "split",
            "record_count": 1,
            "other_customer_id": BEN,
            "occurred_at": NOON,
            "cause": "override",
            "run_id": "r",
        },
    ],
}


def people_lake(root: Path) -> PlainLake:
    """On the first day Ana lives in Bonn; on the second as above."""
    lake = PlainLake(root)
    ana = _TABLES[CUSTOMER][0]
    lake.release(DAY_1, {CUSTOMER: [{**ana, "city": "Bonn"}]})
    lake.release(DAY_2, _TABLES)
    return lake
