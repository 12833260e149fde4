"""How every job ends: with its report, or with the line and the exit code of its error."""

import sys
from collections.abc import Callable

from lakehouse.errors import ExitCode, LakehouseError
from lakehouse.logs import with_logging
from lakehouse.quality.checked import checked_settings
from lakehouse.report import Report, inert, plain_text
from lakehouse.settings.models import Settings


def finish(env: str, work: Callable[[Settings], Report]) -> None:
    """Does the work under the environment's settings, prints its report, exits with its code.

    It does none where settings, suites, gates or the list of jars have a fault, and tells all of them.
    """
    try:
        report = work(with_logging(checked_settings(env)))
    except LakehouseError as error:
        sys.exit(_reported(str(error), error.exit_code))
    except Exception as error:  # noqa: BLE001 - its text may quote a row, so it goes no further
        sys.exit(
            _reported(
                f"[C360-000] Unexpected {type(error).__name__}. Next: run the same day by "
                "`c360 --debug run`, which shows where.",
                ExitCode.FAILED,
            )
        )
    sys.stdout.write(plain_text(report))
    if report.exit_code:
        sys.exit(report.exit_code)


def _reported(message: str, exit_code: ExitCode) -> int:
    sys.stderr.write(inert(message, keep="\n") + "\n")
    return int(exit_code)
