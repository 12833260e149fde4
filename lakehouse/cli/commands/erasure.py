"""Commands of erasure: plan, approve, execute, prove; and the list of those who must not come back."""

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.cli.app import Env, ExistingFile, Role, loaded, show

erase = typer.Typer(no_args_is_help=True, help="Erase people from every layer, and prove it.")
suppression = typer.Typer(no_args_is_help=True, help="Erased people who must not come back.")

By = Annotated[str, typer.Option(help="Who says so.")]
Erasure = Annotated[str, typer.Argument(help="An erasure, as its plan was named.")]
Keys = Annotated[
    Path | None,
    typer.Option(
        "--records-from",
        exists=True,
        dir_okay=False,
        help="File with one record key of silver.person_record a line.",
    ),
]
Values = Annotated[
    Path | None,
    typer.Option(
        "--identifiers-from",
        exists=True,
        dir_okay=False,
        help="File with one value of the person a line: searched for in every encoding, kept nowhere.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the group `privacy`."""
    app.add_typer(erase, name="erase")
    app.add_typer(suppression, name="suppression")


@erase.command("plan")
def erase_plan(
    by: By,
    records_from: Keys = None,
    customer: Annotated[
        str | None, typer.Option(help="A customer_id: all records that are theirs now.")
    ] = None,
    request: Annotated[str | None, typer.Option(help="The request that asks for it.")] = None,
    role: Role = None,
    env: Env = "demo",
) -> None:
    """Find all that an erasure would touch: tables, rows, files, landing files, and what stays.

    Nothing is erased yet. Name an approved request, or the records or the customer that are meant.
    Why records are under a hold is shown as the role sees it.

    Example: c360 privacy erase plan --request 5f0c1d2e3a4b --by officer
    """
    from lakehouse.pipeline import erasure_commands

    keys = _lines(records_from)
    show(
        erasure_commands.plan(
            loaded(env, role=role), record_keys=keys, customer=customer, request=request, by=by
        )
    )


@erase.command("approve")
def erase_approve(erasure: Erasure, by: By, env: Env = "demo") -> None:
    """Say that an erasure may be carried out as it is planned.

    Example: c360 privacy erase approve 5f0c1d2e3a4b --by head-of-privacy
    """
    from lakehouse.pipeline import erasure_commands

    show(erasure_commands.approve(loaded(env), erasure, by=by))


@erase.command("execute")
def erase_execute(
    erasures: Annotated[list[str], typer.Argument(help="Erasures that share one run.")],
    env: Env = "demo",
) -> None:
    """Carry out approved erasures by one run: readers see a release without these people.

    If it was killed, the same command goes on where it was.

    Example: c360 privacy erase execute 5f0c1d2e3a4b 77aa01bc23de
    """
    from lakehouse.pipeline import erasure_commands

    show(erasure_commands.execute(loaded(env), erasures))


@erase.command("prove")
def erase_prove(
    erasure: Erasure,
    retention_hours: Annotated[
        int | None,
        typer.Option(
            min=0, help="Instead of conf's. Less only where nobody has an earlier release open."
        ),
    ] = None,
    identifiers_from: Values = None,
    out: Annotated[Path | None, typer.Option(help="File to write the certificate to.")] = None,
    env: Env = "demo",
) -> None:
    """Delete the files of earlier versions, search every file that is left, write the certificate.

    Example: c360 privacy erase prove 5f0c1d2e3a4b --out certificate.json
    """
    from lakehouse.pipeline import erasure_commands

    show(
        erasure_commands.prove(
            loaded(env),
            erasure,
            retention_hours=retention_hours,
            identifiers=_lines(identifiers_from),
            out=out,
        )
    )


@erase.command("check")
def erase_check(certificate: ExistingFile, env: Env = "demo") -> None:
    """Tell whether a certificate is as this lake wrote it; exit code 1 if not. No Java is needed.

    Example: c360 privacy erase check certificate.json
    """
    from lakehouse.pipeline.erasure_certificate import certificate_check

    show(certificate_check(loaded(env), certificate))


@erase.command("list")
def erase_list(env: Env = "demo") -> None:
    """List erasures and how far they are.

    Example: c360 privacy erase list
    """
    from lakehouse.pipeline import erasure_commands

    show(erasure_commands.erasure_list(loaded(env)))


@suppression.command("list")
def suppression_list(env: Env = "demo") -> None:
    """Count what is suppressed, by erasure and kind of identifier.

    Example: c360 privacy suppression list
    """
    from lakehouse.pipeline import erasure_commands

    show(erasure_commands.suppression_list(loaded(env)))


@suppression.command("lift")
def suppression_lift(erasure: Erasure, env: Env = "demo") -> None:
    """Let the people of an erasure come back with the next load.

    Example: c360 privacy suppression lift 5f0c1d2e3a4b
    """
    from lakehouse.pipeline import erasure_commands

    show(erasure_commands.suppression_lift(loaded(env), erasure))


def _lines(path: Path | None) -> list[str]:
    text = "" if path is None else path.read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip()]
