"""What a command has to say, free of how it is shown: lines of text and small tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Grid:
    """A small table for a person to read. `rows` hold numbers, names and counts, never a value."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True)
class Report:
    """What one command tells: first the grids, then the lines; warnings stand out.

    `exit_code` is what a scheduler is told: 0 where all is well.
    """

    grids: Sequence[Grid] = field(default=())
    lines: Sequence[str] = field(default=())
    warnings: Sequence[str] = field(default=())
    exit_code: int = 0
