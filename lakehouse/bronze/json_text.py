"""The members of a JSON object as text, each value as it is written."""

import json
import re


def members(text: str) -> dict[str, str | None]:
    """The object's members: a string's text, a number or a nested value as it stands in `text`.

    null and "" are None. Of members of one name the last counts.

    Raises:
        ValueError: the text is no JSON object, or holds half a surrogate pair, which is no text.
        RecursionError: values are nested too deep.
    """
    entry = _DECODER.decode(text)
    if not isinstance(entry, dict):
        raise ValueError("not an object")
    if _SURROGATE.search(text):
        json.dumps(entry, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError
    # Nearly all records are flat, and what the decoder made of these is all there is to know.
    if "[" in text or text.count("{") > 1:
        return _members_as_written(text)
    return {name: _scalar(value) for name, value in entry.items()}


def after_blank(text: str, position: int) -> int:
    """The first position from `position` on that is not white space by JSON's rules."""
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _members_as_written(text: str) -> dict[str, str | None]:
    """As `members`, of an object that is known to be sound."""
    found: dict[str, str | None] = {}
    position = after_blank(text, text.index("{") + 1)
    while text[position] != "}":
        name, end = _DECODER.raw_decode(text, position)
        position = after_blank(text, after_blank(text, end) + 1)  # a colon lies between
        value, end = _DECODER.raw_decode(text, position)
        is_nested = isinstance(value, dict | list)
        found[name] = text[position:end] if is_nested else _scalar(value)
        position = after_blank(text, end)
        if text[position] == ",":
            position = after_blank(text, position + 1)
    return found


def _scalar(value: str | bool | None) -> str | None:
    if isinstance(value, str):
        return value or None
    return None if value is None else str(value).lower()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


# Numbers stay text: as a float, 1E2 would become 100.0 and a long decimal would lose its end.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_refuse_constant)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
