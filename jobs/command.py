"""The arguments of the jobs."""

import argparse
from collections.abc import Sequence
from datetime import UTC, date, datetime

from jobs.ending import finish
from lakehouse.pipeline import commands


def arguments(description: str) -> argparse.ArgumentParser:
    """The argument that all jobs take."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--env", default="prod", help="environment: a folder beside conf/base")
    return parser


def run_layers(description: str, layers: Sequence[str]) -> None:
    """A job that runs `layers` (or what `--only` says) and exits as the errors say."""
    parser = arguments(description)
    parser.add_argument("--run-id", help="name of the run; default: the layers and the day")
    parser.add_argument(
        "--as-of",
        type=date.fromisoformat,
        default=datetime.now(UTC).date(),
        help="day that the run is for, yyyy-mm-dd; default: today (UTC)",
    )
    parser.add_argument("--only", nargs="*", default=[], help="layers or tables; default: all")
    given = parser.parse_args()
    only = given.only or layers
    finish(
        given.env,
        lambda settings: commands.run(settings, run_id=given.run_id, as_of=given.as_of, only=only),
    )
