"""A small conf folder for each test: the real settings, and two sources made here."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from lakehouse.settings.places import conf_dir

CONTACT = {
    "source_system": "crm",
    "entity": "contact",
    "description": "One row per contact.",
    "owner": "sales",
    "readers": ["sales"],
    "format": "csv",
    "file_pattern": "*/crm_contact_*.csv",
    "load_kind": "snapshot",
    "key": ["contact_id"],
    "sequence": "changed_at",
    "delete_flag": {"column": "is_deleted", "values": ["1"]},
    "columns": [
        {"name": "contact_id", "description": "Id.", "required": True},
        {"name": "changed_at", "description": "Change.", "sensitivity": "none"},
        {"name": "is_deleted", "description": "Deleted.", "sensitivity": "none"},
        {"name": "first_name", "description": "Given name."},
    ],
    "feeds": [{"table": "person_record", "map": {"given_name": "first_name"}}],
}
ORDER = {
    "source_system": "shop",
    "entity": "order",
    "description": "One row per order.",
    "owner": "sales",
    "readers": ["sales"],
    "format": "jsonl",
    "file_pattern": "*/shop_order_*.jsonl",
    "load_kind": "event",
    "key": ["order_id"],
    "sequence": "placed_at",
    "columns": [
        {"name": "order_id", "description": "Id.", "required": True},
        {"name": "placed_at", "description": "Placed."},
        {"name": "contact_id", "description": "Who."},
        {"name": "lines", "description": "Lines."},
    ],
    "feeds": [
        {
            "table": "order",
            "map": {
                "order_id": "order_id",
                "ordered_at": "placed_at",
                "channel": {"constant": "shop"},
            },
            "person": {"source": "crm_contact", "id": "contact_id"},
        },
        {
            "table": "order_line",
            "each": "lines",
            "map": {"product_id": "item.sku", "quantity": {"column": "item.quantity"}},
            "order": {"source": "shop_order", "id": "order_id"},
            "record_id": ["order_id", "item.number"],
        },
    ],
}


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A right configuration of the environments test and prod that a test may spoil."""
    folder = tmp_path / "conf"
    shutil.copytree(conf_dir(), folder, ignore=shutil.ignore_patterns("sources"))
    (folder / "base" / "sources").mkdir()
    for source in (CONTACT, ORDER):
        name = f"{source['source_system']}_{source['entity']}.yml"
        text = yaml.safe_dump(source, sort_keys=False)
        (folder / "base" / "sources" / name).write_text(text, encoding="utf-8")
    survivorship = folder / "base" / "survivorship.yml"
    content = yaml.safe_load(survivorship.read_text(encoding="utf-8"))
    content["source_priority"] = ["crm", "shop"]
    content["trust"]["systems"] = {"crm": {"start": 0.9}}
    survivorship.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    _forget_the_machine(monkeypatch)
    monkeypatch.setenv("C360_CONF", str(folder))
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))
    return folder


def _forget_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("C360_"):
            monkeypatch.delenv(name)
