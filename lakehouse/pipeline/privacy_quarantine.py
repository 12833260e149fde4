"""Held rows that are about a person, who may not have a key there: told by what they say."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lakehouse.privacy.bronze_persons import BronzePersons
from lakehouse.privacy.own_rows import Own
from lakehouse.storage.released_tables import Row

_ADDRESSES = ("email", "secondary_email")
_NUMBERS = ("national_id", "loyalty_number", "social_handle")
_FEWEST_CHARACTERS = 5
_GROUPED_DIGITS = re.compile(r"\+?\d[\d ().\-/]*")


def held_of(
    rows: Iterable[Row], own: Own, people: Sequence[Row], persons: BronzePersons
) -> list[Row]:
    """The rows that are about her, with the payload as text.

    A row that was cut into columns is told by its keys, or by whom it names. One that could not be, or that
    names nobody, is hers if it says her given name and an identifier of the same record of hers, or her
    number in the feed and either: the address of a family alone might be another's. What it says it says
    in whole words; anything of fewer than five characters could be a part of anything.
    """
    found = []
    for row in rows:
        text = _text(row["payload"])
        if _is_hers(row, text, own, people, persons):
            found.append({**row, "payload": text})
    return found


def _text(payload: bytes | str | None) -> str:
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else payload or ""


def _is_hers(row: Row, text: str, own: Own, people: Sequence[Row], persons: BronzePersons) -> bool:
    parsed = _parsed(text)
    is_of_bronze = row["table_name"].startswith("bronze.")
    if not is_of_bronze and isinstance(parsed, dict):
        keys = {parsed.get("person_record_key"), row["record_key"], parsed.get("record_key")}
        person = parsed.get("person_record_key")
        return not keys.isdisjoint(own.records | own.rows) and person in (None, *own.records)
    source = persons.sources.get(row["source_feed"] or "")
    # A record that a rule held is kept as the row of bronze that it would have been.
    if source is not None and isinstance(parsed, dict) and "content_hash" in parsed:
        named = persons.named(source, parsed)
        if named:
            return named <= own.records
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
    told = [str(person[name]) for name in (*_ADDRESSES, *_NUMBERS) if person[name]]
    is_known = any(_stands_in(value, text) for value in told) or _is_called(person["phone"], text)
    is_numbered = feed == person["source_feed"] and _stands_in(person["source_record_id"], text)
    return sum((is_named, is_known, is_numbered)) > 1 and (is_known or is_numbered)


def _words(text: str) -> set[str]:
    return {word.strip("\"'[]{}()") for word in re.split(r"[\s,;|:]+", text)}


def _stands_in(value: str, text: str) -> bool:
    """True if the value stands in the text, in lower case, and is no part of a longer word or address."""
    if len(value) < _FEWEST_CHARACTERS:
        return False
    return bool(re.search(rf"(?<![\w.+-]){re.escape(value.lower())}(?!\.?[\w-])", text))


def _is_called(phone: str | None, text: str) -> bool:
    """True if a number in the text has the digits of this one, however they are grouped."""
    digits = re.sub(r"\D", "", phone or "")
    if len(digits) < _FEWEST_CHARACTERS:
        return False
    written = (*_GROUPED_DIGITS.findall(text), *_words(text))
    return any(re.sub(r"\D", "", number).removeprefix("00") == digits for number in written)
