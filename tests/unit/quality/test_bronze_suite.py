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


def test_the_key_of_an_event_must_be_there_and_its_moment_is_left_to_silver() -> None:
    source = orders(LoadKind.EVENT)

    suite = bronze_suite(source, date(2026, 1, 5))

    assert suite.table == "bronze.shop_order"
    assert [(rule.reason, rule.columns) for rule in suite.quarantine_rules] == [
        ("missing_key", ("order_id",))
    ]
    assert set(suite.columns) <= set(source.bronze_table.column_names)


@pytest.mark.parametrize("load_kind", [LoadKind.SNAPSHOT, LoadKind.DELTA])
def test_the_sequence_of_a_version_must_be_read_and_lie_before_the_day_after_the_next(
    load_kind: LoadKind,
) -> None:
    suite = bronze_suite(orders(load_kind), date(2026, 1, 31))

    _, unreadable, future = suite.quarantine_rules
    assert (unreadable.reason, unreadable.columns) == ("unreadable_sequence", (SEQUENCE_AT,))
    assert (future.reason, future.columns) == ("future_sequence", (SEQUENCE_AT,))
    assert (future.kwargs["max_value"], future.kwargs["strict_max"]) == ("2026-02-02", True)
