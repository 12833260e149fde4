"""Commands about the lake's data: run, sources, train, release, quarantine and upkeep.

What they do is in `lakehouse.pipeline.commands`, which is loaded when a command is called.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.app import AsOf, Env, Role, day, loaded, loaded_for_run, show
from lakehouse.settings.models import CATALOG_PREFIX

if TYPE_CHECKING:
    from lakehouse.settings.metrics import MetricView

release = typer.Typer(no_args_is_help=True, help="The releases that readers follow.")
metrics = typer.Typer(
    no_args_is_help=True, help="The company's numbers, as conf/base/metrics.yml defines them."
)
quarantine = typer.Typer(no_args_is_help=True, help="Rows that a rule holds back.")

_PANEL = "The lake"


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the `c360` command."""
    for command in (run, sources, train, compact, vacuum):
        app.command(rich_help_panel=_PANEL)(command)
    app.command("bi-server", rich_help_panel=_PANEL)(bi_server)
    app.add_typer(release, name="release", rich_help_panel=_PANEL)
    app.add_typer(metrics, name="metrics", rich_help_panel=_PANEL)
    app.add_typer(quarantine, name="quarantine", rich_help_panel=_PANEL)


def run(
    env: Env = "demo",
    run_id: Annotated[
        str | None,
        typer.Option(help="Name of the run; a name that has succeeded is not run again."),
    ] = None,
    as_of: AsOf = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Write only this layer or table; may be repeated.")
    ] = None,
    landing: Annotated[
        Path | None, typer.Option(help="Folder of landing files instead of the one in conf.")
    ] = None,
    full_linkage: Annotated[
        bool, typer.Option("--full-linkage", help="Score every pair anew, not only what changed.")
    ] = False,
) -> None:
    """Take landing files through bronze, silver, linkage, gold and serve to one new release.

    Readers see all new tables together, or, when a gate fails, stay on the last release. A data product
    whose gate fails stops alone: the rest is released, and the exit code is 8.

    Examples:
    c360 run --env demo

    c360 run --env prod --run-id 2026-01-05 --as-of 2026-01-05
    """
    from lakehouse.pipeline import commands

    overrides = {"lake.landing": str(landing)} if landing else {}
    settings = loaded_for_run(env, overrides | ({"linkage.full": "true"} if full_linkage else {}))
    show(commands.run(settings, run_id=run_id, as_of=day(as_of), only=tuple(only or ())))


def sources(env: Env = "demo") -> None:
    """Assess every field of every source: fill rate, owner, who may read, what it feeds.

    Example: c360 sources --env demo
    """
    from lakehouse.pipeline import commands

    show(commands.sources(loaded(env)))


def train(env: Env = "demo") -> None:
    """Train a new linkage model on the released person records; the next run scores by it.

    Example: c360 train --env prod
    """
    from lakehouse.pipeline import commands

    show(commands.train_model(loaded(env)))


def compact(env: Env = "demo") -> None:
    """Join small files of every released table, as a release of the same rows.

    Example: c360 compact --env prod
    """
    from lakehouse.pipeline import commands

    show(commands.compact(loaded(env)))


def vacuum(env: Env = "demo") -> None:
    """Delete files that no live release needs any more.

    Example: c360 vacuum --env prod
    """
    from lakehouse.pipeline import commands

    show(commands.vacuum(loaded(env)))


def bi_server(
    env: Env = "demo",
    role: Role = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on loopback.")] = 10000,
) -> None:
    """Serve the current release over JDBC with Spark's Thrift server, until interrupted.

    Example: c360 bi-server --env demo --port 10000
    """
    from lakehouse.pipeline import commands

    show(commands.bi_server(loaded(env, role=role), port=port))


@release.command("list")
def release_list(env: Env = "demo") -> None:
    """List the releases, newest first, and which one readers see.

    Example: c360 release list --env prod
    """
    from lakehouse.pipeline import commands

    show(commands.release_list(loaded(env)))


@release.command("revert")
def release_revert(
    release_number: Annotated[int, typer.Argument(help="As `c360 release list` prints it.")],
    env: Env = "demo",
) -> None:
    """Make an earlier release current again; nothing is deleted.

    Example: c360 release revert 7 --env prod
    """
    from lakehouse.pipeline import commands

    show(commands.release_revert(loaded(env), release_number))


@quarantine.command("list")
def quarantine_list(env: Env = "demo") -> None:
    """Count the rows held back, by table, feed and reason.

    Example: c360 quarantine list --env prod
    """
    from lakehouse.pipeline import commands

    show(commands.quarantine_list(loaded(env)))


@quarantine.command("replay")
def quarantine_replay(
    env: Env = "demo",
    table: Annotated[str | None, typer.Option(help="This bronze table's rows only.")] = None,
    reason: Annotated[str | None, typer.Option(help="Rows with this reason code only.")] = None,
    as_of: AsOf = None,
) -> None:
    """Parse held bronze records again under the current conf and append those that are sound now.

    Rows held after bronze need no replay: every run judges them again.

    Example: c360 quarantine replay --table bronze.crm_contact --reason bad_encoding
    """
    from lakehouse.pipeline import commands

    show(commands.quarantine_replay(loaded(env), table=table, reason=reason, as_of=day(as_of)))


def _prefix(text: str) -> str:
    """The prefix, which is no more than one: it stands in SQL as it is."""
    if text and not re.fullmatch(CATALOG_PREFIX, text):
        raise typer.BadParameter("must be a schema's beginning, such as main.c360_ or c360_.")
    return text


Prefix = Annotated[
    str,
    typer.Option(
        callback=_prefix, help="What stands before layer names in the catalog, such as main.c360_."
    ),
]


@metrics.command("sql")
def metrics_sql(prefix: Prefix = "", env: Env = "demo") -> None:
    """Print a SQL view per entry, one row per combination of its dimensions.

    Of fewer customers than conf allows (smallest_group of product_policy.yml) none is told.

    Example: c360 metrics sql --prefix main.c360_ > metrics.sql
    """
    from lakehouse.pipeline.metric_views import sql_view

    smallest = loaded(env).product_policy.smallest_group
    _print_views(lambda view, table: sql_view(view, smallest, table), prefix)


@metrics.command("databricks")
def metrics_databricks(prefix: Prefix = "") -> None:
    """Print a Databricks metric view per entry, of which any dimensions can be asked.

    Groups of any size are told: grant it to those alone who may read its tables row by row.

    Example: c360 metrics databricks --prefix main.c360_ > metrics.sql
    """
    from lakehouse.pipeline.metric_views import databricks_metric_view

    _print_views(databricks_metric_view, prefix)


def _print_views(
    statement: Callable[["MetricView", Callable[[str], str]], str], prefix: str
) -> None:
    from lakehouse.settings.metrics import load_metrics

    for view in load_metrics():
        typer.echo(f"{statement(view, lambda name: prefix + name)};\n")
