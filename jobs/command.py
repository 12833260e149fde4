"""What every job has in common: its arguments, its log and its exit code."""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from lakehouse.errors import ExitCode, LakehouseError
from lakehouse.logs import configure_logging
from lakehouse.pipeline import commands
from lakehouse.report import Report
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings


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
        help="day that the run stands for, yyyy-mm-dd; default: today",
    )
    parser.add_argument("--only", nargs="*", default=[], help="layers or tables; default: all")
    given = parser.parse_args()
    only = given.only or layers
    finish(
        given.env,
        lambda settings: commands.run(settings, run_id=given.run_id, as_of=given.as_of, only=only),
    )


def finish(env: str, work: Callable[[Settings], Report]) -> None:
    """Does the work under the environment's settings, prints its report, exits with its code."""
    try:
        settings = load_settings(env)
        configure_logging(settings.logging.folder, settings.logging.level)
        report = work(settings)
    except LakehouseError as error:
        sys.exit(_told(str(error), error.exit_code))
    except Exception as error:  # noqa: BLE001 - its text may quote a row, so it goes no further
        sys.exit(
            _told(
                f"[C360-000] Unexpected {type(error).__name__}. Next: run the same day by "
                "`c360 --debug run`, which shows where; its output may then quote data.",
                ExitCode.FAILED,
            )
        )
    for line in (*report.lines, *report.warnings):
        sys.stdout.write(f"{line}\n")


def _told(message: str, exit_code: ExitCode) -> int:
    sys.stderr.write(f"{message}\n")
    return int(exit_code)
