"""Pydantic's errors in the words of conf/: the key and what is wrong, never the value."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lakehouse.settings.documents import ABSENT, below

Path = tuple[str | int, ...]

_WORDS = {"extra_forbidden": "unknown key", "missing": "is missing"}


def validation_faults(error: ValidationError, content: Any) -> Iterator[tuple[Path, str]]:
    """Pairs of the key's path within `content` and the message."""
    details = error.errors(include_url=False, include_input=False, include_context=False)
    located = [(_path_in(content, detail), detail) for detail in details]
    paths = [path for path, _ in located]
    for path, detail in located:
        if detail["type"] == "string_type" and _is_other_form(path, paths):
            continue
        message = _WORDS.get(detail["type"], detail["msg"].removeprefix("Value error, "))
        yield path, message


def _path_in(content: Any, detail: ErrorDetails) -> Path:
    """The error's location without the marks that pydantic adds for unions and dictionary keys."""
    path: list[str | int] = []
    at_end = detail["type"] in _WORDS
    *_, last = detail["loc"] or ("",)
    for part in detail["loc"]:
        held = below(content, part)
        if held is not ABSENT:
            content = held
            path.append(part)
        elif at_end and part is last:
            path.append(part)
    return tuple(path)


def _is_other_form(path: Path, paths: Sequence[Path]) -> bool:
    """True where a text or a mapping may stand, a mapping was given, and its own fault is told."""
    return any(other[: len(path)] == path and other != path for other in paths) or (
        paths.count(path) > 1
    )
