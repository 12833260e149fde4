"""Compact all tables, then delete the files that no live release needs."""

from jobs.command import arguments
from jobs.ending import finish
from lakehouse.pipeline import commands
from lakehouse.report import Report
from lakehouse.settings.models import Settings


def maintain(settings: Settings) -> Report:
    """Compacts, vacuums, and says what was done."""
    compacted, vacuumed = commands.compact(settings), commands.vacuum(settings)
    return Report(lines=[*compacted.lines, *vacuumed.lines], warnings=vacuumed.warnings)


if __name__ == "__main__":
    finish(arguments(__doc__ or "").parse_args().env, maintain)
