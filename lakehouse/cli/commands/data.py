"""Commands about the lake's data: run, sources, train, release, quarantine and upkeep.

What they do is in `lakehouse.pipeline.commands`, which is loaded when a command is called.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.app import AsOf, Env, Role, show
from lakehouse.logs import with_logging
from lakehouse.settings.models import CATALOG_PREFIX, Settings

if TYPE_CHECKING:
    from lakehouse.settings.metrics import MetricView

release = typer.Typer(no_args_is_help=True, help="The releases that readers follow.")
metrics = typer.Typer(
    no_args_is_help=True, help="The company's numbers, as conf/base/metrics.yml defines them."
)
quarantine = typer.Typer(no_args_is_help=True, help="Rows that a rule holds back.")
override = typer.Typer(no_args_is_help=True, help="What stewards decide of two person records.")
attribute = typer.Typer(no_args_is_help=True, help="What stewards decide of customers' attributes.")
review = typer.Typer(no_args_is_help=True, help="Doubts about links that a steward can settle.")

By = Annotated[str, typer.Option("--by", help="Who decides.")]
Why = Annotated[str, typer.Option("--why", help="Why, in a sentence.")]
Record = Annotated[str, typer.Argument(help="record_key of silver.person_record.")]
Group = Annotated[str, typer.Argument(help="Group of survivorship.yml, such as address.")]
Decision = Annotated[str, typer.Argument(help="same, different or skip.")]
Task = Annotated[str, typer.Argument(help="As `c360 review list` prints it.")]

_PANEL = "The lake"


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the `c360` command."""
    for command in (run, sources, explain, train, compact, vacuum):
        app.command(rich_help_panel=_PANEL)(command)
    app.command("link-preview", rich_help_panel=_PANEL)(link_preview)
    app.command("bi-server", rich_help_panel=_PANEL)(bi_server)
    app.add_typer(release, name="release", rich_help_panel=_PANEL)
    app.add_typer(metrics, name="metrics", rich_help_panel=_PANEL)
    app.add_typer(quarantine, name="quarantine", rich_help_panel=_PANEL)
    app.add_typer(review, name="review", rich_help_panel=_PANEL)
    app.add_typer(override, name="override", rich_help_panel=_PANEL)
    app.add_typer(attribute, name="attribute", rich_help_panel=_PANEL)


def loaded(
    env: str, overrides: Mapping[str, str] | None = None, role: str | None = None
) -> Settings:
    """The environment's settings, with logging set up; `overrides` go by dotted key, `role` is who reads."""
    from lakehouse.settings.load import load_settings

    given = {**(overrides or {}), **({"roles.reader": role} if role else {})}
    return with_logging(load_settings(env, overrides=given))


def day(as_of: datetime | None) -> date:
    """The day that was said, else today by UTC."""
    return (as_of or datetime.now(UTC)).date()


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
    settings = loaded(env, overrides | ({"linkage.full": "true"} if full_linkage else {}))
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


def explain(
    subject: Annotated[str, typer.Argument(help="A record_key, or a customer_id alone.")],
    other: Annotated[str | None, typer.Argument(help="Another record_key.")] = None,
    release_number: Annotated[
        int | None,
        typer.Option("--release", help="An earlier release, as it explained itself then."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write it as a page (.html) or chart (.svg) too."),
    ] = None,
    role: Role = None,
    env: Env = "demo",
) -> None:
    """Tell why two records are one customer or not, or how a customer came together.

    The numbers are those by which it was decided; beside them stand those of today's model and values.

    Examples:
    c360 explain 5f0c… 9b1e… --out why.html

    c360 explain 77ab… --release 12
    """
    from lakehouse.pipeline import commands

    show(commands.explain(loaded(env, role=role), subject, other, release=release_number, out=out))


def link_preview(
    model: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A model to try; else the one of the lake."),
    ] = None,
    full_linkage: Annotated[
        bool, typer.Option("--full-linkage", help="Score every pair anew, not only what changed.")
    ] = False,
    most: Annotated[int, typer.Option(min=0, help="How many changes are listed.")] = 20,
    as_of: AsOf = None,
    env: Env = "demo",
) -> None:
    """Tell whose customer the next run would change, with nothing written: counts first, then the largest.

    By files that have landed since the last run, new decisions, other guards or another model. By
    another model all pairs are scored: what `c360 run --full-linkage` would do once linkage.models has it.

    Example: c360 link-preview --model models/2026-01-07.json
    """
    from lakehouse.pipeline import commands

    settings = loaded(env, {"linkage.full": "true"} if full_linkage else {})
    show(commands.link_preview(settings, model=model, most=most, as_of=day(as_of)))


@review.command("list")
def review_list(
    reason: Annotated[str | None, typer.Option(help="Tasks of this reason only.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many tasks are listed.")] = 20,
    role: Role = None,
    env: Env = "demo",
) -> None:
    """Count what stewards are asked about links, and list the most urgent.

    Example: c360 review list --reason near_threshold
    """
    from lakehouse.pipeline import commands

    show(commands.review_list(loaded(env, role=role), reason=reason, most=most))


@review.command("show")
def review_show(task: Task, role: Role = None, env: Env = "demo") -> None:
    """Show the two records of a task side by side, in masked form, and what each comparison weighs.

    Example: c360 review show 5f0c9b1e77ab2d40
    """
    from lakehouse.pipeline import commands

    show(commands.review_show(loaded(env, role=role), task))


@review.command("decide")
def review_decide(task: Task, decision: Decision, by: By, why: Why, env: Env = "demo") -> None:
    """Settle a task: the two records are one person's (same), two people's (different), or neither (skip).

    Every later run honours it, whatever the model says, until it is withdrawn (c360 override withdraw).

    Example: c360 review decide 5f0c9b1e77ab2d40 same --by maria --why "Moved house, spoke to her"
    """
    from lakehouse.pipeline import commands

    show(commands.review_decide(loaded(env), task, decision, by=by, reason=why))


@override.command("list")
def override_list(role: Role = None, env: Env = "demo") -> None:
    """Show the decisions that hold.

    Example: c360 override list --env prod
    """
    from lakehouse.pipeline import commands

    show(commands.override_list(loaded(env, role=role)))


@override.command("add")
def override_add(
    record: Record,
    other: Record,
    decision: Decision,
    by: By,
    why: Why,
    env: Env = "demo",
) -> None:
    """Decide that two records are one person's (same) or two people's (different), or not to decide (skip).

    Every later run honours it, whatever the model says. What contradicts other decisions, directly or
    in turn, is refused with those named. A pair that was skipped is not asked about again.

    Example: c360 override add 5f0c… 9b1e… different --by maria --why "Twins, spoke to both"
    """
    from lakehouse.pipeline import commands

    settings = loaded(env)
    show(commands.override_add(settings, record, other, decision, by=by, reason=why))


@override.command("withdraw")
def override_withdraw(record: Record, other: Record, by: By, why: Why, env: Env = "demo") -> None:
    """Take a decision back: the next run goes by the evidence again.

    Example: c360 override withdraw 5f0c… 9b1e… --by maria --why "Wrong pair"
    """
    from lakehouse.pipeline import commands

    show(commands.override_withdraw(loaded(env), record, other, by=by, reason=why))


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
def metrics_sql(prefix: Prefix = "") -> None:
    """Print a SQL view per entry, one row per combination of its dimensions.

    Example: c360 metrics sql --prefix main.c360_ > metrics.sql
    """
    from lakehouse.pipeline.metric_views import sql_view

    _print_views(sql_view, prefix)


@metrics.command("databricks")
def metrics_databricks(prefix: Prefix = "") -> None:
    """Print a Databricks metric view per entry, of which any dimensions can be asked.

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


@attribute.command("list")
def attribute_list(role: Role = None, env: Env = "demo") -> None:
    """Show the decisions about attributes that hold: which attributes, not their values.

    Example: c360 attribute list --env prod
    """
    from lakehouse.pipeline import commands

    show(commands.attribute_list(loaded(env, role=role)))


@attribute.command("set")
def attribute_set(
    record: Record,
    group: Group,
    by: By,
    why: Why,
    values: Annotated[
        typer.FileText,
        typer.Option(
            encoding="utf-8", help="File of attribute=value lines; - is what is typed in."
        ),
    ] = "-",  # type: ignore[assignment]
    env: Env = "demo",
) -> None:
    """Decide what the customer of a record has in a group of attributes, above every rule.

    The values replace the group as a whole, and go where the record goes. They are read from a file or
    from what is typed in (one attribute=value a line, then Ctrl-D), and so stay out of the shell's history.

    Example: c360 attribute set 5f0c… address --values new-address.txt --by maria --why "Spoke to her"
    """
    from lakehouse.pipeline import commands

    settings = loaded(env)
    show(commands.attribute_set(settings, record, group, values.read(), by=by, reason=why))


@attribute.command("withdraw")
def attribute_withdraw(record: Record, group: Group, by: By, why: Why, env: Env = "demo") -> None:
    """Take a decision about attributes back: in the next run the rules decide again.

    Example: c360 attribute withdraw 5f0c… address --by maria --why "Moved again"
    """
    from lakehouse.pipeline import commands

    show(commands.attribute_withdraw(loaded(env), record, group, by=by, reason=why))
