"""gold.source: feeds as conf describes them."""

from typing import Any

from lakehouse.gold.source import source_rows
from lakehouse.settings.sources import Source
from lakehouse.tables.gold import SOURCE


def feed(system: str, *tables: str, **other: Any) -> Source:
    """A feed that fills the given silver tables."""
    return Source.model_validate(
        {
            "source_system": system,
            "entity": "contact",
            "description": "Contacts.",
            "owner": "sales",
            "readers": ["analytics", "service"],
            "format": "csv",
            "file_pattern": "*.csv",
            "load_kind": "snapshot",
            "key": ["id"],
            "sequence": "changed",
            "columns": [
                {"name": "id", "description": "Id.", "required": True},
                {"name": "changed", "description": "Changed.", "required": True},
            ],
            "feeds": [{"table": table, "map": {"full_name": "id"}} for table in tables],
            **other,
        }
    )


def test_one_row_per_feed_in_order_of_name_with_each_silver_table_once() -> None:
    shop = feed("shop", "person_record", "consent_event", "person_record")
    crm = feed("crm", freshness_limit_hours=24)
    rows = [dict(zip(SOURCE.column_names, row, strict=True)) for row in source_rows([shop, crm])]
    assert [row["source_feed"] for row in rows] == ["crm_contact", "shop_contact"]
    assert [row["silver_tables"] for row in rows] == [[], ["consent_event", "person_record"]]
    assert [row["freshness_limit_hours"] for row in rows] == [24, None]
    assert rows[0] == {
        "source_feed": "crm_contact",
        "source_system": "crm",
        "entity": "contact",
        "description": "Contacts.",
        "owner": "sales",
        "readers": ["analytics", "service"],
        "file_format": "csv",
        "load_kind": "snapshot",
        "freshness_limit_hours": 24,
        "silver_tables": [],
    }
