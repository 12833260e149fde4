"""What a command has to say, free of how it is shown: lines of text and small tables."""

import unicodedata
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


def plain_text(report: Report) -> str:
    """The report for a log: each grid with its columns in line, then the lines, then the warnings."""
    grids = (line for grid in report.grids for line in _plain_grid(grid))
    said = (inert(line, keep="\n") for line in (*report.lines, *report.warnings))
    return "".join(f"{line}\n" for line in (*grids, *said))


def _plain_grid(grid: Grid) -> list[str]:
    """The title, the names of the columns, the rows, and an empty line."""
    rows = [[inert(cell_text(cell)) for cell in row] for row in (grid.columns, *grid.rows)]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return [inert(grid.title), *lines, ""]


def cell_text(cell: object) -> str:
    """A grid's cell as it is shown: a count with separators, a share with three digits, yes or no."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:,.3f}"
    return str(cell)


_STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of characters that steer a terminal, hide, or turn the direction of what follows."""


def inert(text: str, keep: str = "") -> str:
    """The text with each character that would steer a terminal, or hide, as its escape sequence.

    Those of `keep` stay as they are.
    """
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in _STEERING and character not in keep
        else character
        for character in text
    )
