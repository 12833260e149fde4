"""Encrypted rows are read without Spark as if they were in the clear: by key, by value, in a stream."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from deltalake import DeltaTable, QueryBuilder
from pydantic import SecretStr

from lakehouse.errors import ConfigurationError, InputError
from lakehouse.pipeline.data_keys import status
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import LakeSettings
from lakehouse.storage.cells import KeyPlace
from lakehouse.storage.key_places import require_master_keys
from lakehouse.storage.locations import Locations
from lakehouse.storage.opened_table import OpenedTable, Row
from lakehouse.storage.released_tables import ReleasedTables, one_of
from lakehouse.tables.bronze import BRONZE_LINEAGE, bronze_table
from lakehouse.tables.spec import Column, Sensitivity
from tests.support.encrypted_rows import write_encrypted, write_keys

CONTACT = bronze_table(
    "contact",
    "A contact.",
    "tests",
    (
        Column("contact_id", "string", "Number.", Sensitivity.PSEUDONYM),
        Column("email", "string", "Address.", Sensitivity.DIRECT_IDENTIFIER),
        Column("city", "string", "City.", Sensitivity.QUASI_IDENTIFIER),
    ),
)
KEYS = {"a1": b"a" * 32, "b2": b"b" * 32, "d4": None}
ROWS = (
    ("a1", 1, "C1", "ann@example.org", {"shoe": "39", "note": None}),
    ("b2", 2, "C2", "o'brien@example.org", {}),
    (None, 3, "C3", "clear@example.org", None),
    ("d4", 4, "C4", "dropped@example.org", None),
    ("a1", 5, "C1", None, None),
)


def rows(only: Sequence[int] = (1, 2, 3, 4, 5)) -> list[Row]:
    return [
        {
            "_key": key,
            "source": "contact",
            "source_file": "a.csv",
            "file_hash": "f",
            "source_row_number": number,
            "contact_id": contact,
            "email": email,
            "unknown_columns": more,
            "city": "York",
        }
        for key, number, contact, email, more in ROWS
        if number in only
    ]


@pytest.fixture
def lake(tmp_path: Path) -> LakeSettings:
    made = load_settings("test", overrides={"lake.root": str(tmp_path / "lake")}).lake
    write_encrypted(made, CONTACT, rows(), KEYS)
    write_keys(made, CONTACT.name, KEYS)
    return made


def opened(lake: LakeSettings) -> ReleasedTables:
    keys = KeyPlace(lake.keys_root, lake.master_keys())
    return ReleasedTables(Locations(lake.root), 1, "run", None, {CONTACT.name: 0}, keys)


def by_number(found: Sequence[Row], column: str) -> dict[int, object]:
    return {row["source_row_number"]: row[column] for row in found}


def test_rows_of_both_kinds_are_told_in_the_clear_and_one_whose_key_was_dropped_as_null(
    lake: LakeSettings,
) -> None:
    found = opened(lake).rows(CONTACT)

    assert by_number(found, "email") == {
        1: "ann@example.org",
        2: "o'brien@example.org",
        3: "clear@example.org",
        4: None,
        5: None,
    }
    assert by_number(found, "unknown_columns") == {
        1: {"shoe": "39", "note": None},
        2: {},
        3: None,
        4: None,
        5: None,
    }
    assert {*found[0]} == {*CONTACT.column_names}


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        (one_of("email", ["ann@example.org", "o'brien@example.org"]), {1, 2}),
        (one_of("email", ["dropped@example.org"]), set()),
        ("email IS NULL", {4, 5}),
        (one_of("contact_id", ["C1"]), {1, 5}),
        (f"({one_of('email', ['clear@example.org'])}) OR source_row_number IN (2)", {2, 3}),
        ("false", set()),
    ],
)
def test_a_condition_holds_for_what_rows_say_and_not_for_how_they_lie(
    where: str, numbers: set[int], lake: LakeSettings
) -> None:
    found = opened(lake).rows(CONTACT, where, ("source_row_number", "email"))

    assert {*by_number(found, "email")} == numbers
    assert {row["source_row_number"] for row in opened(lake).rows(CONTACT, where)} == numbers


def test_equal_rows_are_told_once_if_asked_so(lake: LakeSettings) -> None:
    tables = opened(lake)

    assert len(tables.rows(CONTACT, columns=("city", "unknown_columns"), distinct=True)) == 3
    assert tables.rows(CONTACT, columns=("city",), distinct=True) == [{"city": "York"}]


def test_a_stream_of_batches_is_in_the_clear(lake: LakeSettings) -> None:
    found = opened(lake).batches(CONTACT, ("email", "source_row_number"))
    assert found is not None
    schema, batches = found

    told = [row for batch in batches for row in batch.to_pylist()]
    assert schema.names == ["email", "source_row_number"]
    assert by_number(told, "email")[2] == "o'brien@example.org"


def test_a_cell_of_another_row_is_refused(lake: LakeSettings) -> None:
    moved = rows([1])
    write_encrypted(lake, CONTACT, moved, KEYS)
    place = f"{lake.root}/bronze/contact"
    DeltaTable(place).update(updates={"source_row_number": "7"})

    keys = KeyPlace(lake.keys_root, lake.master_keys())
    table = OpenedTable(QueryBuilder(), CONTACT, DeltaTable(place), keys)
    with pytest.raises(InputError, match=r"A row of bronze\.contact was changed or moved"):
        table.rows("true", ("email",))


def test_without_the_master_key_it_says_what_is_missing(lake: LakeSettings) -> None:
    def reader(masters: dict[int, bytes]) -> ReleasedTables:
        keys = KeyPlace(lake.keys_root, masters)
        return ReleasedTables(Locations(lake.root), 1, "run", None, {CONTACT.name: 0}, keys)

    with pytest.raises(ConfigurationError, match="master key 1, which conf does not have"):
        reader({2: b"2" * 32}).rows(CONTACT)
    with pytest.raises(ConfigurationError, match="does not unwrap"):
        reader({1: b"2" * 32}).rows(CONTACT)


def test_where_the_folder_of_keys_is_another_encrypted_rows_are_refused_and_clear_ones_told(
    lake: LakeSettings,
) -> None:
    keys = KeyPlace(f"{lake.root}-none", lake.master_keys())
    tables = ReleasedTables(Locations(lake.root), 1, "run", None, {CONTACT.name: 0}, keys)

    assert len(tables.rows(CONTACT, columns=("contact_id",))) == len(ROWS)
    assert [row["email"] for row in tables.rows(CONTACT, one_of("contact_id", ["C3"]))] == [
        "clear@example.org"
    ]
    with pytest.raises(ConfigurationError, match=r"bronze\.contact has encrypted rows"):
        tables.rows(CONTACT)


def test_nothing_begins_where_a_master_key_of_the_data_keys_is_missing_or_another(
    lake: LakeSettings,
) -> None:
    def with_masters(masters: dict[int, str | None]) -> LakeSettings:
        keys = {v: None if text is None else SecretStr(text) for v, text in masters.items()}
        encryption = lake.encryption.model_copy(update={"master_keys": keys})
        return lake.model_copy(update={"encryption": encryption})

    require_master_keys(lake)
    with pytest.raises(ConfigurationError, match="master key 1, which conf does not have"):
        require_master_keys(with_masters({2: None}))
    with pytest.raises(ConfigurationError, match="Master key 1 does not unwrap"):
        require_master_keys(with_masters({1: "another-master-key-of-32-characters"}))
    require_master_keys(lake.model_copy(update={"keys": f"{lake.root}-none"}))


def test_status_counts_keys_by_what_wraps_them_and_names_a_master_key_that_is_missing(
    lake: LakeSettings,
) -> None:
    settings = load_settings("test", overrides={"lake.root": lake.root})

    told = status(settings)
    assert list(told.grids[0].rows) == [("bronze.contact", 1, 2)]
    assert "off" in told.lines[0]

    later = lake.encryption.model_copy(update={"master_keys": {2: None}})
    moved = settings.model_copy(update={"lake": lake.model_copy(update={"encryption": later})})
    assert any("Master keys 1 are not in conf" in line for line in status(moved).lines)


def test_every_column_that_a_cell_is_bound_to_is_of_bronze() -> None:
    names = {column.name for column in BRONZE_LINEAGE}

    assert {"source_file", "file_hash", "source_row_number"} <= names
