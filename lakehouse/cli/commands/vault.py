"""Commands of the privacy office: what a token stands for, and what has outlived its retention."""

from typing import Annotated

import typer

from lakehouse.cli.app import AsOf, Env, show
from lakehouse.cli.commands.data import day, loaded


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the `privacy` commands, which are made where there are none yet."""
    group = next((g.typer_instance for g in app.registered_groups if g.name == "privacy"), None)
    if group is None:
        group = typer.Typer(no_args_is_help=True, help="What the law asks of personal data.")
        app.add_typer(group, name="privacy", rich_help_panel="Privacy")
    group.command()(resolve)
    group.command()(retention)


def resolve(
    token: Annotated[str, typer.Argument(help="As t1: and 32 hexadecimal digits.")],
    purpose: Annotated[
        str,
        typer.Option(help="What the token was made for; where its role reads for several: a+b."),
    ],
    reason: Annotated[str, typer.Option(help="Why, in a few words; it is recorded.")],
    by: Annotated[str, typer.Option(help="Who asks; recorded beside the user of the machine.")],
    env: Env = "demo",
) -> None:
    """Tell what a token stands for, without Java. The call is recorded in the audit before it answers.

    Example: c360 privacy resolve t1:… --purpose marketing --reason "complaint 4711" --by ana
    """
    from lakehouse.pipeline.token_vault import resolve_token

    settings = loaded(env, {"audit.actor": by})
    show(resolve_token(settings, token, purpose=purpose, reason=reason))


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
