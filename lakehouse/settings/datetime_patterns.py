"""Spark's datetime patterns, as far as text can be read by them."""

import re
from typing import Annotated

from pydantic import AfterValidator

_QUOTED = re.compile(r"'[^']*'")
_RUN = re.compile(r"(([A-Za-z#{}])\2*)")
_MOST = {
    "G": 4, "y": 6, "M": 4, "L": 4, "d": 2, "D": 3,
    "a": 1, "H": 2, "h": 2, "K": 2, "k": 2, "m": 2, "s": 2, "S": 9,
    "V": 2, "z": 4, "O": 4, "X": 5, "x": 5, "Z": 5,
}  # fmt: skip
"""The letters, and how many of one may stand together."""
_DATES = ({"y"}, {"y", "M"}, {"y", "M", "d"}, {"y", "D"})


def _readable(pattern: str) -> str:
    plain = _QUOTED.sub("", pattern)
    if "'" in plain:
        raise ValueError("a quote is not closed")
    runs = _RUN.findall(plain)
    if unknown := sorted({run for run, letter in runs if len(run) > _MOST.get(letter, 0)}):
        raise ValueError(
            f"Spark reads no text by {', '.join(unknown)}; a year is yyyy, and what stands for itself "
            "is quoted, as in yyyy-MM-dd'T'HH:mm"
        )
    named = {"M" if letter == "L" else letter for _, letter in runs}
    if named & set("yMdD") not in _DATES:
        raise ValueError("must name a year (y), and a day (d) only with a month (M; m is a minute)")
    return pattern


DatetimePattern = Annotated[str, AfterValidator(_readable)]
"""A pattern by which Spark reads a date or a moment, such as `dd/MM/yyyy`."""
