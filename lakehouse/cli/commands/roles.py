"""Commands about roles: what each may see, and the same as SQL for a catalog."""

from typing import Annotated

import typer

from lakehouse.cli.app import Env, Role, loaded, show
from lakehouse.cli.commands.data import Prefix
from lakehouse.report import Grid, Report

roles = typer.Typer(no_args_is_help=True, help="Who may see what, as conf/base/roles.yml says it.")


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the `c360` command."""
    app.add_typer(roles, name="roles", rich_help_panel="Privacy")


@roles.command("list")
def roles_list(env: Env = "demo") -> None:
    """List the roles, what they read for and how they see values, and which one this session has.

    Example: c360 roles list --env prod
    """
    found = loaded(env).roles
    rows = [
        (
            name,
            "yes" if name == found.reader else "",
            role.title,
            ", ".join(role.purposes),
            ", ".join(f"{kind} {mask}" for kind, mask in role.sees.items()),
        )
        for name, role in found.roles.items()
    ]
    show(Report([Grid("Roles", ("role", "now", "who", "reads for", "sees"), rows)]))


@roles.command("sql")
def roles_sql(
    prefix: Prefix = "",
    views: Annotated[
        bool, typer.Option("--views", help="A schema of masked views per role, for any metastore.")
    ] = False,
    env: Env = "demo",
) -> None:
    """Print, for review, the SQL that gives groups c360_<role> in Unity Catalog what their roles may see.

    That is grants, column masks and row filters on the tables of gold and of data products. What a role had
    by an earlier conf, and has not by this, is revoked and dropped. Keys of tokens are read from the secret
    scope c360 (token_key_<role>, as `c360 roles token-key` prints it). Nothing is carried out.

    Example: c360 roles sql --prefix main.c360_ > roles.sql
    """
    from lakehouse.pipeline.role_sql import unity_statements, view_statements_by_role
    from lakehouse.tables.gold import GOLD_TABLES

    statements = view_statements_by_role if views else unity_statements
    settings = loaded(env)
    specs = (*GOLD_TABLES, *settings.product_tables)
    for statement in statements(settings.roles.roles, lambda name: prefix + name, specs):
        typer.echo(f"{statement};")


@roles.command("export")
def roles_export(
    role: Annotated[str, typer.Argument(help="A role of conf/base/roles.yml.")],
    to: Annotated[
        str, typer.Option("--to", help="Folder or URI; default: roles below the lake's root.")
    ] = "",
    reader: Role = None,
    env: Env = "demo",
) -> None:
    """Write gold and the data products as a role sees them, as tables for who reads folders. It is recorded.

    They lie below FOLDER/ROLE, masked, with tokens and without the rows that the role may not see. Let its
    members read that folder, and not the lake's. Run it after each release; an erasure makes them anew.

    Example: c360 roles export analyst --role privacy_officer
    """
    from lakehouse.pipeline.role_tables import export_role

    show(export_role(loaded(env, role=reader), role, to or None))


@roles.command("token-key")
def roles_token_key(
    role: Annotated[str, typer.Argument(help="A role of conf/base/roles.yml.")],
    reader: Role = None,
    env: Env = "demo",
) -> None:
    """Print the secret by which a catalog makes the tokens that a role sees. It is recorded.

    Send it on and keep it nowhere: who has it can find out which value a token stands for.

    Example: c360 roles token-key analyst --role privacy_officer |
    databricks secrets put-secret c360 token_key_analyst
    """
    from lakehouse.pipeline.token_vault import role_token_key

    typer.echo(role_token_key(loaded(env, role=reader), role), nl=False)
