"""A masked copy: whole customers, alike where they were alike, and nobody to be found in it."""

import json
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse.errors import InputError
from lakehouse.pipeline.customer_page import customer_page
from lakehouse.pipeline.masked_dataset import mask_dataset
from lakehouse.pipeline.reader_tables import reader_tables
from lakehouse.privacy.fakes import postcode_area
from lakehouse.storage.released_tables import ReleasedTables, released_tables
from lakehouse.tables.gold import (
    CUSTOMER,
    CUSTOMER_360,
    CUSTOMER_IDENTIFIER,
    CUSTOMER_ORDER,
    PRODUCT,
)
from lakehouse.tables.linkage import IDENTITY_MAP, TERM_FREQUENCY
from lakehouse.tables.silver import PERSON_RECORD, SUPPORT_MESSAGE
from tests.support.plain_lake import PlainLake

NOON = datetime(2026, 1, 4, 12, tzinfo=UTC)
GIVEN = ["Anneliese", "Bartholomew", "Clementine", "Dorothea", "Ferdinand", "Ивановна"]
CITIES = ["Edinburgh", "Winchester", "Cheltenham"]
PEOPLE = 60
HALF_MOVED = {
    3: {"postcode": "EH1 3AB"},
    8: {"gender": None, "city": "Cheltenham", "postcode": "EH0 8AB"},
}
"""What records of two people say otherwise: many live in each place, and nobody else in both."""


def person(n: int) -> dict[str, Any]:
    """The n-th person. The last lives where nobody else does; every two share a telephone."""
    name, city = GIVEN[n % 6], CITIES[n % 3] if n < PEOPLE - 1 else "Ballachulish"
    return {
        "given_name": name,
        "family_name": f"Featherstone-{name[:4]}",
        "email": f"{name.lower()}.featherstone{n}@postbox.org",
        "phone": f"+4420794{60000 + n // 2}",
        "birth_date": date(1950 + n % 5, 1 + n % 12, 5),
        "gender": ("female", "male")[n % 2],
        "city": city,
        "postcode": f"EH{n % 3} {n % 10}AB",
        "country": "GB",
    }


def rows() -> dict[Any, list[dict[str, Any]]]:
    ids = [f"{n:032x}" for n in range(PEOPLE)]
    keys = [f"{n:064x}" for n in range(PEOPLE)]
    numbered = list(enumerate(zip(ids, keys, strict=True)))
    return {
        CUSTOMER: [{"customer_id": c, "record_count": 1, **person(n)} for n, (c, _) in numbered],
        PERSON_RECORD: [
            {"record_key": k, "source_record_id": f"C{n:07d}", "street": "12 Abbeyhill Crescent"}
            | person(n)
            | HALF_MOVED.get(n, {})
            for n, (_, k) in numbered
        ],
        IDENTITY_MAP: [{"record_key": k, "customer_id": c, "valid_from": NOON} for c, k in
                       zip(ids, keys, strict=True)],
        CUSTOMER_IDENTIFIER: [
            {"customer_id": c, "record_key": k, "identifier_type": kind,
             "identifier_value": person(n)[kind], "source_system": "crm",
             "first_seen_at": NOON, "last_seen_at": NOON}
            for n, (c, k) in numbered for kind in ("email", "phone")
        ],
        CUSTOMER_ORDER: [
            {"record_key": f"o{n}-{day}", "customer_id": c, "person_record_key": k,
             "source_system": "shop", "order_id": f"O{n}{day}", "channel": "shop",
             "ordered_at": NOON + timedelta(days=day), "order_date": (NOON + timedelta(days=day)).date(),
             "currency": "GBP", "temperature_celsius": None}
            for n, (c, k) in numbered for day in (0, 3)
        ],
        CUSTOMER_360: [
            {"customer_id": c, "journey_stage": ("new", "active")[n // 6 % 2], "area_population": 4711}
            for n, (c, _) in numbered
        ],
        SUPPORT_MESSAGE: [
            {"record_key": f"m{n}", "person_record_key": k, "source_record_id": f"M{n}",
             "body": f"My name is {person(n)['given_name']}.", "author": "customer"}
            for n, (_, k) in numbered
        ],
        PRODUCT: [{"product_id": "P1", "product_name": "Kettle", "source_system": "shop"}],
        TERM_FREQUENCY: [{"column_name": "given_name", "value_hash": "h", "share": 0.1}],
    }  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> PlainLake:
    made = PlainLake(tmp_path_factory.mktemp("source") / "lake")
    made.release(date(2026, 1, 5), rows())
    return made


@pytest.fixture(scope="module")
def folder(lake: PlainLake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("copy") / "masked"
    mask_dataset(lake.settings(), to, customers=PEOPLE, k=5, seed="again")
    return to


@pytest.fixture
def source(lake: PlainLake) -> ReleasedTables:
    return released_tables(lake.settings().lake)


@pytest.fixture
def copy(lake: PlainLake, folder: Path) -> ReleasedTables:
    return released_tables(lake.settings(**{"lake.root": str(folder)}).lake)


def test_customers_are_whole_and_every_reference_leads_somewhere(copy: ReleasedTables) -> None:
    customers = {row["customer_id"] for row in copy.rows(CUSTOMER)}
    records = {row["record_key"] for row in copy.rows(PERSON_RECORD)}
    orders = copy.rows(CUSTOMER_ORDER)

    assert (len(customers), len(records), len(orders)) == (PEOPLE, PEOPLE, 2 * PEOPLE)
    assert {row["customer_id"] for row in orders} == customers
    assert {row["person_record_key"] for row in orders} == records
    assert {(r["record_key"], r["customer_id"]) for r in copy.rows(IDENTITY_MAP)} == {
        (r["person_record_key"], r["customer_id"]) for r in orders
    }


def test_no_identifier_of_a_person_is_left_whole_or_in_part(copy: ReleasedTables) -> None:
    real = {
        token
        for n in range(PEOPLE)
        for name in ("given_name", "family_name", "email", "phone")
        for token in re.findall(r"[^\W_]{5,}", person(n)[name].casefold())
    } | {"abbeyhill", "crescent", "postbox"}
    specs = (CUSTOMER, PERSON_RECORD, CUSTOMER_IDENTIFIER, CUSTOMER_ORDER, SUPPORT_MESSAGE)
    text = json.dumps([copy.rows(s) for s in specs], default=str, ensure_ascii=False).casefold()

    assert [word for word in sorted(real) if word in text] == []


def test_values_that_were_equal_are_equal_in_all_tables(
    source: ReleasedTables, copy: ReleasedTables
) -> None:
    recorded = {row["email"] for row in copy.rows(PERSON_RECORD)}
    stated = copy.rows(CUSTOMER_IDENTIFIER, "\"identifier_type\" = 'email'")
    shared = Counter(row["phone"] for row in copy.rows(PERSON_RECORD))

    assert {row["identifier_value"] for row in stated} == recorded
    assert {row["email"] for row in copy.rows(CUSTOMER)} == recorded
    assert len(recorded) == PEOPLE
    # Only where the country of one of two is hidden, of the other not, their number becomes two.
    together = [n for n in shared.values() if n == 2]
    assert max(shared.values()) == 2
    assert len(together) >= PEOPLE // 3


def test_dates_of_a_customer_move_together_and_those_of_others_otherwise(
    copy: ReleasedTables,
) -> None:
    days: dict[str, list[date]] = {}
    for row in copy.rows(CUSTOMER_ORDER):
        days.setdefault(row["customer_id"], []).append(row["order_date"])
        assert row["ordered_at"].date() == row["order_date"]

    assert {max(told) - min(told) for told in days.values()} == {timedelta(days=3)}
    assert len({min(told) for told in days.values()}) > 5
    assert max(max(told) for told in days.values()) < date(2026, 1, 7)


def test_at_least_k_customers_share_what_is_told_of_each(
    copy: ReleasedTables, folder: Path
) -> None:
    classes = Counter(
        (
            row["birth_date"] and row["birth_date"].year,
            row["gender"],
            row["country"],
            row["city"],
            row["postcode"] and postcode_area(row["postcode"]),
        )
        for row in copy.rows(CUSTOMER)
    )
    report = json.loads((folder / "mask-report.json").read_text("utf-8"))

    assert min(classes.values()) >= 5
    assert report["measured"]["k"] == min(classes.values())
    assert report["measured"]["classes"] == len(classes)
    assert report["measured"]["l"]["journey_stage"] in (1, 2)


def test_all_that_a_row_of_any_table_tells_is_told_of_k_customers(
    source: ReleasedTables, copy: ReleasedTables, folder: Path
) -> None:
    columns = ("birth_date", "gender", "country", "city", "postcode")

    def told(tables: ReleasedTables, spec: Any) -> list[tuple[Any, ...]]:
        rows = tables.rows(spec, columns=columns)
        return [tuple((r[c].year if c == "birth_date" and r[c] else
                       postcode_area(r[c]) if c == "postcode" and r[c] else r[c])
                      for c in columns) for r in rows]  # fmt: skip

    def fewest(tables: ReleasedTables) -> int:
        people = told(tables, CUSTOMER)
        return min(
            sum(all(v in (None, w) for v, w in zip(row, one, strict=True)) for one in people)
            for row in told(tables, PERSON_RECORD)
        )

    report = json.loads((folder / "mask-report.json").read_text("utf-8"))
    alike = report["fewest_customers_that_a_row_fits"]

    assert fewest(source) == 0
    assert fewest(copy) >= 5
    assert min(alike.values()) >= 5
    assert alike[PERSON_RECORD.name] == fewest(copy)
    assert sum(row["postcode"] is not None for row in copy.rows(PERSON_RECORD)) > PEOPLE // 2


def shapes(tables: ReleasedTables, column: str) -> Counter[str]:
    """What values look like, with every letter and digit alike."""
    values = (row[column] for row in tables.rows(PERSON_RECORD) if row[column])
    return Counter(
        "".join("9" if c.isdigit() else "a" if c.isalpha() else c for c in v) for v in values
    )


def test_made_up_values_look_as_the_real_ones_do(
    source: ReleasedTables, copy: ReleasedTables
) -> None:
    for column in ("given_name", "family_name", "phone", "street"):
        assert shapes(copy, column) == shapes(source, column)
    assert {*shapes(copy, "postcode")} == {"aa9 9aa"}
    assert all(re.fullmatch(r"[^@]+@[^@]+\.example", r["email"]) for r in copy.rows(PERSON_RECORD))


def test_shares_of_countries_and_bands_of_birth_stay_within_a_twentieth(tmp_path: Path) -> None:
    countries = ["GB"] * 6 + ["DE"] * 3 + ["FR"]
    people = [
        person(n) | {"country": countries[n % 10], "birth_date": date(1940 + n * 7 % 60, 3, 1)}
        for n in range(400)
    ]
    lake = PlainLake(tmp_path / "lake")
    lake.release(date(2026, 1, 5), {CUSTOMER: [{"customer_id": f"{n:032x}", "record_count": 1} | p
                                               for n, p in enumerate(people)]})  # fmt: skip

    mask_dataset(lake.settings(), tmp_path / "copy", customers=400, k=5, seed=None)

    def shares(tables: ReleasedTables) -> dict[tuple[str, int], float]:
        rows = [r for r in tables.rows(CUSTOMER) if r["country"] and r["birth_date"]]
        assert len(rows) >= 380, "next to nobody is told of less"
        counted = Counter((r["country"], r["birth_date"].year // 20) for r in rows)
        return {key: count / len(rows) for key, count in counted.items()}

    before = shares(released_tables(lake.settings().lake))
    after = shares(released_tables(lake.settings(**{"lake.root": str(tmp_path / "copy")}).lake))
    assert after.keys() == before.keys()
    assert {
        key: after[key] - share for key, share in before.items() if abs(after[key] - share) > 0.05
    } == {}


def test_a_place_of_few_people_is_told_of_nobody(copy: ReleasedTables) -> None:
    cities = Counter(row["city"] for row in copy.rows(PERSON_RECORD))

    assert min(n for city, n in cities.items() if city) >= 5
    assert {row["area_population"] for row in copy.rows(CUSTOMER_360)} == {None}


def test_free_text_goes_things_stay_and_counts_of_others_are_left_out(
    copy: ReleasedTables,
) -> None:
    assert {row["body"] for row in copy.rows(SUPPORT_MESSAGE)} == {None}
    assert [row["product_name"] for row in copy.rows(PRODUCT)] == ["Kettle"]
    assert copy.rows(TERM_FREQUENCY) == []


def test_a_page_of_a_copied_customer_can_be_shown(copy: ReleasedTables, lake: PlainLake) -> None:
    one = copy.rows(CUSTOMER)[0]["customer_id"]
    tables = reader_tables(lake.settings(**{"lake.root": copy.locations.root}))

    assert len(customer_page(tables, one).gold["customer_order"]) == 2


def test_the_seed_chooses_the_same_customers_and_masks_are_new_each_time(
    lake: PlainLake, tmp_path: Path
) -> None:
    emails, genders = [], []
    for name in ("one", "two"):
        to = tmp_path / name
        mask_dataset(lake.settings(), to, customers=20, k=2, seed="s")
        tables = released_tables(lake.settings(**{"lake.root": str(to)}).lake)
        emails.append({row["email"] for row in tables.rows(CUSTOMER)})
        genders.append(sorted(len(row["given_name"]) for row in tables.rows(CUSTOMER)))

    assert len(emails[0]) == 20
    assert emails[0].isdisjoint(emails[1])
    assert genders[0] == genders[1]


def test_nothing_is_written_where_something_is_and_none_of_too_few_people(
    lake: PlainLake, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="not empty"):
        mask_dataset(lake.settings(), folder, customers=10, k=5, seed=None)
    with pytest.raises(InputError, match="too few"):
        mask_dataset(lake.settings(), tmp_path / "few", customers=3, k=5, seed=None)


@pytest.mark.parametrize("inside", ["", "copy", "gold/copy", "../held/copy", ".."])
def test_a_copy_lies_apart_from_the_lake_and_is_refused_before_anything_is_recorded(
    tmp_path: Path, inside: str
) -> None:
    root = tmp_path / "lake" / "held"
    root.mkdir(parents=True)
    # There is no release to read: whoever looked at the lake first would say so.
    settings = PlainLake(root).settings(
        **{"lake.landing": str(root / "landing"), "lake.work_dir": str(root / "work")}
    )

    with pytest.raises(InputError, match=r"lake itself|not empty"):
        mask_dataset(settings, root / inside, customers=10, k=5, seed=None)

    assert list(root.iterdir()) == []


def test_a_folder_that_is_not_empty_is_refused_before_anything_is_recorded(
    tmp_path: Path,
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").touch()
    settings = PlainLake(tmp_path / "lake").settings()

    with pytest.raises(InputError, match="not empty"):
        mask_dataset(settings, tmp_path / "there", customers=10, k=5, seed=None)

    assert not (tmp_path / "lake").exists()
