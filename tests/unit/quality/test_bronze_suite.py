"""A bronze table's suite follows from the source's description and the run's day."""

from datetime import date

import pytest

from lakehouse.quality.bronze_suite import SEQUENCE_AT, bronze_suite
from lakehouse.settings.sources import FileFormat, LoadKind, Source, SourceColumn


def orders(load_kind: LoadKind) -> Source:
    return Source(
        source_system="shop",
        entity="order",
        description="Orders.",
        owner="sales",
        readers=("sales",),
        format=FileFormat.JSON_LINES,
        file_pattern="orders-*.jsonl",
        load_kind=load_kind,
        key=("order_id",),
        sequence="updated_at",
        columns=(
            SourceColumn(name="order_id", description="Number."),
            SourceColumn(name="updated_at", description="Changed."),
        ),
    )


@pytest.mark.parametrize("load_kind", LoadKind)
def test_of_every_feed_the_key_must_be_there_and_the_moment_be_read_and_not_lie_ahead(
    load_kind: LoadKind,
) -> None:
    suite = bronze_suite(orders(load_kind), date(2026, 1, 31))

    missing_key, unreadable, future = suite.quarantine_rules
    assert suite.table == "bronze.shop_order"
    assert (missing_key.reason, missing_key.columns) == ("missing_key", ("order_id",))
    assert (unreadable.reason, unreadable.columns) == ("unreadable_sequence", (SEQUENCE_AT,))
    assert (future.reason, future.columns) == ("future_sequence", (SEQUENCE_AT,))
    assert (future.kwargs["max_value"], future.kwargs["strict_max"]) == ("2026-02-02", True)
