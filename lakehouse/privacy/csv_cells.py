"""Tables as CSV that no spreadsheet obeys and every reader reads back whole."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# The last four are what some spreadsheets take for the first.
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
_UNSEEN = re.compile(r"^[\s\x00-\x1f\xad\u200b-\u200f\u2060\ufeff]+")
"""Signs that some programs pass over before they look for a formula."""
_NUMBER = re.compile(r"[+-][0-9]+(\.[0-9]+)?")
_LONGEST = 32_000
"""Signs of a text in a cell. What is beyond a spreadsheet's own limit goes on in a row of its own."""
_CUT = " …"


def csv_text(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """The rows as CSV by RFC 4180: a head line, then every cell in quotes; what a row lacks is empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(row.get(name)) for name in columns] for row in rows)
    return text.getvalue()


def cell(value: Any) -> str:
    """A value as a cell: text made harmless, no value as nothing, what is nested as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        value = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return harmless(value) if isinstance(value, str) else str(value)


def harmless(text: str) -> str:
    """The text, which no spreadsheet takes for a formula: one that could be gets an apostrophe in front.

    A number, also one by telephone in E.164, stays as it is: it does nothing. A text that is longer than a
    spreadsheet's cell is cut, and ends in `…`.
    """
    if len(text) > _LONGEST:
        text = text[: _LONGEST - len(_CUT)] + _CUT
    looks_so = text.startswith(_STARTS_A_FORMULA) or _UNSEEN.sub("", text).startswith(
        _STARTS_A_FORMULA
    )
    return f"'{text}" if looks_so and not _NUMBER.fullmatch(text) else text
