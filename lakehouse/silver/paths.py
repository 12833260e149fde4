"""Dotted paths into bronze: which JSON columns they go into, and what they find there.

Every JSON column is parsed once per feed, whatever number of paths go into it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.settings.sources import Mapped, SilverFeed, Source

ITEM = "item"
"""The head of a path into the element of a feed's `each`."""

POSITION = "_position"
"""Column of an exploded feed: the element's place in its array, from 1; null where there is none."""

_NOTHING = r"^\s*(null|\[\s*\])?\s*$"


@dataclass
class _Node:
    """What lies below a JSON value, as far as the paths go; nothing below means text."""

    below: dict[str, "_Node"] = field(default_factory=dict)

    def add(self, keys: Iterable[str]) -> None:
        node = self
        for key in keys:
            node = node.below.setdefault(key, _Node())

    def schema(self) -> str:
        """The type to parse: a struct of what is looked for, else a string."""
        if not self.below:
            return "string"
        fields = (f"`{key}`: {node.schema()}" for key, node in self.below.items())
        return f"struct<{', '.join(fields)}>"


def mapped_paths(mapped: str | Mapped) -> tuple[str, ...]:
    """The paths that a mapping reads."""
    if isinstance(mapped, str):
        return (mapped,)
    return mapped.join or ((mapped.column,) if mapped.column is not None else ())


def opened(bronze: DataFrame, source: Source, feed: SilverFeed) -> DataFrame:
    """The bronze rows, one per element of `feed.each` if there is one, ready for `at`.

    Adds `_json_<column>` for every column that a path goes into, null where that holds no object, and
    for an exploded feed `_json_item` and `_position`. An array that cannot be read gives one row without
    element and position, so that the gate sees it; an absent or empty one gives none.
    """
    heads = _nodes(source, feed)
    item = heads.pop(ITEM, _Node())
    parsed = {
        # Spark would read the first object of an array too.
        f"_json_{head}": F.when(_is_object(head), F.from_json(F.col(head), node.schema()))
        for head, node in heads.items()
        if node.below
    }
    frame = bronze.withColumns(parsed) if parsed else bronze
    if feed.each is None:
        return frame
    text = at(feed.each)
    # Spark would read an object as an array of one.
    elements = F.when(text.rlike(r"^\s*\["), F.from_json(text, f"array<{item.schema()}>"))
    exploded = frame.where(~text.rlike(_NOTHING)).select(
        "*", F.posexplode_outer(elements).alias("_offset", f"_json_{ITEM}")
    )
    return exploded.withColumn(POSITION, F.col("_offset") + 1).drop("_offset")


def not_objects(source: Source, feed: SilverFeed) -> dict[str, Column]:
    """By column that a path goes into, what it holds where that is something and no object; else null."""
    heads = (head for head, node in _nodes(source, feed).items() if node.below and head != ITEM)
    return {
        head: F.when(~F.col(head).rlike(_NOTHING) & ~_is_object(head), F.col(head))
        for head in heads
    }


def _is_object(head: str) -> Column:
    return F.json_object_keys(F.col(head)).isNotNull()


def at(path: str) -> Column:
    """What a path finds in a frame from `opened`, as text."""
    head, _, rest = path.partition(".")
    if head != ITEM and not rest:
        return F.col(head)
    found = F.col(f"_json_{head}")
    for key in rest.split(".") if rest else ():
        found = found.getField(key)
    return found


def _nodes(source: Source, feed: SilverFeed) -> dict[str, _Node]:
    heads: dict[str, _Node] = {}
    for path in _paths(source, feed):
        head, *keys = path.split(".")
        heads.setdefault(head, _Node()).add(keys)
    return heads


def _paths(source: Source, feed: SilverFeed) -> Iterable[str]:
    yield from (feed.each,) if feed.each is not None else ()
    yield from (feed.where.column,) if feed.where is not None else ()
    yield from feed.record_id or ()
    for other in source.feeds:
        yield from () if other.each is not None else other.record_id or ()
    for mapped in feed.map.values():
        yield from mapped_paths(mapped)
    for reference in (feed.person, feed.order):
        if reference is not None:
            yield reference.id
            if isinstance(reference.source, Mapped):
                yield from mapped_paths(reference.source)
