"""The arguments of the jobs."""

import argparse
from datetime import UTC, date, datetime

from jobs.ending import finish
from lakehouse.pipeline import commands


def arguments(description: str) -> argparse.ArgumentParser:
    """The argument that all jobs take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--env", default="prod", help="environment: a folder beside conf/base")
    return parser


def run_layers(description: str, layer: str = "") -> None:
    """A job that runs a layer (without one, all), or what `--only` says of it, and exits as errors say."""
    parser = arguments(description)
    parser.add_argument("--run-id", help="name of the run; default: the layer and the day")
    today = datetime.now(UTC).date()
    day = "day that the run is for, yyyy-mm-dd; default: today (UTC)"
    parser.add_argument("--as-of", type=date.fromisoformat, default=today, help=day)
    names = f"tables of {layer}" if layer else "layers or tables"
    parser.add_argument("--only", nargs="*", default=[], help=f"{names}; default: all")
    given = parser.parse_args()
    only = given.only or ([layer] if layer else [])
    beyond = [name for name in only if layer and name.split(".")[0] != layer]
    if beyond:
        parser.error(f"--only: {', '.join(beyond)} is not of {layer}; jobs/run_all.py takes any.")
    finish(
        given.env,
        lambda settings: commands.run(settings, run_id=given.run_id, as_of=given.as_of, only=only),
    )
