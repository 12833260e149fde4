"""The command that shows one customer. It starts no JVM, and imports nothing of Spark."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from lakehouse.cli.app import Env, Role, loaded
from lakehouse.settings.models import Settings

if TYPE_CHECKING:
    from lakehouse.pipeline.customer_search import Found


Asked = Annotated[
    str,
    typer.Argument(
        help="A customer_id, also one that is no more; an e-mail address, telephone number or other "
        "identifier; or a name."
    ),
]
Day = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=["%Y-%m-%d"],
        help="As the newest kept release of that day or before had it; default: the current release.",
    ),
]
Number = Annotated[
    int | None, typer.Option("--release", help="As that release had it, if it is kept.")
]
All = Annotated[
    bool, typer.Option("--all", help="Every entry of every section, not the newest alone.")
]
Json = Annotated[bool, typer.Option("--json", help="Everything as one JSON document.")]


def add_to(app: typer.Typer) -> None:
    """Adds this command to the `c360` command."""
    app.command("show", rich_help_panel="The lake")(show_customer)


def show_customer(
    customer: Asked,
    as_of: Day = None,
    release: Number = None,
    everything: All = False,
    as_json: Json = False,
    role: Role = None,
    env: Env = "demo",
) -> None:
    """Show everything that is known of one customer, on one page, without Java.

    A name may be in any case, without accents, its words in any order. Names and
    addresses that single records give are found too, where the customer's page
    shows others. If several customers fit, they are listed, and the exit code is 7.

    Examples:
    c360 show ana.muller@example.com

    c360 show "muller ana" --as-of 2026-01-05

    c360 show +442079460018 --json
    """
    from lakehouse.pipeline.customer_reads import read_customer
    from lakehouse.pipeline.customer_search import Found

    if as_of and release is not None:
        raise typer.BadParameter("Name a day or a release.", param_hint="--as-of, --release")
    day = as_of.date() if as_of else None
    settings = loaded(env, role=role)
    read = read_customer(settings, customer, surface="show", as_of=day, number=release)
    if isinstance(read, Found):
        _refuse_to_choose(read, as_json)
    elif as_json:
        _print_json(read.document())
    else:
        from lakehouse.cli.customer_view import print_page

        print_page(read, Console(), everything=everything)


def show_example(settings: Settings) -> None:
    """Shows the customer whom most systems know, and how to see the page again."""
    from lakehouse.cli.customer_view import print_page
    from lakehouse.pipeline.customer_reads import read_example

    read = read_example(settings, surface="demo run")
    if read is None:
        return
    customer_id, page = read
    console = Console()
    console.print("\n[bold]One customer, whom most systems know[/]")
    print_page(page, console, everything=False)
    console.print(
        f"\nSee this page again: c360 show {customer_id}", highlight=False, soft_wrap=True
    )


def _refuse_to_choose(found: "Found", as_json: bool) -> None:
    from lakehouse.cli.customer_view import print_matches
    from lakehouse.errors import SeveralFoundError

    if as_json:
        _print_json(
            {"matches": [vars(match) for match in found.matches], "retired_id": found.retired_id}
        )
    else:
        print_matches(found.matches, Console())
    count = f"{len(found.matches):,} customers"
    raise SeveralFoundError(
        f"That customer_id is no more, and its records live on in {count}."
        if found.retired_id
        else f"{count} fit.",
        "name one of them: c360 show and its id.",
    )


def _print_json(document: object) -> None:
    # All in ASCII: what could steer a terminal is escaped.
    typer.echo(json.dumps(document, indent=2, sort_keys=True))
