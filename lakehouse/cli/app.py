"""The frame of every command: shared arguments, how a report is shown, how an error ends."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup
from typer.exceptions import TyperException

from lakehouse import __version__
from lakehouse.errors import ExitCode, LakehouseError, without_words
from lakehouse.logs import with_logging
from lakehouse.report import Grid, Report, cell_text, inert
from lakehouse.settings.models import Settings

_EPILOG = "New here? [bold]c360 doctor[/], then [bold]c360 demo run[/]."


class _Commands(TyperGroup):
    """Turns what the product raises into lines for a person and an exit code for a scheduler."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except LakehouseError as error:
            _show_failure(ctx, error, str(error))
            raise typer.Exit(error.exit_code) from None
        except (typer.Exit, typer.Abort, TyperException, BrokenPipeError):
            # Of these the library knows the right end; whoever reads a pipe may have seen enough.
            raise
        except Exception as error:  # noqa: BLE001 - its text may quote a row, so it goes no further
            _show_failure(
                ctx,
                error,
                f"[C360-000] Unexpected {type(error).__name__}. Next: run the command again as "
                "`c360 --debug …`, which shows where.",
            )
            raise typer.Exit(ExitCode.FAILED) from None


def _show_failure(ctx: typer.Context, error: Exception, message: str) -> None:
    if ctx.params.get("debug"):
        typer.echo(inert(without_words(error), keep="\n\t"), err=True)
    Console(stderr=True, soft_wrap=True).print(f"[bold red]{_plain(message)}[/]", highlight=False)


app = typer.Typer(
    name="c360",
    cls=_Commands,
    help="Scattered customer data in, one trusted view of each customer out.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"c360 {__version__}")
        raise typer.Exit


@app.callback()
def _frame(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error, without values.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and end.", callback=_show_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Arguments that come before the command."""


def _environments() -> Iterable[str]:
    from lakehouse.settings.places import conf_dir

    return sorted(p.name for p in conf_dir().iterdir() if p.is_dir() and p.name != "base")


Env = Annotated[
    str,
    typer.Option(
        "--env",
        "-e",
        help="Environment: a folder beside conf/base.",
        autocompletion=_environments,
        show_default=True,
    ),
]
Role = Annotated[
    str | None,
    typer.Option(
        "--role",
        help="In which role of conf/base/roles.yml you read; default: C360_ROLE, or else what conf says.",
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], help="Day that the run is for; default: today (UTC)."
    ),
]
ExistingFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


def loaded(
    env: str, overrides: Mapping[str, str] | None = None, role: str | None = None
) -> Settings:
    """The environment's settings, with logging set up; `overrides` go by dotted key, `role` is who reads."""
    from lakehouse.settings.load import load_settings

    given = {**(overrides or {}), **({"roles.reader": role} if role else {})}
    return with_logging(load_settings(env, overrides=given))


def loaded_for_run(env: str, overrides: Mapping[str, str]) -> Settings:
    """As `loaded`; what else a run is told by files is right too, and told of together where it is not."""
    from lakehouse.quality.checked import checked_settings

    return with_logging(checked_settings(env, overrides))


def day(as_of: datetime | None) -> date:
    """The day that was said, else today by UTC."""
    return (as_of or datetime.now(UTC)).date()


def show(report: Report) -> None:
    """Prints a report: grids and lines to stdout, warnings to stderr. Ends the command by its exit code."""
    console = Console()
    for grid in report.grids:
        console.print(f"\n[bold]{_plain(grid.title)}[/]", highlight=False)
        console.print(_table(grid))
    for line in report.lines:
        console.print(_plain(line), highlight=False, soft_wrap=True)
    for warning in report.warnings:
        Console(stderr=True, soft_wrap=True).print(f"[yellow]{_plain(warning)}[/]")
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _table(grid: Grid) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    for number, column in enumerate(grid.columns):
        numeric = all(isinstance(row[number], int | float) for row in grid.rows)
        table.add_column(
            _plain(column),
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=number == 0 and len(grid.columns) > 1,
        )
    for row in grid.rows:
        table.add_row(*(escape(inert(cell_text(cell))) for cell in row))
    return table


def _plain(text: str) -> str:
    """The text as rich shows and does not obey it, and neither does a terminal."""
    return escape(inert(text, keep="\n"))
