"""Commands about links and attributes: explain them, preview them, and decide what is in doubt.

What they do is in `lakehouse.pipeline.commands`, which is loaded when a command is called.
"""

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.cli.app import AsOf, Env, Role, day, loaded, show

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
    app.command(rich_help_panel=_PANEL)(explain)
    app.command("link-preview", rich_help_panel=_PANEL)(link_preview)
    app.add_typer(review, name="review", rich_help_panel=_PANEL)
    app.add_typer(override, name="override", rich_help_panel=_PANEL)
    app.add_typer(attribute, name="attribute", rich_help_panel=_PANEL)


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
    from lakehouse.pipeline import steward_commands

    show(
        steward_commands.explain(
            loaded(env, role=role), subject, other, release=release_number, out=out
        )
    )


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
    from lakehouse.pipeline import steward_commands

    settings = loaded(env, {"linkage.full": "true"} if full_linkage else {})
    show(steward_commands.link_preview(settings, model=model, most=most, as_of=day(as_of)))


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
    from lakehouse.pipeline import steward_commands

    show(steward_commands.review_list(loaded(env, role=role), reason=reason, most=most))


@review.command("show")
def review_show(task: Task, role: Role = None, env: Env = "demo") -> None:
    """Show the two records of a task side by side, in masked form, and what each comparison weighs.

    Example: c360 review show 5f0c9b1e77ab2d40
    """
    from lakehouse.pipeline import steward_commands

    show(steward_commands.review_show(loaded(env, role=role), task))


@review.command("decide")
def review_decide(task: Task, decision: Decision, by: By, why: Why, env: Env = "demo") -> None:
    """Settle a task: the two records are one person's (same), two people's (different), or neither (skip).

    Every later run honours it, whatever the model says, until it is withdrawn (c360 override withdraw).

    Example: c360 review decide 5f0c9b1e77ab2d40 same --by maria --why "Moved house, spoke to her"
    """
    from lakehouse.pipeline import steward_commands

    show(steward_commands.review_decide(loaded(env), task, decision, by=by, reason=why))


@override.command("list")
def override_list(role: Role = None, env: Env = "demo") -> None:
    """Show the decisions that hold.

    Example: c360 override list --env prod
    """
    from lakehouse.pipeline import steward_commands

    show(steward_commands.override_list(loaded(env, role=role)))


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

    Every later run honours it, whatever the model says. What contradicts decisions that hold, of the same
    two or in turn, is refused with those named: withdraw the wrong one first (c360 override withdraw). A
    pair that was skipped is not asked about again.

    Example: c360 override add 5f0c… 9b1e… different --by maria --why "Twins, spoke to both"
    """
    from lakehouse.pipeline import steward_commands

    settings = loaded(env)
    show(steward_commands.override_add(settings, record, other, decision, by=by, reason=why))


@override.command("withdraw")
def override_withdraw(record: Record, other: Record, by: By, why: Why, env: Env = "demo") -> None:
    """Take a decision back: the next run goes by the evidence again.

    Example: c360 override withdraw 5f0c… 9b1e… --by maria --why "Wrong pair"
    """
    from lakehouse.pipeline import steward_commands

    show(steward_commands.override_withdraw(loaded(env), record, other, by=by, reason=why))


@attribute.command("list")
def attribute_list(role: Role = None, env: Env = "demo") -> None:
    """Show the decisions about attributes that hold: which attributes, not their values.

    Example: c360 attribute list --env prod
    """
    from lakehouse.pipeline import steward_commands

    show(steward_commands.attribute_list(loaded(env, role=role)))


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
    from lakehouse.pipeline import steward_commands

    settings = loaded(env)
    show(steward_commands.attribute_set(settings, record, group, values.read(), by=by, reason=why))


@attribute.command("withdraw")
def attribute_withdraw(record: Record, group: Group, by: By, why: Why, env: Env = "demo") -> None:
    """Take a decision about attributes back: in the next run the rules decide again.

    Example: c360 attribute withdraw 5f0c… address --by maria --why "Moved again"
    """
    from lakehouse.pipeline import steward_commands

    show(steward_commands.attribute_withdraw(loaded(env), record, group, by=by, reason=why))
