"""Held rows that are about a person, who may not have a key there: told by what they say."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lakehouse.privacy.own_rows import Own
from lakehouse.storage.released_tables import Row

_SAYS_WHO = ("email", "secondary_email", "phone", "national_id", "loyalty_number", "social_handle")
_FEWEST_CHARACTERS = 5


def held_of(rows: Iterable[Row], own: Own, people: Sequence[Row]) -> list[Row]:
    """The rows that are about her, with the payload as text.

    A row that was cut into columns is told by its keys. One that could not be is hers if it says her
    given name and an identifier of the same record of hers, or her number in the feed and either:
    the address of a family alone might be another's.
    """
    found = []
    for row in rows:
        text = _text(row["payload"])
        if _is_hers(row, text, own, people):
            found.append({**row, "payload": text})
    return found


def _text(payload: bytes | str | None) -> str:
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else payload or ""


def _is_hers(row: Row, text: str, own: Own, people: Sequence[Row]) -> bool:
    parsed = _parsed(text)
    if not row["table_name"].startswith("bronze.") and isinstance(parsed, dict):
        keys = {parsed.get("person_record_key"), row["record_key"], parsed.get("record_key")}
        person = parsed.get("person_record_key")
        return not keys.isdisjoint(own.records | own.rows) and person in (None, *own.records)
    said = text.lower()
    return any(_says(said, row["source_feed"], person) for person in people)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _says(text: str, feed: str | None, person: Mapping[str, Any]) -> bool:
    given = (person["given_name"] or "").lower()
    is_named = bool(given) and {*given.split()} <= _words(text)
    told = [str(person[name]).lower().lstrip("+") for name in _SAYS_WHO if person[name]]
    is_known = any(value in text for value in told if len(value) >= _FEWEST_CHARACTERS)
    number = str(person["source_record_id"]).lower()
    is_numbered = feed == person["source_feed"] and number in _words(text)
    return sum((is_named, is_known, is_numbered)) > 1 and (is_known or is_numbered)


def _words(text: str) -> set[str]:
    return {word.strip("\"'[]{}()") for word in re.split(r"[\s,;|:]+", text)}
