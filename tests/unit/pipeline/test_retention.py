"""How long rows of each table stay, and which tables say so."""

from datetime import date

import pytest

from lakehouse.settings.load import load_settings
from lakehouse.settings.retention import Hold, RetentionSettings
from lakehouse.settings.sources import Source
from lakehouse.tables.gold import LASTING_TABLES
from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.silver import SILVER_TABLES
from lakehouse.tables.spec import Sensitivity, TableSpec, WriteMode

SOURCES = [pytest.param(source, id=source.name) for source in load_settings("test").sources]
BY_PRIVACY = {
    *("ops.erasure", "ops.erasure_mark", "ops.erased_row", "ops.suppression"),
    *("ops.restriction", "ops.legal_hold", "ops.audience_export"),
}
"""What must not come back, be used or go is kept until that is lifted, the rest of erasure until it is
proved; whom an export told of, as long as somebody may have to be removed from where it went."""


def is_personal(spec: TableSpec) -> bool:
    return any(c.sensitivity is not Sensitivity.NONE for c in spec.columns)


@pytest.mark.parametrize("spec", [pytest.param(s, id=s.name) for s in STATIC_TABLES])
def test_a_table_that_keeps_what_is_personal_says_from_when_its_retention_counts(
    spec: TableSpec,
) -> None:
    keeps = spec.write_mode is WriteMode.APPEND or spec.name in LASTING_TABLES

    assert spec.retention_from is None or spec.retention_from in spec.column_names
    assert not (keeps and is_personal(spec)) or spec.name in BY_PRIVACY or spec.retention_from


@pytest.mark.parametrize("source", SOURCES)
def test_bronze_says_that_it_is_kept_as_long_as_the_longest_kept_table_of_silver_that_it_fills(
    source: Source,
) -> None:
    silver = {spec.entity: spec.retention_days for spec in SILVER_TABLES}

    assert source.bronze_table.retention_days == max(silver[feed.table] for feed in source.feeds)
    assert source.bronze_table.retention_from == "ingested_at"


@pytest.mark.parametrize("source", SOURCES)
def test_no_table_of_silver_is_kept_longer_than_it_says_by_a_feed_that_fills_a_longer_kept_one(
    source: Source,
) -> None:
    always = {feed.retention_days for feed in source.feeds if feed.where is None}

    assert len(always) == 1


def test_orders_grow_old_and_contacts_do_not() -> None:
    told = {s.name: s.tells_what_happened for s in load_settings("test").sources}

    assert told["web_event"]
    assert told["shop_order"]
    assert not told["crm_contact"]
    assert not told["pos_loyalty_member"]
    assert not told["catalogue_product"]


def test_a_hold_keeps_its_table_until_its_last_day_and_without_one_for_good() -> None:
    tax = Hold(table="bronze.shop_order", reason="tax", until=date(2027, 12, 31))
    court = Hold(table="ops.quarantine", reason="court")
    settings = RetentionSettings(holds=(tax, court))

    assert set(settings.held(date(2027, 12, 31))) == {"bronze.shop_order", "ops.quarantine"}
    assert set(settings.held(date(2028, 1, 1))) == {"ops.quarantine"}
