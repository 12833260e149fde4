"""Commands about files of people: link one, and evaluate clusters against the truth."""

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.cli.app import Env, ExistingFile, loaded, show
from lakehouse.settings.linkage import Engine

_PANEL = "Try it"


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the `c360` command."""
    app.command(rich_help_panel=_PANEL)(link)
    app.command(rich_help_panel=_PANEL)(evaluate)


def link(
    people: ExistingFile,
    out: Annotated[Path, typer.Option(help="Parquet or CSV file to write: record_id, cluster_id.")],
    engine: Annotated[
        Engine | None, typer.Option(help="What scores the pairs; else conf says it.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Trained model; else one is trained here."),
    ] = None,
) -> None:
    """Find who is the same person in one table of people (CSV or Parquet).

    Columns are known by their standard names, any subset of: record_id, source, given_name,
    middle_name, family_name, full_name, birth_date, gender, email, phone, street, city, region,
    postcode, country, national_id.

    Example: c360 link people.csv --out clusters.parquet
    """
    from lakehouse.pipeline import commands

    show(commands.link(people, out, engine=engine, model=model))


def evaluate(
    clusters: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, readable=True)
    ] = None,
    truth: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, readable=True)
    ] = None,
    env: Env = "demo",
) -> None:
    """Print pairwise and B-cubed precision, recall and F1 of clusters against the truth.

    CLUSTERS holds record_id and cluster_id, TRUTH record_id and entity_id, person_id or
    cluster_id (CSV or Parquet). Without files the lake's links are held against what its stewards
    decided: precision, recall and calibration of the model alone.

    Examples:
    c360 evaluate clusters.parquet truth.csv

    c360 evaluate --env prod
    """
    from lakehouse.pipeline import commands

    if clusters is None:
        show(commands.evaluate_decisions(loaded(env)))
    elif truth is None:
        raise typer.BadParameter("Name the truth too, or no file at all.", param_hint="TRUTH")
    else:
        show(commands.evaluate(clusters, truth))
