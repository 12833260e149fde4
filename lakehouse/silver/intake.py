"""From bronze to one frame of raw text per silver table: lineage, references and mapped columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.keys import identity, record_key
from lakehouse.columns.person import CORRECTIONS_TYPE
from lakehouse.columns.text import squashed
from lakehouse.settings.sources import (
    Mapped,
    OrderReference,
    PersonReference,
    SilverFeed,
    Source,
)
from lakehouse.silver.current import (
    SEQUENCE,
    at_every_moment,
    current,
    every_version,
    is_deleted,
    newest_versions,
)
from lakehouse.silver.paths import POSITION, at, mapped_paths, not_objects, opened

LINEAGE = (
    "record_key",
    "source_system",
    "source_record_id",
    "source_feed",
    "source_file",
    "source_row_number",
    "sequence_at",
    "fresh_until_at",
)

_POSITION_COLUMNS = {"order_line": "line_number", "support_message": "message_number"}
_PARENT_TABLES = {"order_line": "order", "support_message": "support_ticket"}
_PARENT_KEYS = {"order_line": "order_record_key", "support_message": "ticket_record_key"}


@dataclass(frozen=True)
class Catalogue:
    """All sources by name, and the secret of their keys: what a reference needs to be resolved."""

    sources: Mapping[str, Source]
    secret: str

    def key(self, name: str, *ids: Column) -> Column:
        """record_key of the record that the feed `name` calls `ids`."""
        source = self.sources[name]
        return record_key(self.secret, F.lit(source.source_system), F.lit(source.entity), *ids)

    def key_by_name(self, name: Column, names: Iterable[str], *ids: Column) -> Column:
        """record_key of the record that the feed which `name` says, one of `names`, calls `ids`."""
        return F.coalesce(*(F.when(name == n, self.key(n, *ids)) for n in sorted(set(names))))


def intake(
    bronze: DataFrame, source: Source, feed: SilverFeed, sources: Sequence[Source], secret: str
) -> DataFrame:
    """One row per record that lives in the feed: what silver is typed from.

    Args:
        bronze: the feed's bronze table.
        source: the feed.
        feed: which silver table is filled from it, and how.
        sources: all sources, for references to other feeds' records.
        secret: keys all record keys.

    Returns:
        Key: record_key. The lineage columns, `corrections` (texts that a value map does not list, and
        those that stand where an object was to be read),
        person_record_key and order_record_key where the feed refers to them, the parent's key for
        an exploded feed, then every column of `feed.map` as raw text. An exploded feed's element
        without a number of its own gets its position. An array that cannot be read is one row with
        a key and nothing from an element.
    """
    rows = _records(opened(current(bronze, source), source, feed), feed)
    return _told(rows, source, feed, Catalogue({s.name: s for s in sources}, secret))


def every_intake(
    bronze: DataFrame, source: Source, feed: SilverFeed, sources: Sequence[Source], secret: str
) -> DataFrame:
    """As `intake`, one row per record and moment that told of it. Key: record_key, sequence_at."""
    rows = _records(opened(every_version(bronze, source), source, feed), feed, F.col(SEQUENCE))
    return _told(rows, source, feed, Catalogue({s.name: s for s in sources}, secret))


def unchanged_since(bronze: DataFrame, source: Source, feed: SilverFeed, secret: str) -> DataFrame:
    """Since when a feed tells of each record what it last told of it, however often it told it again.

    What the feed's map does not read, such as when a snapshot was made, changes nothing, and neither does
    a snapshot that lacks the record. Goes back as far as bronze does. Key: record_key. Columns: record_key,
    changed_at.
    """
    ids = {f"_id_{place}": part for place, part in enumerate(_record_id(source, feed))}
    # A hash passes over nulls: without a mark, what moves to the next column would change nothing.
    cells = [F.coalesce(_original(m), F.lit("")) for m in _mapping(feed).values()]
    rows = opened(at_every_moment(bronze, source).where(~is_deleted(source)), source, feed).select(
        *(part.alias(name) for name, part in ids.items()),
        SEQUENCE,
        "content_hash",
        F.xxhash64(*cells).alias("content"),
    )
    rows = rows.where(F.coalesce(*ids).isNotNull())
    version = F.struct(SEQUENCE, "content")
    of_record = (
        # One shuffle serves both groupings.
        rows.repartition(*ids)
        .groupBy(*ids, SEQUENCE)
        .agg(F.max_by("content", "content_hash").alias("content"))
        .groupBy(*ids)
        .agg(F.array_sort(F.collect_list(version)).alias("told"))
    )
    changes = F.filter(
        "told", lambda v, n: (n == 0) | (F.get("told", n - 1)["content"] != v["content"])
    )
    key = Catalogue({source.name: source}, secret).key(source.name, *(F.col(name) for name in ids))
    return of_record.select(
        key.alias("record_key"), F.element_at(changes, -1)[SEQUENCE].alias("changed_at")
    )


def _told(rows: DataFrame, source: Source, feed: SilverFeed, catalogue: Catalogue) -> DataFrame:
    unread = _corrections(source, feed)
    corrections = F.array_compact(F.array(*unread)) if unread else F.array()
    return rows.select(
        *_lineage(source, feed, catalogue),
        *_references(source, feed, catalogue),
        *told_values(feed),
        corrections.cast(CORRECTIONS_TYPE).alias("corrections"),
    )


def record_keys(bronze: DataFrame, source: Source, feed: SilverFeed, secret: str) -> DataFrame:
    """The `record_key` of every record that the feed ever told of, also of one that is gone.

    Whatever the feed's condition says today, and more than once where several rows tell of a record.
    """
    key = own_key(source, feed, Catalogue({source.name: source}, secret)).alias("record_key")
    return opened(bronze, source, feed).select(key).where(F.col("record_key").isNotNull())


def own_key(source: Source, feed: SilverFeed, catalogue: Catalogue) -> Column:
    """The record_key of the record that a row of `opened` tells of."""
    return catalogue.key(source.name, *_record_id(source, feed))


def _records(rows: DataFrame, feed: SilverFeed, *moment: Column) -> DataFrame:
    """One row per id (and moment), where a feed's rows hold another thing's records, as a ticket its asker.

    A row that has nothing under any part of that id holds no such record. Of the rows that are left
    those count that meet the feed's condition.
    """
    if feed.record_id is not None and feed.each is None:
        ids = [identity(at(path)) for path in feed.record_id]
        rows = newest_versions(rows.where(F.coalesce(*ids).isNotNull()), [*ids, *moment])
    return rows.where(meets_condition(feed))


def meets_condition(feed: SilverFeed) -> Column:
    """True of a row of `opened` that meets the feed's condition, or where there is none."""
    if feed.where is None:
        return F.lit(True)
    said = F.lower(squashed(at(feed.where.column)))
    return said.isin(*(value.lower() for value in feed.where.values))


def _lineage(source: Source, feed: SilverFeed, catalogue: Catalogue) -> list[Column]:
    ids = _record_id(source, feed)
    hours = F.make_dt_interval(hours=F.lit(source.freshness_limit_hours).cast("int"))
    return [
        own_key(source, feed, catalogue).alias("record_key"),
        F.lit(source.source_system).alias("source_system"),
        F.concat_ws("|", *ids).alias("source_record_id"),
        F.lit(source.name).alias("source_feed"),
        F.col("source_file"),
        F.col("source_row_number"),
        F.col(SEQUENCE),
        (F.col(SEQUENCE) + hours).alias("fresh_until_at"),
    ]


def _record_id(source: Source, feed: SilverFeed) -> list[Column]:
    keys = [identity(F.col(key)) for key in source.key]
    if feed.record_id is not None:
        ids = [identity(at(path)) for path in feed.record_id]
    else:
        ids = keys if feed.each is None else [*keys, F.col(POSITION).cast("string")]
    if feed.each is None:
        return ids
    # The row of an array that cannot be read stands alone, and goes by what it is part of.
    whole = F.concat_ws("|", *keys)
    return [F.when(F.col(POSITION).isNull(), whole).otherwise(part) for part in ids]


def _references(source: Source, feed: SilverFeed, catalogue: Catalogue) -> list[Column]:
    found: dict[str, Column] = {}
    if feed.person is not None:
        found["person_record_key"] = referred_key(feed.person, catalogue)
    if feed.order is not None:
        found["order_record_key"] = referred_key(feed.order, catalogue)
    parent_key = _PARENT_KEYS.get(feed.table)
    if feed.each is not None and parent_key is not None:
        found.setdefault(parent_key, catalogue.key(source.name, *_parent_id(source, feed)))
    return [key.alias(name) for name, key in found.items()]


def referred_key(reference: PersonReference | OrderReference, catalogue: Catalogue) -> Column:
    """The record_key of the person or order that a row of `opened` refers to."""
    named, referred = reference.source, identity(at(reference.id))
    if isinstance(named, str):
        return catalogue.key(named, referred)
    names = catalogue.sources if named.values is None else named.values.values()
    return catalogue.key_by_name(_text(named), names, referred)


def _parent_id(source: Source, feed: SilverFeed) -> list[Column]:
    """The id of the record that an element is part of, as the parent's own feed forms it."""
    parents = [f for f in source.feeds if f.table == _PARENT_TABLES[feed.table]]
    own = parents[0].record_id if parents else None
    return [identity(at(path)) for path in own or source.key]


def told_values(feed: SilverFeed) -> list[Column]:
    """Every column of `feed.map` as raw text, of a row of `opened`."""
    return [_text(mapped).alias(name) for name, mapped in _mapping(feed).items()]


def _mapping(feed: SilverFeed) -> dict[str, str | Mapped]:
    position = _POSITION_COLUMNS.get(feed.table)
    if feed.each is None or position is None or position in feed.map:
        return dict(feed.map)
    return {**feed.map, position: POSITION}


def _text(mapped: str | Mapped) -> Column:
    text = _original(mapped)
    if isinstance(mapped, str) or mapped.values is None:
        return text
    listed = [F.when(squashed(text) == k, F.lit(v)) for k, v in mapped.values.items()]
    return F.coalesce(*listed, F.lit(None).cast("string"))


def _original(mapped: str | Mapped) -> Column:
    paths = mapped_paths(mapped)
    if isinstance(mapped, Mapped) and mapped.constant is not None:
        return F.lit(mapped.constant)
    if len(paths) > 1:
        return F.concat_ws(" ", *(squashed(at(path)) for path in paths))
    return at(paths[0]).cast("string")


def _translated(feed: SilverFeed) -> dict[str, Mapped]:
    return {
        name: mapped
        for name, mapped in feed.map.items()
        if isinstance(mapped, Mapped) and mapped.values is not None
    }


def _corrections(source: Source, feed: SilverFeed) -> list[Column]:
    """What is written down of each column and object that was not read as it came; null where it was."""
    unlisted = {
        name: F.when(
            squashed(_original(mapped)).isNotNull() & _text(mapped).isNull(), _original(mapped)
        )
        for name, mapped in _translated(feed).items()
    }
    found = [
        *((name, "unlisted_value", text) for name, text in unlisted.items()),
        *((name, "not_an_object", text) for name, text in not_objects(source, feed).items()),
    ]
    return [F.when(text.isNotNull(), correction(name, rule, text)) for name, rule, text in found]


def correction(column: str, rule: str, original: Column) -> Column:
    """One entry of `corrections`: what stood in the column before the rule."""
    return F.struct(
        F.lit(column).alias("column"), F.lit(rule).alias("rule"), original.alias("original")
    )
