"""The command that tells what a token stands for."""

from typing import Annotated

import typer

from lakehouse.cli.app import Env, Role, loaded, show


def add_to(group: typer.Typer) -> None:
    """Adds the command to `c360 privacy`."""
    group.command()(resolve)


def resolve(
    token: Annotated[str, typer.Argument(help="As t1: and 32 hexadecimal digits.")],
    purpose: Annotated[
        str,
        typer.Option(help="What the token was made for; where its role reads for several: a+b."),
    ],
    reason: Annotated[str, typer.Option(help="Why, in a few words; it is recorded.")],
    by: Annotated[str, typer.Option(help="Who asks; recorded beside the user of the machine.")],
    role: Role = None,
    env: Env = "demo",
) -> None:
    """Tell what a token stands for, as the role sees it, without Java.

    The call is recorded in the audit before it answers.

    Example: c360 privacy resolve t1:… --purpose marketing --reason "complaint 4711" --by ana
    """
    from lakehouse.pipeline.token_vault import resolve_token

    settings = loaded(env, {"audit.actor": by}, role=role)
    show(resolve_token(settings, token, purpose=purpose, reason=reason))
