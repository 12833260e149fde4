"""Commands about this machine and its configuration: doctor, jars, config."""

import typer

from lakehouse.cli.app import Env, show
from lakehouse.errors import ExitCode, read_together
from lakehouse.report import Grid, Report

jars = typer.Typer(no_args_is_help=True, help="Delta's jars on this machine.")
config = typer.Typer(no_args_is_help=True, help="What conf/ and the environment say.")


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the `c360` command."""
    app.command(rich_help_panel="This machine")(doctor)
    app.add_typer(jars, name="jars", rich_help_panel="This machine")
    app.add_typer(config, name="config", rich_help_panel="This machine")


def doctor() -> None:
    """Check that this machine has what a run needs; exit code 3 if it has not.

    Looks at Python, packages, Java, disk, memory, folders and jars, and says for each what to do.

    Example: c360 doctor
    """
    from lakehouse.doctor import examine

    checks = examine()
    rows = [("ok" if c.ok else "MISSING", c.subject, c.found, c.next_step) for c in checks]
    show(Report([Grid("This machine", ("", "What", "Found", "What to do"), rows)]))
    if not all(check.ok for check in checks):
        raise typer.Exit(ExitCode.MISSING_PREREQUISITE)


@jars.command("fetch")
def jars_fetch() -> None:
    """Download Delta's jars from the Maven repository and check their sums.

    Needed once; jars that are there and have the right sum are not downloaded again.

    Example: c360 jars fetch
    """
    from lakehouse.jars import fetch_jars

    paths = fetch_jars()
    show(Report(lines=[f"{len(paths)} jars, sums right, in {paths[0].parent}"]))


@jars.command("list")
def jars_list() -> None:
    """Print the paths of the verified jars, joined by commas, as `spark-submit --jars` wants them.

    Example: spark-submit --jars "$(c360 jars list)" jobs/run_all.py --env prod
    """
    from lakehouse.jars import jar_paths

    typer.echo(",".join(str(path) for path in jar_paths()))


@config.command("check")
def config_check(env: Env = "demo") -> None:
    """Validate all of conf/ and expectations/ and list every fault at once; exit code 2 if there is any.

    Example: c360 config check --env prod
    """
    from lakehouse.quality.checked import checked_settings
    from lakehouse.settings.metrics import load_metrics
    from lakehouse.tables.registry import GATED_TABLES

    settings, views = read_together(lambda: checked_settings(env), load_metrics)
    counts = (
        f"{len(settings.sources)} sources, {len(GATED_TABLES)} suites, "
        f"{len(settings.products)} data products, {len(views)} metric views"
    )
    show(Report(lines=[f"Environment {env} is right: {counts}."]))


@config.command("show")
def config_show(env: Env = "demo") -> None:
    """Print the settings of an environment as JSON, with secrets masked.

    Example: c360 config show --env demo
    """
    from lakehouse.settings.load import load_settings

    typer.echo(load_settings(env).model_dump_json(indent=2))
