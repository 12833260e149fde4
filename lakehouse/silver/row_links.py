"""Whom a bronze row is about: itself a person's, or one that refers to a person or to an order."""

from collections.abc import Sequence
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.person import standardised_people
from lakehouse.settings.sources import Mapped, OrderReference, PersonReference, SilverFeed, Source
from lakehouse.silver.intake import Catalogue, own_key, referred_key, told_values
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
        The columns of `place`, record_key (the record that the row tells of; of an exploded feed the row as
        a whole, by the source's key),
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
    is_person = feed.table == PERSON_RECORD.entity
    own = own_key(source, feed, catalogue)
    person = own if is_person else _referred(feed.person, catalogue)
    is_order = feed.table == ORDER.entity
    order = own if is_order else _referred(feed.order, catalogue)
    links = (own, person, order)
    return opened(bronze, source, feed).select(
        *place, *(c.alias(name) for c, name in zip(links, LINK_COLUMNS, strict=True))
    )


def _referred(reference: PersonReference | OrderReference | None, catalogue: Catalogue) -> Column:
    if reference is None:
        return F.lit(None).cast("string")
    return referred_key(reference, catalogue)


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


def people_told(
    bronze: DataFrame, source: Source, secret: str, place: Sequence[str], as_of: date
) -> DataFrame:
    """Each person that rows of the source tell of, in the standard form of silver.person_record.

    Columns: those of `place`, record_key and those of `standardised_people`; more than once for one of
    whom several rows tell.
    """
    catalogue = Catalogue({source.name: source}, secret)
    found = [
        standardised_people(
            opened(bronze, source, feed).select(
                *place, own_key(source, feed, catalogue).alias("record_key"), *told_values(feed)
            ),
            default_country=F.lit(feed.country).cast("string"),
            date_formats=feed.date_formats,
            as_of=as_of,
        )
        for feed in source.feeds
        if feed.table == PERSON_RECORD.entity
    ]
    return reduce(DataFrame.unionByName, found)


def rows_of(links: DataFrame, keys: DataFrame, place: Sequence[str]) -> DataFrame:
    """The places of the rows that are those people's: what is nobody's own is whose order it belongs to.

    Args:
        links: of `row_links`, or with its keys hashed as those of `keys` are.
        keys: key, once each: of person records, of their orders, of whatever else is theirs.
        place: columns that say where a row lies.

    Returns:
        The columns of `place`, and `is_theirs` (false: the row tells of somebody else), once each pair.
    """
    listed = keys.select("key", F.lit(True).alias("is_listed"))
    owner = F.coalesce("person_record_key", "order_record_key")
    owned = links.select(*place, "record_key", owner.alias("owner"))
    for side in ("owner", "record_key"):
        named = listed.withColumnsRenamed({"key": side, "is_listed": f"{side}_is_listed"})
        owned = owned.join(F.broadcast(named), on=side, how="left")
    is_theirs = F.coalesce("owner_is_listed", "record_key_is_listed", F.lit(False))
    has_owner = F.col("owner").isNotNull() | is_theirs
    return owned.where(has_owner).select(*place, is_theirs.alias("is_theirs"))


def orders_of(links: DataFrame, people: DataFrame) -> DataFrame:
    """key: the orders that these people's rows are, and no version of which is another's.

    Args:
        links: of `row_links`, of sources that orders come by.
        people: key, of person records.
    """
    orders = links.where(F.col("record_key") == F.col("order_record_key")).select(
        F.col("order_record_key").alias("key"), F.col("person_record_key").alias("person")
    )
    listed = F.broadcast(people.select(F.col("key").alias("person")))
    theirs = orders.join(listed, on="person", how="left_semi").select("key").distinct()
    others = (
        orders.where(F.col("person").isNotNull())
        .join(listed, on="person", how="left_anti")
        .join(F.broadcast(theirs), on="key", how="left_semi")
    )
    return theirs.join(others.select("key"), on="key", how="left_anti")
