"""Commands about data products and the audiences that leave the lakehouse. They start no JVM."""

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.cli.app import Env, loaded, show

products = typer.Typer(
    no_args_is_help=True, help="What each domain gets of the truth: conf/base/products."
)
audience = typer.Typer(no_args_is_help=True, help="Data products that leave the lakehouse.")


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the `c360` command."""
    app.add_typer(products, name="products", rich_help_panel="The lake")
    app.add_typer(audience, name="audience", rich_help_panel="The lake")


@products.command("list")
def products_list(env: Env = "demo") -> None:
    """List the data products: owner, version, purpose, rows in the release, and the last gate.

    Example: c360 products list --env prod
    """
    from lakehouse.pipeline.products import products_list as report_of

    show(report_of(loaded(env)))


@products.command("dictionary")
def products_dictionary(env: Env = "demo") -> None:
    """Print every product's columns and terms in words, as Markdown.

    Example: c360 products dictionary > products.md
    """
    from lakehouse.pipeline.products import products_dictionary as text_of

    typer.echo(text_of(loaded(env)))


@audience.command("export")
def audience_export(
    product: Annotated[str, typer.Argument(help="As `c360 products list` names it.")],
    to: Annotated[Path, typer.Option(file_okay=False, help="Folder that the files go to.")],
    role: Annotated[
        str | None, typer.Option(help="In which role; default: the one of C360_ROLE.")
    ] = None,
    env: Env = "demo",
) -> None:
    """Write a product's customers as CSV, and whom the destination must add and remove since the last time.

    Who withdrew consent, objected or was erased is in removed.csv. The same release is not written twice.

    Example: c360 audience export marketing_customer --to outbox --role marketer
    """
    from lakehouse.pipeline.audiences import export_audience

    show(export_audience(loaded(env, {"roles.reader": role} if role else None), product, to))
