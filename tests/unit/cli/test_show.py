"""`c360 show`: what is on the terminal, how it ends, what it never does."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from lakehouse.cli import app
from lakehouse.cli.commands import customer
from lakehouse.cli.customer_view import inert
from lakehouse.errors import ExitCode
from tests.support.plain_lake import PlainLake
from tests.support.plain_people import ANA, BEN, EVE, MERGED, SPLIT, people_lake

Show = Callable[..., Result]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> PlainLake:
    return people_lake(tmp_path_factory.mktemp("lake"))


@pytest.fixture
def show(lake: PlainLake, monkeypatch: pytest.MonkeyPatch) -> Show:
    monkeypatch.setattr(customer, "loaded", lambda _env: lake.settings())
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
