"""Whom a bronze row is about: itself a person's, or one that refers to a person or to an order."""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.settings.sources import Mapped, SilverFeed, Source
from lakehouse.silver.intake import Catalogue, own_key, referred_key
from lakehouse.silver.paths import ITEM, mapped_paths, opened
from lakehouse.tables.silver import ORDER, PERSON_RECORD

LINK_COLUMNS = ("record_key", "person_record_key", "order_record_key")


def tells_of_people(source: Source) -> bool:
    """True if rows of the source can be a person's, or refer to one or to an order."""
    return any(
        feed.table == PERSON_RECORD.entity or feed.person is not None or feed.order is not None
        for feed in source.feeds
    )


def describes_people(source: Source) -> bool:
    """True if rows of the source are person records."""
    return any(feed.table == PERSON_RECORD.entity for feed in source.feeds)


def row_links(
    bronze: DataFrame, source: Source, sources: Sequence[Source], secret: str, place: Sequence[str]
) -> DataFrame:
    """One row per row of bronze and feed of the source that tells of people (more, for elements that do).

    Args:
        bronze: rows of the source's bronze table: every version counts, also of what is gone.
        source: the feed; `tells_of_people` says whether there is anything to find.
        sources: all sources, for references to other feeds' records.
        secret: keys all record keys.
        place: columns of `bronze` that say where a row lies.

    Returns:
        The columns of `place`, record_key (the record that the row tells of; null of an exploded feed),
        person_record_key (of a person record it is itself, of other rows the one referred to) and
        order_record_key (of an order it is itself).
    """
    catalogue = Catalogue({s.name: s for s in sources}, secret)
    feeds = [f for f in source.feeds if f.table == PERSON_RECORD.entity or f.person or f.order]
    found = [_links(bronze, source, _bare(feed), catalogue, place) for feed in feeds]
    return reduce(DataFrame.unionByName, found)


def _links(
    bronze: DataFrame,
    source: Source,
    feed: SilverFeed,
    catalogue: Catalogue,
    place: Sequence[str],
) -> DataFrame:
    nothing = F.lit(None).cast("string")
    is_person = feed.table == PERSON_RECORD.entity
    own = own_key(source, feed, catalogue) if feed.each is None or is_person else nothing
    person = own if is_person else _key(feed.person and referred_key(feed.person, catalogue))
    is_order = feed.table == ORDER.entity
    order = own if is_order else _key(feed.order and referred_key(feed.order, catalogue))
    links = (own, person, order)
    return opened(bronze, source, feed).select(
        *place, *(c.alias(name) for c, name in zip(links, LINK_COLUMNS, strict=True))
    )


def _key(found: Column | None) -> Column:
    return F.lit(None).cast("string") if found is None else found


def _bare(feed: SilverFeed) -> SilverFeed:
    """The feed without what is not needed, so that no row of bronze is left out or parsed in vain."""
    kept: dict[str, object] = {"map": {}, "where": None}
    if feed.table != PERSON_RECORD.entity and not _looks_into_elements(feed):
        kept |= {"each": None, "record_id": None if feed.each else feed.record_id}
    return feed.model_copy(update=kept)


def _looks_into_elements(feed: SilverFeed) -> bool:
    references = [reference for reference in (feed.person, feed.order) if reference is not None]
    paths = [reference.id for reference in references]
    for reference in references:
        if isinstance(reference.source, Mapped):
            paths += mapped_paths(reference.source)
    return any(path.partition(".")[0] == ITEM for path in paths)
