"""Tables of a release, read without Spark: which release a day means, and what is lenient about it."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from lakehouse.errors import ConfigurationError, InputError, NotFoundError
from lakehouse.storage.released_tables import ReleasedTables, one_of, released_tables
from lakehouse.tables.gold import CUSTOMER, PRODUCT
from lakehouse.tables.ops import COMPACTION, REVERTED_TO, RUN
from lakehouse.tables.spec import Column
from tests.support.plain_lake import PlainLake

DAY_1, DAY_2, DAY_3 = date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 7)


def ann_of(city: str) -> dict[str, object]:
    return {"customer_id": "ann", "city": city, "record_count": 1, "source_count": 1}


@pytest.fixture
def lake(tmp_path: Path) -> PlainLake:
    """Ann lives in York on the first day, in Leeds on the second, in Hull on the third."""
    made = PlainLake(tmp_path)
    for day, city in ((DAY_1, "York"), (DAY_2, "Leeds"), (DAY_3, "Hull")):
        made.release(day, {CUSTOMER: [ann_of(city)]})
    return made


def city(tables: ReleasedTables) -> str:
    (row,) = tables.rows(CUSTOMER)
    return str(row["city"])


def test_readers_see_the_newest_release_and_not_what_was_written_after_it(lake: PlainLake) -> None:
    lake._write(CUSTOMER, [ann_of("Nowhere")], "overwrite")

    assert city(released_tables(lake.settings().lake)) == "Hull"


@pytest.mark.parametrize(
    ("day", "lived_in"),
    [(DAY_1, "York"), (DAY_2, "Leeds"), (date(2026, 3, 1), "Hull")],
)
def test_a_day_means_the_newest_release_made_for_it_or_before(
    day: date, lived_in: str, lake: PlainLake
) -> None:
    assert city(released_tables(lake.settings().lake, as_of=day)) == lived_in


def test_a_day_before_all_kept_releases_is_refused_and_the_earliest_is_named(
    lake: PlainLake,
) -> None:
    with pytest.raises(NotFoundError, match=r"the earliest day that can be shown is 2026-01-06"):
        released_tables(lake.settings(**{"lake.keep_releases": "2"}).lake, as_of=DAY_1)


def test_a_release_is_found_by_number_if_it_is_kept(lake: PlainLake) -> None:
    kept = lake.settings(**{"lake.keep_releases": "2"}).lake

    assert city(released_tables(kept, number=2)) == "Leeds"
    with pytest.raises(NotFoundError, match=r"Release 1 is not among the newest 2.* 2 to 3"):
        released_tables(kept, number=1)


def test_a_revert_is_of_the_day_of_the_release_that_it_brings_back(lake: PlainLake) -> None:
    lake.versions[CUSTOMER.name] = 0
    lake.release(DAY_3, {}, reason=f"{REVERTED_TO}1")

    assert city(released_tables(lake.settings().lake, as_of=DAY_2)) == "York"
    assert released_tables(lake.settings().lake).as_of == DAY_1


def test_compaction_is_of_the_day_whose_rows_it_holds(lake: PlainLake) -> None:
    lake.release(date(2026, 9, 9), {}, reason=COMPACTION)

    assert released_tables(lake.settings().lake).as_of == DAY_3


def test_a_table_that_the_release_lacks_is_empty(lake: PlainLake) -> None:
    assert released_tables(lake.settings().lake).rows(PRODUCT) == []


def test_a_column_that_the_spec_has_gained_since_is_null_and_can_be_asked_for(
    lake: PlainLake,
) -> None:
    grown = replace(CUSTOMER, columns=(*CUSTOMER.columns, Column("mood", "string", "Mood.")))
    tables = released_tables(lake.settings().lake)

    assert tables.rows(grown, '"mood" IS NULL', ("customer_id", "mood")) == [
        {"customer_id": "ann", "mood": None}
    ]


def test_a_map_comes_as_a_dict(lake: PlainLake) -> None:
    version = lake._write(RUN, [{"run_id": "r", "row_counts": {"a": 1}}], "overwrite")
    tables = ReleasedTables(
        released_tables(lake.settings().lake).locations, 1, "r", None, {RUN.name: version}
    )

    assert tables.rows(RUN, columns=("row_counts",)) == [{"row_counts": {"a": 1}}]


@pytest.mark.parametrize("hostile", ["O'Brien", "' OR true --", "''", "\\'", 'x"y', "a;b\x00"])
def test_a_value_in_a_condition_is_a_value_whatever_it_holds(hostile: str, lake: PlainLake) -> None:
    lake.release(DAY_3, {CUSTOMER: [ann_of(hostile), {**ann_of("York"), "customer_id": "bob"}]})
    tables = released_tables(lake.settings().lake)

    found = tables.rows(CUSTOMER, one_of("city", [hostile]), ("customer_id",))

    assert found == [{"customer_id": "ann"}]


def test_nothing_is_one_of_no_values(lake: PlainLake) -> None:
    assert released_tables(lake.settings().lake).rows(CUSTOMER, one_of("city", [])) == []


def test_a_lake_without_release_says_so_and_where(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=f"no release in {tmp_path} yet"):
        released_tables(PlainLake(tmp_path).settings().lake)


def test_tables_behind_a_catalog_are_refused_with_what_to_do(lake: PlainLake) -> None:
    with pytest.raises(ConfigurationError, match=r"catalog \(main.c360_…\).*lake.root"):
        released_tables(
            lake.settings(**{"lake.catalog_prefix": "main.c360_", "lake.lock": "external"}).lake
        )


def test_a_table_that_cannot_be_read_is_named(lake: PlainLake) -> None:
    lake.versions[CUSTOMER.name] = 99
    lake.release(DAY_3, {})

    with pytest.raises(InputError, match=r"gold.customer cannot be read without Spark"):
        released_tables(lake.settings().lake).rows(CUSTOMER)
