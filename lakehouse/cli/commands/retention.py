"""The command that deletes what has outlived its retention."""

from typing import Annotated

import typer

from lakehouse.cli.app import AsOf, Env, day, loaded, show


def add_to(group: typer.Typer) -> None:
    """Adds the command to `c360 privacy`."""
    group.command()(retention)


def retention(
    preview: Annotated[
        bool, typer.Option("--preview", help="Count by table, and delete nothing.")
    ] = False,
    as_of: AsOf = None,
    env: Env = "demo",
) -> None:
    """Delete rows that have outlived their table's retention; those under a hold stay (conf: retention).

    Example: c360 privacy retention --preview --env prod
    """
    from lakehouse.pipeline.retention import retention as outlived

    show(outlived(loaded(env), as_of=day(as_of), preview=preview))
