"""Commands of data keys: what wraps them, and wrapping them by another master key."""

import typer

from lakehouse.cli.app import Env, loaded, show

keys = typer.Typer(no_args_is_help=True, help="The keys by which rows are encrypted.")


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the group `privacy`."""
    app.add_typer(keys, name="keys")


@keys.command("status")
def keys_status(env: Env = "demo") -> None:
    """Tell where data keys lie, how many there are, and by which master key they are wrapped; without Java.

    Example: c360 privacy keys status --env prod
    """
    from lakehouse.pipeline.data_keys import status

    show(status(loaded(env)))


@keys.command("rotate")
def keys_rotate(env: Env = "demo") -> None:
    """Wrap every data key by the newest master key of conf, and rewrite no row.

    Example: c360 privacy keys rotate --env prod
    """
    from lakehouse.pipeline.data_keys import rotate

    show(rotate(loaded(env)))
