"""Commands of legal holds: place, list, lift. They start no JVM."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from lakehouse.cli.app import Env, Role, loaded, show

hold = typer.Typer(no_args_is_help=True, help="Records that the law has us keep for now.")

By = Annotated[str, typer.Option(help="Who says so.")]
Why = Annotated[str, typer.Option(help="Why; plans and certificates name it, so no person's data.")]


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the group `privacy`."""
    app.add_typer(hold, name="hold")


@hold.command("place")
def hold_place(
    records_from: Annotated[
        Path,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="File with one record key of silver.person_record a line.",
        ),
    ],
    why: Why,
    by: By,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day; without it, until it is lifted."),
    ] = None,
    env: Env = "demo",
) -> None:
    """Keep people's records although they are to be erased or their retention passes.

    An erasure leaves them out and says so; retention spares their rows.

    Example: c360 privacy hold place --records-from keys.txt --why "case 7 of 2026" --by counsel
    """
    from lakehouse.pipeline.legal_holds import place_hold

    keys = [line.strip() for line in records_from.read_text(encoding="utf-8").splitlines()]
    last_day = None if until is None else until.date()
    show(place_hold(loaded(env), [key for key in keys if key], why=why, until=last_day, by=by))


@hold.command("list")
def hold_list(role: Role = None, env: Env = "demo") -> None:
    """List holds: on how many records, why, until when, and whether each holds today. It is recorded.

    Words and names are shown as the role sees them, of a role that reads for a purpose of holds.

    Example: c360 privacy hold list
    """
    from lakehouse.pipeline import legal_holds

    show(legal_holds.hold_list(loaded(env, role=role)))


@hold.command("lift")
def hold_lift(
    hold_id: Annotated[str, typer.Argument(help="A hold, as it was named when it was placed.")],
    why: Why,
    by: By,
    env: Env = "demo",
) -> None:
    """Lift a hold from all of its records.

    Example: c360 privacy hold lift 5f0c1d2e3a4b --why "case is closed" --by counsel
    """
    from lakehouse.pipeline.legal_holds import lift_hold

    show(lift_hold(loaded(env), hold_id, why=why, by=by))
