"""Commands about the audit: who did what to whose data."""

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.cli.app import Env, loaded, show

audit = typer.Typer(no_args_is_help=True, help="Who read or changed what about whom.")


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the `c360` command."""
    app.add_typer(audit, name="audit", rich_help_panel="Privacy")


@audit.command("list")
def audit_list(
    subject: Annotated[
        str | None, typer.Option(help="Rows about this customer_id only, which is not recorded.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="How many rows are listed.")] = 20,
    env: Env = "demo",
) -> None:
    """List what was read and done, the newest first. Customers stand there by tokens of the audit's own.

    Example: c360 audit list --most 50 --env prod
    """
    from lakehouse.pipeline.audit import audit_list as listed

    show(listed(loaded(env), subject=subject, most=most))


@audit.command("verify")
def audit_verify(
    head: Annotated[
        Path | None, typer.Option(help="A copy of the head of some day, kept elsewhere.")
    ] = None,
    env: Env = "demo",
) -> None:
    """Tell whether every row is there and as it was written; exit code 1 if not.

    By the head that is kept beside it, and by the copy of one that is named: that also tells of an audit
    that was deleted with its head, or put back to an earlier day.

    Example: c360 audit verify --head /mnt/elsewhere/audit-head.json --env prod
    """
    from lakehouse.pipeline.audit import audit_verify as verified

    show(verified(loaded(env), copied_head=head))
