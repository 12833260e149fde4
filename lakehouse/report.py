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
