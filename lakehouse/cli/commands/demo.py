"""Commands of the synthetic company: generate it, run it through the lake, measure how long that takes."""

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.cli.app import loaded, show
from lakehouse.cli.commands.customer import show_example
from lakehouse.settings.places import home_dir

demo = typer.Typer(no_args_is_help=True, help="A synthetic company with known truth.")

_PANEL = "Try it"

Customers = Annotated[int, typer.Option(min=1, help="People who exist in the synthetic company.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")]
Days = Annotated[int, typer.Option(min=1, help="Daily drops.")]


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the `c360` command."""
    app.add_typer(demo, name="demo", rich_help_panel=_PANEL)
    app.command(rich_help_panel=_PANEL)(bench)
    app.command("bench-linkage", rich_help_panel=_PANEL)(bench_linkage)


@demo.command("generate")
def demo_generate(
    out: Annotated[Path, typer.Option(help="Folder for landing/ and truth/; created if need be.")],
    customers: Customers = 10_000,
    seed: Seed = 1,
    days: Days = 3,
) -> None:
    """Write the feeds of a synthetic retailer, and the truth about them in a folder of its own.

    Example: c360 demo generate --customers 1000 --days 3 --out demo-files
    """
    from lakehouse.pipeline import commands

    show(commands.demo_generate(out, customers=customers, seed=seed, days=days))


@demo.command("run")
def demo_run(customers: Customers = 10_000, seed: Seed = 1, days: Days = 3) -> None:
    """Generate the demo company, run every day through the lake, and report what came of it.

    The report ends with one customer's page. This is what `make demo` calls. The demo's lake of before
    is replaced. The exit code is the worst of the runs'.

    Example: c360 demo run --customers 1000
    """
    from lakehouse.pipeline import commands

    settings = loaded("demo")
    report = commands.demo_run(settings, customers=customers, seed=seed, days=days)
    try:
        show(report)
    finally:
        # Also where the exit code is not 0, which ends the command.
        show_example(settings)


def bench(
    customers: Customers = 100_000,
    seed: Seed = 1,
    erase: Annotated[
        list[int] | None,
        typer.Option(min=0, help="Customers to erase at once; may be repeated; 0 for none."),
    ] = None,
) -> None:
    """Measure a run on synthetic customers, in a lake of its own: time per stage, rows per second.

    After it, 1 and 1,000 of the customers are erased, each by a request of their own, which is timed too.

    Example: c360 bench --customers 100000
    """
    from lakehouse.pipeline import commands

    home = home_dir() / "bench"
    places = {
        "lake.root": home / "lake",
        "lake.landing": home / "landing",
        "lake.work_dir": home / "work",
        "linkage.models": home / "models",
        "quality.data_docs": home / "data_docs",
    }
    settings = loaded("demo", {key: str(place) for key, place in places.items()})
    erased = [size for size in erase or (1, 1_000) if size]
    show(commands.bench(settings, customers=customers, seed=seed, erased=erased))


def bench_linkage(
    records: Annotated[
        list[int] | None, typer.Option(min=100, help="Person records; may be repeated.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each engine, in turn.")] = 1,
    seed: Seed = 1,
    patience: Annotated[
        int,
        typer.Option(
            min=0,
            help="Stop stock Splink on Spark after so many times our seconds; 0 waits for its end.",
        ),
    ] = 0,
) -> None:
    """Measure linkage: our engines and stock Splink's in turn, and an increment against a full run.

    Example: c360 bench-linkage --records 100000 --records 1000000
    """
    from lakehouse.pipeline import commands

    sizes = records or [100_000, 1_000_000]
    settings = loaded("demo")
    show(commands.bench_linkage(settings, sizes=sizes, rounds=rounds, seed=seed, patience=patience))
