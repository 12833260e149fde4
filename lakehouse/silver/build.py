"""How each silver table comes about: most are typed by their spec, a few need more."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import ConfigurationError
from lakehouse.settings.sources import SilverFeed, Source, named_sources
from lakehouse.silver.consent_event import consent_event
from lakehouse.silver.device import device
from lakehouse.silver.intake import every_intake, intake, record_keys, unchanged_since
from lakehouse.silver.loyalty import loyalty
from lakehouse.silver.media_touch import media_touch
from lakehouse.silver.order import order
from lakehouse.silver.order_line import order_line
from lakehouse.silver.payment import payment
from lakehouse.silver.person_record import person_record
from lakehouse.silver.support_message import support_message
from lakehouse.silver.support_ticket import support_ticket
from lakehouse.silver.typed import typed
from lakehouse.tables.silver import ORDER, PERSON_RECORD, SILVER_TABLES
from lakehouse.tables.spec import TableSpec

SILVER_READS: Mapping[str, tuple[str, ...]] = {
    "order_line": ("order",),
    "payment": ("order",),
    "support_message": ("support_ticket",),
    "device": ("web_event",),
    "media_touch": ("web_event",),
}
"""By silver table, the silver tables that it is made from."""

_SPECS = {spec.entity: spec for spec in SILVER_TABLES}


@dataclass(frozen=True)
class _Work:
    """What the frames of one silver table are made from."""

    spec: TableSpec
    bronze: Mapping[str, DataFrame]
    sources: Sequence[Source]
    silver: Mapping[str, DataFrame]
    secret: str
    as_of: date

    def feeds(self) -> list[tuple[Source, SilverFeed]]:
        """The feeds that fill the table and whose bronze frame is at hand."""
        return [
            (source, feed)
            for source in self.sources
            if source.name in self.bronze
            for feed in source.feeds
            if feed.table == self.spec.entity
        ]

    def intake(self, source: Source, feed: SilverFeed) -> DataFrame:
        """The feed's living records as raw text."""
        return intake(self.bronze[source.name], source, feed, self.sources, self.secret)

    def typed(self) -> DataFrame:
        """The records of all feeds, typed by the spec."""
        return self._united(
            typed(self.intake(source, feed), self.spec, feed.date_formats)
            for source, feed in self.feeds()
        )

    def every_version(self) -> DataFrame:
        """The records of all feeds as every moment told them, typed by the spec."""
        return self._united(
            typed(
                every_intake(self.bronze[source.name], source, feed, self.sources, self.secret),
                self.spec,
                feed.date_formats,
            )
            for source, feed in self.feeds()
        )

    def lines(self) -> DataFrame:
        """As `typed`, with `is_nested`: whether the row came inside the record it is part of."""
        return self._united(
            typed(self.intake(source, feed), self.spec, feed.date_formats).withColumn(
                "is_nested", F.lit(feed.each is not None)
            )
            for source, feed in self.feeds()
        )

    def people(self) -> DataFrame:
        """The records of all feeds as raw text, with `changed_at`."""
        united = self._united(self.intake(source, feed) for source, feed in self.feeds())
        unchanged = self._united(
            unchanged_since(self.bronze[source.name], source, feed, self.secret)
            for source, feed in self.feeds()
        )
        # Two feeds of one source can tell of one record.
        since = unchanged.groupBy("record_key").agg(F.max("changed_at").alias("since"))
        # Spark would push the standardising, which is large, into every branch of the union and
        # plan it once for each. The shuffle stops that, and spreads the work of a feed of one file.
        return (
            united.repartition("record_key")
            .join(since, on="record_key", how="left")
            # A ticket that was once put down to another asker told of them later than what is current.
            .withColumn("changed_at", F.least("since", "sequence_at"))
            .drop("since")
        )

    def known_people(self) -> DataFrame:
        """record_key of every person of whom a feed at hand ever told, once each, also of one who left."""
        told = (
            record_keys(self.bronze[source.name], source, feed, self.secret)
            for source in self.sources
            if source.name in self.bronze
            for feed in source.feeds
            if feed.table == PERSON_RECORD.entity
        )
        any_bronze = next(iter(self.bronze.values()))
        nobody = any_bronze.select(F.lit("").alias("record_key")).where(F.lit(False))
        return reduce(DataFrame.unionByName, told, nobody).distinct()

    def _united(self, frames: Iterable[DataFrame]) -> DataFrame:
        return reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), frames)


_BUILDERS: Mapping[str, Callable[[_Work], DataFrame]] = {
    "person_record": lambda work: person_record(
        work.people(),
        countries={s.name: f.country for s, f in work.feeds() if f.country is not None},
        date_formats={s.name: f.date_formats for s, f in work.feeds() if f.date_formats},
        as_of=work.as_of,
    ),
    "order": lambda work: order(work.typed(), work.known_people()),
    "order_line": lambda work: order_line(work.lines(), work.silver["order"]),
    "payment": lambda work: payment(work.typed(), work.silver["order"], work.secret),
    "support_ticket": lambda work: support_ticket(work.typed(), work.every_version()),
    "support_message": lambda work: support_message(work.typed(), work.silver["support_ticket"]),
    "loyalty": lambda work: loyalty(work.typed(), work.every_version()),
    "consent_event": lambda work: consent_event(work.typed()),
    "device": lambda work: device(work.silver["web_event"], work.secret),
    "media_touch": lambda work: media_touch(work.silver["web_event"]),
}
"""The tables that need more than typing. A device or touch is seen in web events, not in a feed."""

DERIVED = frozenset({"device", "media_touch"})
"""Tables made from other silver tables alone."""


def bronze_reads(table: str, sources: Sequence[Source]) -> list[Source]:
    """The sources whose bronze tables silver.`table` is made from.

    Beside those that fill it these are, of orders, those of the people whom orders name.
    """
    filling = [s for s in sources if any(feed.table == table for feed in s.feeds)]
    if table != ORDER.entity:
        return filling
    named = {
        name
        for source in filling
        for feed in source.feeds
        if feed.table == table and feed.person is not None
        for name in named_sources(feed.person.source) or [s.name for s in sources]
    }
    people = [s for s in sources if any(f.table == PERSON_RECORD.entity for f in s.feeds)]
    return filling + [s for s in people if s.name in named and s not in filling]


def silver_table(
    table: str,
    bronze: Mapping[str, DataFrame],
    sources: Sequence[Source],
    silver: Mapping[str, DataFrame],
    *,
    secret: str,
    as_of: date,
) -> DataFrame:
    """The rows of silver.`table`, in its spec's columns. Key: record_key.

    Bad rows are among them: what a required column cannot be read from is null there, for the gate
    to quarantine.

    Args:
        table: entity name, such as `order`.
        bronze: by feed name, the bronze frames of `bronze_reads`.
        sources: all sources, for references between feeds.
        silver: by entity name, the silver frames that `SILVER_READS` lists for the table.
        secret: keys all record keys.
        as_of: the day by which birth dates are judged.

    Raises:
        ConfigurationError: no feed at hand fills the table.
    """
    work = _Work(_SPECS[table], bronze, sources, silver, secret, as_of)
    if table not in DERIVED and not work.feeds():
        raise ConfigurationError(
            f"No source at hand fills silver.{table}.",
            f"add a feed with `table: {table}` to a file in conf/base/sources.",
        )
    build = _BUILDERS.get(table, _Work.typed)
    return build(work).select(*work.spec.column_names)
