"""A path says which columns of a table are compared with which keys of a person."""

import pytest

from lakehouse.privacy.subject_paths import SubjectKeys, SubjectPath, bronze_path, subject_path
from lakehouse.settings.load import load_settings
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_RELATION, PRODUCT
from lakehouse.tables.linkage import CUSTOMER_ALIAS, SCORED_EDGE
from lakehouse.tables.ops import LINK_OVERRIDE, QUARANTINE
from lakehouse.tables.silver import ORDER, PERSON_RECORD
from lakehouse.tables.spec import Column, TableSpec

CUSTOMER_ID, PERSON = SubjectKeys.CUSTOMER_ID, SubjectKeys.PERSON_RECORD_KEY


@pytest.mark.parametrize(
    ("spec", "columns", "keys"),
    [
        (CUSTOMER, ("customer_id",), CUSTOMER_ID),
        (CUSTOMER_RELATION, ("customer_id", "related_customer_id"), CUSTOMER_ID),
        (CUSTOMER_ALIAS, ("customer_id", "current_customer_id"), CUSTOMER_ID),
        (PERSON_RECORD, ("record_key",), PERSON),
        (ORDER, ("person_record_key",), PERSON),
        (SCORED_EDGE, ("record_key_l", "record_key_r"), PERSON),
        (LINK_OVERRIDE, ("record_key_l", "record_key_r"), PERSON),
    ],
    ids=lambda part: part.name if isinstance(part, TableSpec) else "",
)
def test_a_row_is_hers_by_any_of_its_subject_keys(
    spec: TableSpec, columns: tuple[str, ...], keys: SubjectKeys
) -> None:
    assert subject_path(spec) == SubjectPath(columns, keys)


def test_nobody_is_behind_a_product() -> None:
    assert subject_path(PRODUCT) is None


def test_a_part_belongs_to_whom_its_whole_belongs_to() -> None:
    line = table("gold.parcel", "order_record_key", subject_key="order_record_key")

    assert subject_path(line) == SubjectPath(
        ("order_record_key",), SubjectKeys.RECORD_KEY, ("silver.order",)
    )


def test_a_held_row_is_hers_if_its_key_is_that_of_a_row_of_hers_in_any_table() -> None:
    path = subject_path(QUARANTINE)

    assert path is not None
    assert path.keys is SubjectKeys.RECORD_KEY
    assert {"silver.person_record", "silver.order", "silver.survey_response"} <= set(path.via)
    assert "silver.product" not in path.via


def test_a_row_of_a_source_is_hers_if_what_is_made_of_it_is() -> None:
    sources = {source.name: source for source in load_settings("test").sources}

    path = bronze_path(sources["shop_order"])

    assert path == SubjectPath(
        ("order_id",), SubjectKeys.SOURCE_KEY, ("silver.order", "silver.order_line")
    )
    assert path.in_words() == "order_id (gives record_key of silver.order, silver.order_line)"
    assert bronze_path(sources["weather_store"]) is None


@pytest.mark.parametrize("column", ["shoe_size", "record_key"])
def test_a_subject_key_that_leads_to_no_person_is_refused(column: str) -> None:
    with pytest.raises(ValueError, match=f"gold.parcel.{column} leads to no person"):
        subject_path(table("gold.parcel", column, subject_key=column))


def test_keys_of_two_kinds_are_refused() -> None:
    mixed = ("customer_id", "person_record_key")

    with pytest.raises(ValueError, match="mixes"):
        subject_path(table("gold.parcel", *mixed, subject_key=mixed))


def table(name: str, *columns: str, subject_key: str | tuple[str, ...]) -> TableSpec:
    return TableSpec(
        name=name,
        description="One row per parcel.",
        columns=tuple(Column(column, "string", "A column.") for column in columns),
        primary_key=columns[:1],
        owner="sales",
        retention_days=1,
        purposes=("service",),
        subject_key=subject_key,
    )
