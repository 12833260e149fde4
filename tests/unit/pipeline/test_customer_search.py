"""Who is meant by what somebody types."""

from pathlib import Path

import pytest

from lakehouse.errors import NotFoundError, SeveralFoundError
from lakehouse.pipeline import customer_search
from lakehouse.pipeline.customer_search import find_customers
from lakehouse.pipeline.reader_tables import ReaderTables, reader_tables
from tests.support.plain_people import (
    ANA,
    BEN,
    BENNY,
    DAY_1,
    ERASED,
    EVE,
    GONE,
    MERGED,
    SPLIT,
    people_lake,
)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> ReaderTables:
    lake = people_lake(tmp_path_factory.mktemp("lake"))
    return reader_tables(lake.settings())


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        (ANA, [ANA]),
        (f" {ANA.upper()} ", [ANA]),
        (MERGED, [ANA]),
        (SPLIT, [BEN, BENNY]),
        ("Ana@Example.DE", [ANA]),
        ("old-ana@example.de", [ANA]),
        ("stones@example.com", [BEN, BENNY]),
        ("+44 20 7946 0018", [BEN]),
        ("0044 20 7946 0018", [BEN]),
        ("(020) 7946-0018", [BEN]),
        ("L-77", [ANA]),
        ("ana omuller", [ANA]),
        ("MÜLLER, ÁNA O'", []),
        ("o'müller ána", [ANA]),
        ("Stone", [BEN, BENNY]),
        ("ben stone", [BEN]),
        ("benj", [BENNY]),
        ("sto be", [BEN, BENNY]),
        ("Ana Schmidt", [ANA]),
        ("x", [EVE]),
    ],
)
def test_who_is_meant(asked: str, meant: list[str], tables: ReaderTables) -> None:
    try:
        found = [match.customer_id for match in find_customers(tables, asked).matches]
    except NotFoundError:
        found = []

    assert found == meant


def test_an_id_that_is_no_more_is_told(tables: ReaderTables) -> None:
    assert find_customers(tables, MERGED).retired_id == MERGED
    assert find_customers(tables, ANA).retired_id is None


def test_a_customer_of_whom_no_record_is_left_is_not_said_to_be_unknown(
    tables: ReaderTables,
) -> None:
    with pytest.raises(NotFoundError, match="no record of that customer any more"):
        find_customers(tables, GONE)


def test_of_an_erased_customer_it_is_said_that_nothing_is_kept(tables: ReaderTables) -> None:
    with pytest.raises(NotFoundError, match="was erased"):
        find_customers(tables, ERASED)


def test_a_match_says_what_tells_it_from_others(tables: ReaderTables) -> None:
    (first, second) = find_customers(tables, "stone").matches

    assert (first.display_name, first.city, first.birth_year, first.record_count) == (
        *("Ben Stone", "York", 1990, 2),
    )
    assert (second.city, second.birth_year) == (None, None)


@pytest.mark.parametrize(
    "asked", ["nobody@example.com", "+49 30 123 123", "Zoe", "***", "' OR 1=1", ""]
)
def test_who_is_not_there_is_not_found_and_the_error_repeats_nothing(
    asked: str, tables: ReaderTables
) -> None:
    with pytest.raises(NotFoundError, match="Next: give fewer words") as refused:
        find_customers(tables, asked)

    assert not asked or asked not in str(refused.value)


def test_a_release_without_linkage_and_contacts_finds_by_id_and_name(tmp_path: Path) -> None:
    lake = people_lake(tmp_path)
    old = reader_tables(lake.settings(), as_of=DAY_1)

    assert find_customers(old, "ana").matches[0].city == "Bonn"


def test_a_name_that_fits_more_records_than_anybody_looks_through_is_refused(
    tables: ReaderTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_search, "_MOST_RECORDS", 0)

    with pytest.raises(SeveralFoundError, match="More than 0 records fit"):
        find_customers(tables, "Ana Schmidt")
