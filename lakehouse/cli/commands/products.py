"""Commands about data products and the audiences that leave the lakehouse. They start no JVM."""

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.cli.app import Env, ExistingFile, Role, loaded, show
from lakehouse.report import Report

products = typer.Typer(
    no_args_is_help=True, help="What each domain gets of the truth: conf/base/products."
)
audience = typer.Typer(no_args_is_help=True, help="Data products that leave the lakehouse.")


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the `c360` command."""
    app.add_typer(products, name="products", rich_help_panel="The lake")
    app.add_typer(audience, name="audience", rich_help_panel="The lake")
    app.command(rich_help_panel="The lake")(unseal)


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
    Files with people are sealed where the lake encrypts at rest: `c360 unseal` opens them.

    Example: c360 audience export marketing_customer --to outbox --role marketer
    """
    from lakehouse.pipeline.audiences import export_audience

    show(export_audience(loaded(env, {"roles.reader": role} if role else None), product, to))


def unseal(
    file: ExistingFile,
    to: Annotated[Path, typer.Option(dir_okay=False, help="The file to write.")],
    role: Role = None,
    env: Env = "demo",
) -> None:
    """Open a sealed file: an exported audience, or the archive of a request. The audit records it.

    An audience is opened in a role that reads for its product's purpose, an archive in one that sees
    identifiers. The file that is written is for its owner alone.

    Example: c360 unseal outbox/marketing_customer/release-000003/added.csv.sealed --to added.csv
    """
    from lakehouse.pipeline.sealed_exports import unseal as write_unsealed

    write_unsealed(loaded(env, role=role), file, to)
    show(Report(lines=(f"{to} has what {file.name} sealed.",)))
