"""What is on one customer's page."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from lakehouse.pipeline.customer_page import customer_page, richest_customer
from lakehouse.pipeline.reader_tables import ReaderTables, reader_tables
from lakehouse.tables.gold import (
    CUSTOMER,
    CUSTOMER_360,
    CUSTOMER_METRIC,
    CUSTOMER_PERMITTED,
    GOLD_TABLES,
)
from lakehouse.tables.spec import Column, TableSpec
from tests.support.plain_lake import PlainLake
from tests.support.plain_people import ANA, BEN, BENNY, DAY_1, DAY_2, EVE, MERGED, people_lake


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> PlainLake:
    return people_lake(tmp_path_factory.mktemp("lake"))


@pytest.fixture
def tables(lake: PlainLake) -> ReaderTables:
    return reader_tables(lake.settings())


def gold_table(entity: str, *columns: str, key: tuple[str, ...]) -> TableSpec:
    """A table of gold that no spec knows today."""
    model = next(spec for spec in GOLD_TABLES if spec.entity == "customer")
    made = tuple(Column(name, "string", "Something.") for name in columns)
    return replace(model, name=f"gold.{entity}", columns=made, primary_key=key)


def test_every_table_of_gold_that_tells_of_customers_is_on_the_page(tables: ReaderTables) -> None:
    page = customer_page(tables, ANA)

    about_customers = {s.entity for s in GOLD_TABLES if "customer_id" in s.column_names}
    assert about_customers <= page.gold.keys()
    counts = {entity: len(rows) for entity, rows in page.gold.items() if rows}
    assert counts["customer"] == counts["customer_metric"] == 1
    assert (counts["customer_order"], counts["customer_interaction"]) == (7, 12)


def test_only_the_customer_s_own_rows_are_on_it(tables: ReaderTables) -> None:
    page = customer_page(tables, BEN)

    owners = {row["customer_id"] for rows in page.gold.values() for row in rows}
    assert owners == {BEN}


def test_lines_name_their_products(tables: ReaderTables) -> None:
    (line,) = customer_page(tables, ANA).gold["customer_order_line"]

    assert line["product_name"] == "Kettle"


def test_recency_counts_to_the_day_asked_for_or_else_to_the_day_of_the_release(
    tables: ReaderTables,
) -> None:
    assert customer_page(tables, ANA).days_since == {
        "last_order_date": 4,
        "last_contact_date": 2,
        "last_active_date": None,
    }
    later = customer_page(tables, ANA, as_of=date(2026, 2, 1))
    assert later.days_since["last_order_date"] == 30


@pytest.mark.parametrize(("role", "days"), [("agent", 1), ("default", 1), ("marketer", 30)])
def test_when_somebody_last_called_the_service_desk_is_told_to_who_serves_and_not_to_marketing(
    role: str, days: int, tmp_path: Path
) -> None:
    lake, who = PlainLake(tmp_path), {"customer_id": ANA}
    called, clicked = date(2026, 1, 30), date(2026, 1, 1)
    lake.release(
        date(2026, 1, 31),
        {
            CUSTOMER: [{**who, "display_name": "Ana", "record_count": 1, "source_count": 1}],
            CUSTOMER_360: [{**who, "last_contact_date": called}],
            CUSTOMER_METRIC: [{**who, "last_contact_date": clicked}],
            CUSTOMER_PERMITTED: [{**who, "purposes": ["service", "marketing"]}],
        },
    )

    page = customer_page(reader_tables(lake.settings(**{"roles.reader": role})), ANA)

    assert page.days_since["last_contact_date"] == days
    assert str(called) not in json.dumps(page.document()) or role != "marketer"


def test_ids_of_before_and_what_happened_are_on_it_with_the_others_names(
    tables: ReaderTables,
) -> None:
    page = customer_page(tables, ANA)

    assert page.former_ids == [MERGED]
    assert [event["event"] for event in page.identity] == ["split"]
    assert page.names == {BEN: "Ben Stone"}


def test_an_earlier_day_shows_what_was_known_then(lake: PlainLake) -> None:
    then = customer_page(reader_tables(lake.settings(), as_of=DAY_1), ANA, as_of=DAY_1)

    assert then.gold["customer"][0]["city"] == "Bonn"
    assert then.gold["customer_order"] == []
    assert then.days_since["last_order_date"] is None


def test_a_new_table_is_on_the_page_by_its_spec_alone(tmp_path: Path) -> None:
    lake = people_lake(tmp_path)
    pet = gold_table("customer_pet", "customer_id", "pet", key=("pet",))
    pair = gold_table("pair", "customer_id_l", "customer_id_r", key=("customer_id_l",))
    lake.release(
        DAY_2,
        {
            pet: [{"customer_id": ANA, "pet": "cat"}, {"customer_id": BEN, "pet": "dog"}],
            pair: [{"customer_id_l": ANA, "customer_id_r": EVE}, {"customer_id_l": BEN}],
        },
    )

    page = customer_page(reader_tables(lake.settings()), ANA, specs=(*GOLD_TABLES, pet, pair))

    assert page.gold["customer_pet"] == [{"customer_id": ANA, "pet": "cat"}]
    assert page.gold["pair"] == [{"customer_id_l": ANA, "customer_id_r": EVE}]
    assert EVE in page.names


def test_a_household_is_on_the_page_with_everybody_in_it(tmp_path: Path) -> None:
    lake = people_lake(tmp_path)
    member = gold_table(
        "household_member", "household_id", "customer_id", "role", key=("customer_id",)
    )
    household = gold_table("household", "household_id", "town", key=("household_id",))
    lake.release(
        DAY_2,
        {
            member: [
                {"household_id": "h1", "customer_id": BENNY, "role": "child"},
                {"household_id": "h1", "customer_id": BEN, "role": "adult"},
                {"household_id": "h2", "customer_id": EVE, "role": "adult"},
            ],
            household: [{"household_id": "h1", "town": "York"}, {"household_id": "h2"}],
        },
    )
    others = tuple(s for s in GOLD_TABLES if not s.entity.startswith("household"))

    page = customer_page(reader_tables(lake.settings()), BEN, specs=(*others, member, household))

    assert [row["customer_id"] for row in page.household_members] == [BEN, BENNY]
    assert page.gold["household"] == [{"household_id": "h1", "town": "York"}]
    assert page.names[BENNY] == "Benjamin Stone"


def test_the_document_is_json_and_the_same_each_time(lake: PlainLake) -> None:
    def document() -> str:
        page = customer_page(reader_tables(lake.settings()), ANA)
        return json.dumps(page.document(), sort_keys=True)

    told = json.loads(document())
    assert document() == document()
    assert told["as_of"] == "2026-01-06"
    assert [row["record_key"] for row in told["gold"]["customer_order"]] == [
        f"o{n}" for n in range(1, 8)
    ]
    assert told["gold"]["customer_order"][0]["total_amount"] == "1.10"
    assert told["gold"]["customer_order"][0]["ordered_at"] == "2026-01-01T00:00:00Z"
    assert told["gold"]["customer_contact_point"][0]["record_seen_at"] == {
        "a1": "2026-01-04T12:00:00Z"
    }


def test_the_example_is_whom_most_systems_know_and_who_has_most_contacts(
    tables: ReaderTables, tmp_path: Path
) -> None:
    assert richest_customer(tables) == ANA
    empty = PlainLake(tmp_path)
    empty.release(DAY_1, {})
    empty.release(DAY_1, {CUSTOMER: []})
    assert richest_customer(reader_tables(empty.settings())) is None
