"""Whom a bronze row names, and what it tells, in plain Python: what `silver.intake` makes of columns.

So every version of a record that ever came is found, also those that silver has no more.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.columns.plain_keys import identity_of, record_key_of
from lakehouse.settings.sources import Mapped, PersonReference, SilverFeed, Source, named_sources

_PLAIN_ID = re.compile(r"[A-Za-z0-9.@_+|-]+")
_ITEM = "item"


def names_persons(source: Source) -> bool:
    """True if rows of the source name persons."""
    return any(f.table == "person_record" or f.person is not None for f in source.feeds)


@dataclass(frozen=True)
class BronzePersons:
    """Reads whom rows name; of all sources by name, and the secret of their keys."""

    sources: Mapping[str, Source]
    secret: str

    def named(self, source: Source, row: Mapping[str, Any]) -> set[str]:
        """The keys of all person records that the row tells of or refers to."""
        found: set[str | None] = set()
        for feed in source.feeds:
            for item in _items(feed, row):
                if feed.table == "person_record":
                    ids = [_at(row, item, path) for path in feed.record_id or source.key]
                    found.add(self._key(source.name, *ids))
                if feed.person is not None:
                    found.update(self._referred(feed.person, row, item))
        return {key for key in found if key}

    def told(self, source: Source, row: Mapping[str, Any]) -> set[str]:
        """The keys of all rows of silver that are made of this one, were it the newest of its record."""
        found = {
            self._key(source.name, *_record_id(source, feed, row, item, position))
            for feed in source.feeds
            for position, item in enumerate(_items(feed, row), start=1)
        }
        return {key for key in found if key}

    def _referred(
        self, reference: PersonReference, row: Mapping[str, Any], item: Any
    ) -> Iterator[str | None]:
        said = _at(row, item, reference.id)
        for name in _possible_sources(reference, self.sources):
            if name in _named(reference.source, row, item):
                yield self._key(name, said)

    def _key(self, name: str, *ids: str | None) -> str | None:
        source = self.sources[name]
        return record_key_of(
            self.secret, source.source_system, source.entity, *(identity_of(i) for i in ids)
        )


def _record_id(
    source: Source, feed: SilverFeed, row: Mapping[str, Any], item: Any, position: int
) -> list[str | None]:
    """The id, in its parts, of the record that an element of the row is, or the row as a whole."""
    keys = [identity_of(_at(row, None, name)) for name in source.key]
    if feed.record_id is not None:
        ids = [identity_of(_at(row, item, path)) for path in feed.record_id]
    else:
        ids = keys if feed.each is None else [*keys, str(position)]
    if feed.each is None or _is_list(row, feed.each):
        return ids
    # The row of an array that cannot be read stands alone, and goes by what it is part of.
    return ["|".join(key for key in keys if key)] * len(ids)


def _possible_sources(reference: PersonReference, sources: Mapping[str, Source]) -> Iterable[str]:
    return named_sources(reference.source) or sources


def _named(source: str | Mapped, row: Mapping[str, Any], item: Any) -> set[str]:
    """The feeds that the row says a reference to be of."""
    if isinstance(source, str):
        return {source}
    if source.constant is not None:
        return {source.constant}
    said = " ".join((_at(row, item, source.column or "") or "").split())
    return {(source.values or {}).get(said, "")} if source.values is not None else {said}


def _items(feed: SilverFeed, row: Mapping[str, Any]) -> Sequence[Any]:
    """The elements of the array that a feed is made of; one that is nothing for any other feed."""
    if feed.each is None:
        return [None]
    found = _parsed(_at(row, None, feed.each))
    return found if isinstance(found, list) else [None]


def _is_list(row: Mapping[str, Any], path: str) -> bool:
    return isinstance(_parsed(_at(row, None, path)), list)


def _at(row: Mapping[str, Any], item: Any, path: str) -> str | None:
    """What a path finds, as text."""
    head, *rest = path.split(".")
    found: Any
    if head == _ITEM:
        found = item
    else:
        found = row.get(head)
        if rest:
            found = _parsed(found)
    for key in rest:
        found = found.get(key) if isinstance(found, dict) else None
    if isinstance(found, dict | list):
        return json.dumps(found)
    return None if found is None else str(found)


def _parsed(text: Any) -> Any:
    try:
        # Numbers as they are written: an id is a text.
        return json.loads(text, parse_int=str, parse_float=str) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def may_name(
    source: Source, ids: Mapping[str, Iterable[str]], sources: Mapping[str, Source]
) -> str:
    """The condition, in SQL, that a row of the source may name one of these persons.

    `ids` are source_record_ids by feed. It lets through all rows that do and few others, so that
    files are read by a few columns; false if no feed of the source names anybody of them.
    """
    conditions = set()
    for feed in source.feeds:
        if feed.table == "person_record" and ids.get(source.name):
            paths = feed.record_id or source.key
            parts = {
                part for i in ids[source.name] for part in (i.split("|") if len(paths) > 1 else [i])
            }
            conditions |= {_holds(path, feed, parts) for path in paths}
        if feed.person is not None:
            wanted = {
                i for name in _possible_sources(feed.person, sources) for i in ids.get(name, ())
            }
            if wanted:
                conditions.add(_holds(feed.person.id, feed, wanted))
    return " OR ".join(sorted(conditions)) or "false"


def _holds(path: str, feed: SilverFeed, ids: Iterable[str]) -> str:
    head, *rest = path.split(".")
    wanted = sorted({i.lower() for i in ids})
    if not all(_PLAIN_ID.fullmatch(i) for i in wanted):
        return "true"
    literals = [f"'{i}'" for i in wanted]
    if head == _ITEM:
        head, rest = (feed.each or "").split(".")[0], ["in an array"]
    if rest:
        return "(" + " OR ".join(f'strpos(lower("{head}"), {i}) > 0' for i in literals) + ")"
    return f'lower(trim("{head}")) IN ({", ".join(literals)})'
