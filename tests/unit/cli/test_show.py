"""`c360 show`: what is on the terminal, how it ends, what it never does."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from lakehouse.cli import app
from lakehouse.cli.commands import customer
from lakehouse.cli.customer_view import inert, print_page
from lakehouse.errors import ExitCode
from lakehouse.pipeline.customer_page import CustomerPage, customer_page
from lakehouse.pipeline.reader_tables import reader_tables
from lakehouse.settings.models import Settings
from tests.support.plain_lake import PlainLake
from tests.support.plain_people import ANA, BEN, EVE, MERGED, NOON, SPLIT, people_lake

Show = Callable[..., Result]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> PlainLake:
    return people_lake(tmp_path_factory.mktemp("lake"))


@pytest.fixture
def show(lake: PlainLake, monkeypatch: pytest.MonkeyPatch) -> Show:
    def settings(_env: str, *, role: str | None) -> Settings:
        return lake.settings(**({"roles.reader": role} if role else {}))

    monkeypatch.setattr(customer, "loaded", settings)
    monkeypatch.setenv("COLUMNS", "80")

    def shown(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["show", *arguments, "--env", "test"])

    return shown


def sections(output: str) -> list[str]:
    """The titles, which stand after a blank line."""
    lines = output.splitlines()
    return [line for before, line in pairwise(lines) if not before and line]


def test_the_page_tells_who_it_is_then_what_an_agent_asks_first(show: Show) -> None:
    page = show("ana omuller")

    assert page.exit_code == ExitCode.OK, page.output
    head = page.stdout.split("Contact")[0]
    assert "Ána O'Müller" in head
    assert ANA in head
    assert "born 1980-02-03 · Köln, DE" in head
    assert "7 orders (1 returned) · worth EUR 1,234.50 · last 2026-01-02 (4 days ago)" in head
    assert sections(page.stdout) == [
        *("Contact", "Consent", "Orders", "Contacts with us", "Golden record"),
        *("Identifiers", "How this customer came together"),
    ]


def test_contacts_begin_with_the_primary_one_and_orders_with_the_newest(show: Show) -> None:
    told = show(ANA).stdout

    assert told.index("ana@example.de") < told.index("old-ana@example.de")
    assert told.index("W7") < told.index("W6") < told.index("W3")
    assert "2 × Kettle" in told
    assert "records disagree" in told


def test_long_sections_show_the_newest_and_say_how_many_are_left(show: Show) -> None:
    short, full = show(ANA).stdout, show(ANA, "--all").stdout

    assert "and 2 more (--all shows them)" in short
    assert "W2" not in short
    assert "W2" in full
    assert "more (--all" not in full


def test_no_line_is_wider_than_the_terminal(show: Show) -> None:
    assert max(len(line) for line in show(ANA, "--all").stdout.splitlines()) <= 80


def test_an_id_that_is_no_more_shows_whom_it_went_into(show: Show) -> None:
    told = show(MERGED).stdout.replace("\n", "")

    assert "Ána O'Müller" in told
    assert f"{MERGED} is no more" in told


def test_several_customers_are_listed_and_the_exit_code_says_so(show: Show) -> None:
    several = show("stone")

    assert several.exit_code == ExitCode.SEVERAL_FOUND
    assert all(word in several.stdout for word in (BEN, "Ben Stone", "York", "1990"))
    assert "[C360-091] 2 customers fit" in several.stderr
    assert "live on in 2 customers" in show(SPLIT).stderr


def test_several_customers_are_listed_as_json_too(show: Show) -> None:
    several = show("stone", "--json")

    assert several.exit_code == ExitCode.SEVERAL_FOUND
    names = [match["display_name"] for match in json.loads(several.stdout)["matches"]]
    assert names == ["Ben Stone", "Benjamin Stone"]


def test_nobody_found_ends_as_bad_input(show: Show) -> None:
    assert show("zoe").exit_code == ExitCode.BAD_INPUT


def test_a_day_or_a_release_shows_what_was_known_then(show: Show) -> None:
    assert "Bonn" in show(ANA, "--as-of", "2026-01-05").stdout
    assert "Bonn" in show(ANA, "--release", "1").stdout
    early = show(ANA, "--as-of", "2026-01-04")
    assert early.exit_code == ExitCode.BAD_INPUT
    assert "2026-01-05" in early.stderr
    assert show(ANA, "--as-of", "2026-01-05", "--release", "1").exit_code == 2


def test_json_is_one_document_with_sorted_keys(show: Show) -> None:
    told = show(ANA, "--json").stdout
    document = json.loads(told)

    assert document["customer_id"] == ANA
    assert list(document) == sorted(document)
    assert len(document["gold"]["customer_interaction"]) == 12


@pytest.mark.parametrize("more", [(), ("--all",), ("--json",)])
def test_a_hostile_name_is_shown_and_not_obeyed(more: tuple[str, ...], show: Show) -> None:
    told = show(EVE, *more).stdout

    assert "[red]x[/red]" in told
    assert "\x1b" not in told
    assert "x1b[31m" in told or "u001b[31m" in told


def test_on_a_colour_terminal_a_hostile_name_is_as_inert() -> None:
    console = Console(force_terminal=True, color_system="truecolor", record=True, width=80)
    with console.capture() as seen:
        console.print(inert("[red]x[/red]\x1b[31m\u202e\x9b31m\r\n"))

    assert seen.get() == "[red]x[/red]\\x1b[31m\\u202e\\x9b31m\\r\\n\n"


def printed(page: CustomerPage, *, everything: bool = False) -> str:
    console = Console(width=80, color_system=None)
    with console.capture() as seen:
        print_page(page, console, everything=everything)
    return seen.get()


@pytest.fixture
def page(lake: PlainLake) -> CustomerPage:
    return customer_page(reader_tables(lake.settings()), ANA)


def test_a_timeline_takes_the_place_of_the_contacts(page: CustomerPage) -> None:
    event = {
        "customer_id": ANA,
        "event_key": "e",
        "happened_at": NOON,
        "channel": "shop",
        "event_type": "order_returned",
        "source_system": "shop",
        "title": "W9, 2 pieces",
        "amount": Decimal("3.49"),
        "currency": "EUR",
    }
    told = replace(page, gold={**page.gold, "customer_timeline": [event]})

    short, full = printed(told), printed(told, everything=True)

    assert "2026-01-04 12:00  order returned" in short
    assert "EUR 3.49" in short
    assert "Contacts with us" not in short
    assert "Contacts with us" in full


def test_what_a_customer_says_to_prefer_stands_beside_what_their_orders_show(
    page: CustomerPage,
) -> None:
    row = {"stated_channel": "post", "preferred_order_channel": "store", "preferred_brand": "Alba"}

    told = printed(replace(page, gold={**page.gold, "customer_360": [row]}))
    silent = printed(replace(page, gold={**page.gold, "customer_360": [{"stated_channel": None}]}))

    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert lines[lines.index("Preferences") :][3:5] == ["channel post store", "brand Alba"]
    assert "Preferences" not in silent


def test_who_lives_with_the_customer_is_named(page: CustomerPage) -> None:
    members = [
        {"household_id": "h", "customer_id": who, "role": role, "valid_to": None}
        for who, role in ((ANA, "parent"), (BEN, "child"))
    ]

    together = printed(replace(page, household_members=members))
    alone = printed(replace(page, household_members=members[:1]))

    assert "this customer" in together
    assert "Ben Stone" in together
    assert "child" in together
    assert "Household" not in alone


def test_values_that_lost_are_shown_with_where_they_are_from(page: CustomerPage) -> None:
    (row,) = page.gold["customer_attribute"]
    lost = {"value": "Anna", "record_key": "a3", "source_system": "pos", "sequence_at": NOON}
    told = printed(
        replace(page, gold={**page.gold, "customer_attribute": [{**row, "lost_values": [lost]}]})
    )

    assert "Other values that records give" in told
    assert "Anna" in told


def test_an_attribute_that_only_others_fill_is_among_the_other_values_alone(
    page: CustomerPage,
) -> None:
    (row,) = page.gold["customer_attribute"]
    lost = {"value": "Leeds", "record_key": "a3", "source_system": "social", "sequence_at": NOON}
    city = {**row, "attribute": "city", "value": None, "lost_values": [lost]}
    told = printed(replace(page, gold={**page.gold, "customer_attribute": [row, city]}))

    golden, others = told.split("Other values that records give")
    assert "Leeds" not in golden
    assert "city" not in golden.split("Golden record")[1].lower()
    assert "Leeds" in others


def test_a_table_without_a_section_of_its_own_shows_what_can_be_read_newest_first(
    page: CustomerPage,
) -> None:
    related = [
        {
            "customer_id": ANA,
            "related_customer_id": BEN,
            "pair_key": "k",
            "nothing": None,
            "seen_at": datetime(2026, 1, day, tzinfo=UTC),
        }
        for day in (1, 2)
    ]
    wide = [{"customer_id": ANA, "segment": "gold tier"}]
    told = replace(page, gold={**page.gold, "customer_relation": related, "customer_360": wide})

    short, full = printed(told), printed(told, everything=True)

    assert "related customer id" in short
    assert short.index("2026-01-02 00:00") < short.index("2026-01-01 00:00")
    assert f"Ben Stone {BEN}" in " ".join(short.split())
    assert "pair key" not in short
    assert "gold tier" not in short
    assert "segment  gold tier" in full


def test_the_demo_ends_with_the_page_of_whom_most_systems_know(
    lake: PlainLake, capsys: pytest.CaptureFixture[str]
) -> None:
    customer.show_example(lake.settings())

    told = capsys.readouterr().out
    assert "Ána O'Müller" in told
    assert told.endswith(f"See this page again: c360 show {ANA}\n")


def test_a_page_is_there_in_two_seconds_and_loads_neither_spark_nor_what_is_slow(
    lake: PlainLake, tmp_path: Path
) -> None:
    code = (
        "import resource, sys\n"
        f"sys.argv = ['c360', 'show', '{ANA}', '--env', 'test']\n"
        "from lakehouse.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "slow = {'pyspark', 'py4j', 'delta', 'pandas', 'pyarrow', 'duckdb', 'splink'}\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)\n"
        "children = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "assert children.ru_utime == children.ru_stime == 0, 'a process was started'\n"
        "own = resource.getrusage(resource.RUSAGE_SELF)\n"
        # Processor time, as other work on the machine must not fail a test.
        "assert own.ru_utime + own.ru_stime < 2\n"
    )
    places = {"C360_LAKE_ROOT": str(lake.root), "C360_HOME": str(tmp_path)}

    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).resolve().parents[3],
        env={**os.environ, **places},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert "Ána O'Müller" in ended.stdout
