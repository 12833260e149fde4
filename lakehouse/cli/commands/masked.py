"""The command that copies a slice of the lake, masked. It starts no JVM."""

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.cli.app import Env, loaded, show


def add_to(app: typer.Typer) -> None:
    """Adds this command to the `c360` command."""
    app.command("mask-dataset", rich_help_panel="The lake")(mask_dataset)


def mask_dataset(
    to: Annotated[Path, typer.Option("--to", help="A new or empty folder: the copy's lake.root.")],
    customers: Annotated[
        int, typer.Option(min=1, help="Customers to choose; their households come with them.")
    ] = 1_000,
    k: Annotated[
        int, typer.Option("--k", min=2, help="Fewest customers of whom the same is told.")
    ] = 5,
    seed: Annotated[
        str | None, typer.Option(help="Chooses the same customers again; masks are new each time.")
    ] = None,
    env: Env = "demo",
) -> None:
    """Copy a slice of the lake for tests: whole customers, with nothing that tells who they are.

    Names, addresses, numbers and keys are made up, alike wherever they are alike; dates are moved;
    births and places are told only as far as at least k customers share them.

    Examples:
    c360 mask-dataset --to masked --customers 500

    C360_LAKE_ROOT=masked c360 show <customer_id> --role agent
    """
    from lakehouse.pipeline.masked_dataset import mask_dataset as masked

    show(masked(loaded(env), to.resolve(), customers=customers, k=k, seed=seed))
