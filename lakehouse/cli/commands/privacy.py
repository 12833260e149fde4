"""Commands about what is held of persons, and why. They start no JVM.

The group is `privacy`; other modules add their commands to it.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.app import Env, day, loaded, show
from lakehouse.report import Grid, Report
from lakehouse.tables.spec import Sensitivity

if TYPE_CHECKING:
    from lakehouse.privacy.processing_record import HeldTable

privacy = typer.Typer(no_args_is_help=True, help="What is held of persons, why, and by what law.")

Tables = Annotated[
    list[str] | None,
    typer.Option("--table", help="This table or layer only; may be repeated."),
]
Sensitivities = Annotated[
    list[Sensitivity] | None,
    typer.Option("--sensitivity", help="Columns of this sensitivity only; may be repeated."),
]


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the `c360` command."""
    app.add_typer(privacy, name="privacy", rich_help_panel="The lake")


@privacy.command("map")
def privacy_map(
    table: Tables = None,
    sensitivity: Sensitivities = None,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON document.")] = False,
    csv: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write it as CSV to this file, a row per column."),
    ] = None,
    env: Env = "demo",
) -> None:
    """Print the record of processing: what is held, where, why, how long, and shared with whom.

    It follows from the table specs, conf/base/sources and conf/base/purposes.yml. By default it lists
    every column that tells of persons, pseudonyms among them; a column has the purposes, the retention
    and the path to a person of its table.

    Examples:
    c360 privacy map --table gold.customer

    c360 privacy map --sensitivity special_category --csv record-of-processing.csv
    """
    from lakehouse.privacy.processing_record import (
        PERSONAL,
        as_csv,
        as_document,
        processing_record,
    )

    record = _of_tables(processing_record(loaded(env), sensitivity or PERSONAL), table)
    if csv is not None:
        _write(csv, as_csv(record))
        typer.echo(f"{sum(len(held.columns) for held in record):,} columns written to {csv}.")
    elif as_json:
        typer.echo(json.dumps(as_document(record), indent=2))
    else:
        show(_report(record))


def _write(path: Path, text: str) -> None:
    from lakehouse.errors import InputError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}.", "name a file in a folder that is there."
        ) from None


def _of_tables(record: "list[HeldTable]", wanted: list[str] | None) -> "list[HeldTable]":
    from lakehouse.errors import NotFoundError

    known = {name for held in record for name in (held.spec.name, held.spec.layer.value)}
    if missing := [name for name in wanted or () if name not in known]:
        raise NotFoundError(
            f"No such column in {', '.join(missing)}.",
            "name a table (gold.customer) or a layer (gold); `c360 privacy map` lists all.",
        )
    return [h for h in record if not wanted or {h.spec.name, h.spec.layer.value} & {*wanted}]


def _report(record: "list[HeldTable]") -> Report:
    grids = []
    for held in record:
        why = ", ".join(f"{name} ({p.legal_basis.value})" for name, p in held.purposes.items())
        facts = (
            held.spec.description,
            f"Why: {why}. Kept {held.kept}. Owner: {held.spec.owner}.",
            f"Shared with: {', '.join(held.recipients) or 'nobody'}.",
            f"A person's rows by: {held.path.in_words() if held.path else 'none, about nobody'}.",
        )
        rows = [(c.name, c.sensitivity.value, c.description) for c in held.columns]
        title = "\n".join((held.spec.name, *facts))
        grids.append(Grid(title, ("column", "sensitivity", "what it says"), rows))
    columns = sum(len(held.columns) for held in record)
    return Report(grids, [f"\n{columns:,} columns of {len(record):,} tables."])


@privacy.command("notice")
def privacy_notice(
    regime: Annotated[
        str | None,
        typer.Option(help="For persons under this law of regimes.yml; default: conf's default."),
    ] = None,
    env: Env = "demo",
) -> None:
    """Write the privacy notice, as Markdown: what is held and why, rights, and how to ask.

    Example: c360 privacy notice --regime ccpa > notice.md
    """
    from lakehouse.errors import ConfigurationError, NotFoundError
    from lakehouse.privacy import notice
    from lakehouse.privacy.processing_record import processing_record

    settings = loaded(env)
    purposes, laws = settings.purposes, settings.regimes
    name = regime or laws.default
    if name not in laws.regimes:
        raise NotFoundError(
            f"There is no regime {name}.", f"name one of {', '.join(laws.regimes)}."
        )
    if purposes.controller is None:
        raise ConfigurationError(
            "Nobody answers for the data: conf names no controller.",
            f"say controller (name, contact) in conf/{env}/purposes.yml.",
        )
    held = processing_record(settings)
    law, sources = laws.regimes[name], settings.sources
    typer.echo(notice.privacy_notice(held, purposes.purposes, sources, purposes.controller, law))


@privacy.command("scan")
def privacy_scan(
    release: Annotated[
        int | None,
        typer.Option("--release", help="That release, if it is kept; default: the current."),
    ] = None,
    env: Env = "demo",
) -> None:
    """Look for personal data in columns that are declared free of it; fail if there is more than conf allows.

    It judges a sample of every table's text by form (e-mails, telephone numbers, cards, ids) and by the
    values that silver has of persons and devices, and tells counts, never a value.
    conf/base/privacy_scan.yml says how much is read and allowed. Exit code 4 if a column is over its limit.

    Example: c360 privacy scan --env prod
    """
    from lakehouse.pipeline.personal_data_scan import scan_release, scan_report

    show(scan_report(scan_release(loaded(env), day(None), number=release)))
