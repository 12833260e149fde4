"""Whether two file patterns can take one file."""

import re
import string
from fnmatch import fnmatchcase
from functools import cache

_TOKEN = re.compile(r"\[!?\]?[^]]*\]|.", re.DOTALL)


def overlap(first: str, second: str) -> bool:
    """True if some path fits both, and lies no deeper than the deeper pattern does.

    Deeper ones do not count: `*` goes across folders, so that `*/a-*` and `*/b-*` both take `a-/b-`.
    """
    depth = max(first.count("/"), second.count("/"))
    return _meet(tuple(_TOKEN.findall(first)), tuple(_TOKEN.findall(second)), depth)


@cache
def _meet(first: tuple[str, ...], second: tuple[str, ...], slashes: int) -> bool:
    if slashes < 0:
        return False
    if not first or not second:
        return {*first, *second} <= {"*"}
    if second[0] == "*":
        first, second = second, first
    if first[0] == "*":
        # The star ends here, or takes what the other's next token takes.
        return _meet(first[1:], second, slashes) or _meet(
            first, second[1:], slashes - (second[0] == "/")
        )
    return _share_a_character(first[0], second[0]) and _meet(
        first[1:], second[1:], slashes - ("/" in (first[0], second[0]))
    )


@cache
def _share_a_character(first: str, second: str) -> bool:
    if first == second:
        return True
    characters = (*first, *second, *string.printable)
    return any(fnmatchcase(c, first) and fnmatchcase(c, second) for c in characters)
