"""Whatever is held of a person can be found from her, and says why it is held and how long."""

from collections.abc import Iterable

import pytest

from lakehouse.privacy.subject_paths import SubjectKeys, bronze_path, subject_path
from lakehouse.settings.load import load_settings
from lakehouse.settings.sources import Source
from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.spec import Column, Sensitivity, TableSpec

SETTINGS = load_settings("test")
SOURCES = SETTINGS.sources
EVERY_TABLE = (*STATIC_TABLES, *(s.bronze_table for s in SOURCES), *SETTINGS.product_tables)
BY_NAME = [pytest.param(spec, id=spec.name) for spec in STATIC_TABLES]
BY_SOURCE = [pytest.param(source, id=source.name) for source in SOURCES]

LINEAGE = {
    *("record_key", "source_record_id", "corrections"),
    *("content_hash", "unknown_columns"),
}
"""Personal everywhere, also in tables about things: a source may use an e-mail as its id."""

OF_MANY = {
    "linkage.shared_identifier": "a keyed hash of a value that more people share than conf allows",
    "linkage.term_frequency": "a keyed hash of a value that several records have, and how often",
    "linkage.oversized_block": "a keyed hash that too many records share",
}
"""Tables of keyed hashes of what several people share: about no one of them, and made anew by runs."""

OF_ERASED = {
    "ops.erasure_mark": "what an erasure works on, deleted when it is proved",
    "ops.suppression": "keyed hashes by which an erased person is known again, under a key of their own",
}
"""Tables about those who are erased, which an access must not find and an erasure cannot do without."""


def of_persons(columns: Iterable[Column]) -> set[str]:
    return {c.name for c in columns if c.sensitivity is not Sensitivity.NONE} - LINEAGE


@pytest.mark.parametrize("spec", BY_NAME)
def test_a_table_that_tells_of_persons_can_be_reached_from_each(spec: TableSpec) -> None:
    if spec.name not in OF_MANY | OF_ERASED:
        assert not of_persons(spec.columns) or subject_path(spec) is not None


@pytest.mark.parametrize("spec", [pytest.param(spec, id=spec.name) for spec in EVERY_TABLE])
def test_a_table_with_a_personal_column_says_why_it_is_kept_and_for_how_long(
    spec: TableSpec,
) -> None:
    # Of lineage columns too: a column has the purposes and the retention of its table.
    if any(column.sensitivity is not Sensitivity.NONE for column in spec.columns):
        assert {*spec.purposes} & {*SETTINGS.purposes.purposes} == {*spec.purposes} != set()
        assert spec.retention_days > 0


@pytest.mark.parametrize("source", BY_SOURCE)
def test_a_source_that_tells_of_persons_fills_a_table_of_persons(source: Source) -> None:
    assert not of_persons(source.bronze_table.columns) or bronze_path(source) is not None


def test_hashes_of_what_many_share_stand_in_tables_without_any_personal_value() -> None:
    specs = [spec for spec in STATIC_TABLES if spec.name in OF_MANY]

    assert len(specs) == len(OF_MANY)
    assert [spec.name for spec in specs if spec.personal_columns] == []


@pytest.mark.parametrize("spec", BY_NAME)
def test_every_column_that_holds_a_customer_id_of_a_table_by_customer_is_on_its_path(
    spec: TableSpec,
) -> None:
    # Else a row that names her in another column would stay when she is gone.
    path = subject_path(spec)
    named = {column for column in spec.column_names if "customer_id" in column}

    if path is not None and path.keys is SubjectKeys.CUSTOMER_ID:
        assert named == set(path.columns)


@pytest.mark.parametrize("spec", BY_NAME)
def test_both_records_of_a_pair_are_on_its_path(spec: TableSpec) -> None:
    pair = {"record_key_l", "record_key_r"} & set(spec.column_names)

    assert pair <= set(spec.subject_keys)
