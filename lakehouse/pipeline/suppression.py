"""Rows of people who were erased, found before they come into bronze; and the list of these people."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.keys import identity
from lakehouse.errors import NotFoundError
from lakehouse.pipeline import audit
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.held import PLACE
from lakehouse.pipeline.lake import Lake
from lakehouse.privacy.suppression import (
    EMAIL,
    LIFTED,
    RECORD,
    SUPPRESSED,
    email_hash,
    identifier_hashes,
    record_hash,
    standing,
    standing_by_erasure,
    tokens,
)
from lakehouse.settings.sources import Source, named_sources
from lakehouse.silver.intake import Catalogue
from lakehouse.silver.row_links import (
    LINK_COLUMNS,
    describes_people,
    people_told,
    row_links,
    rows_of,
    tells_of_people,
)
from lakehouse.storage.delta_tables import WriteKey
from lakehouse.tables.erasure import SUPPRESSION
from lakehouse.tables.linkage import IDENTITY_MAP

_SHORTEST_ID = 5  # A shorter word of a record that could not be cut may be a number of anything.


def suppressed_now(lake: Lake) -> DataFrame | None:
    """kind, value_hash, erasure_id of what is suppressed; None where nothing is, which costs nothing more."""
    if not lake.tables.exists(SUPPRESSION.name):
        return None
    found = standing(lake.tables.read(SUPPRESSION.name))
    return None if found.isEmpty() else found


def suppressed_rows(
    lake: Lake, attempt: Attempt, source: Source, records: DataFrame, suppressed: DataFrame
) -> DataFrame:
    """The places, once each, of the records of suppressed people: sound ones and those that cannot be cut.

    None of a feed under a hold, whose rows are to stay and to come in.

    Args:
        lake: whose sources and secret say what a record is.
        attempt: whose base is the release that records are known to.
        source: the feed of the records.
        records: the columns of `parsed`.
        suppressed: kind, value_hash, erasure_id.
    """
    if not tells_of_people(source) or source.name in lake.settings.erasure.holds:
        return records.select(*PLACE).where(F.lit(False))
    sound = records.where(F.col("reason").isNull())
    found = [linked_rows(lake, source, sound, suppressed)]
    if describes_people(source):
        found.append(_known_again(lake, attempt, source, sound, suppressed).select(*PLACE))
    malformed = records.where(F.col("reason").isNotNull())
    found.append(malformed_rows(lake, source, malformed, suppressed).select(*PLACE))
    return reduce(DataFrame.unionByName, found).distinct()


def _known_again(
    lake: Lake, attempt: Attempt, source: Source, records: DataFrame, suppressed: DataFrame
) -> DataFrame:
    """PLACE, record_key and erasure_id of the person records that have a suppressed identifier.

    But for records that the release knows: numbers and addresses are given to others, and who was there
    before is somebody else. Hers are suppressed by their keys.
    """
    secret = lake.settings.lake.secret.get_secret_value()
    people = people_told(records, source, secret, PLACE, attempt.as_of)
    found = identifier_hashes(people, secret, *PLACE, "record_key").join(
        F.broadcast(suppressed), on=["kind", "value_hash"], how="inner"
    )
    known = lake.released(attempt.base, IDENTITY_MAP.name).select("record_key")
    return found.select(*PLACE, "record_key", "erasure_id").join(
        known, on="record_key", how="left_anti"
    )


def linked_rows(lake: Lake, source: Source, records: DataFrame, suppressed: DataFrame) -> DataFrame:
    """The places of those of the records that are a suppressed record, or refer to one."""
    secret = lake.settings.lake.secret.get_secret_value()
    keys = suppressed.where(F.col("kind") == RECORD).select(F.col("value_hash").alias("key"))
    links = row_links(records, source, lake.settings.sources, secret, PLACE)
    hashed = links.select(*PLACE, *(record_hash(F.col(c), secret).alias(c) for c in LINK_COLUMNS))
    return rows_of(hashed, keys, PLACE).where("is_theirs").select(*PLACE)


def malformed_rows(
    lake: Lake, source: Source, records: DataFrame, suppressed: DataFrame
) -> DataFrame:
    """Those of the records in whose `payload` a suppressed identifier stands.

    Known by its words: an e-mail address, or what would be the id of a suppressed record in this feed. A
    word of digits alone counts for no id, as it is a postcode or an amount just as well.
    """
    secret = lake.settings.lake.secret.get_secret_value()
    word = F.col("word")
    may_be_id = (F.length(word) >= _SHORTEST_ID) & word.rlike("[^0-9]")
    hashes = [_email_in(word, secret)]
    for key in _keys_named(source, lake.settings.sources, secret, word):
        hash_of_key = F.when(may_be_id, record_hash(key, secret))
        hashes.append(F.struct(F.lit(RECORD).alias("kind"), hash_of_key.alias("value_hash")))
    return _having(records, hashes, suppressed)


def addressed_rows(lake: Lake, records: DataFrame, suppressed: DataFrame) -> DataFrame:
    """Those of the records in whose `payload` a suppressed e-mail address stands as one word."""
    secret = lake.settings.lake.secret.get_secret_value()
    return _having(records, [_email_in(F.col("word"), secret)], suppressed)


def _email_in(word: Column, secret: str) -> Column:
    return F.struct(F.lit(EMAIL).alias("kind"), email_hash(word, secret).alias("value_hash"))


def _having(records: DataFrame, hashes: Sequence[Column], suppressed: DataFrame) -> DataFrame:
    """The records of which a `word` has one of these hashes among the suppressed."""
    return (
        records.select("*", F.explode(tokens(F.col("payload"))).alias("word"))
        .select(*records.columns, F.inline(F.array(*hashes)))
        .join(F.broadcast(suppressed), on=["kind", "value_hash"], how="left_semi")
        .select(*records.columns)
    )


def _keys_named(
    source: Source, sources: Sequence[Source], secret: str, text: Column
) -> list[Column]:
    """The keys of the records that the text would name, were it an id in this feed."""
    known = {s.name: s for s in sources}
    names = {source.name} if describes_people(source) else set()
    for feed in source.feeds:
        if feed.person is not None:
            names |= {*named_sources(feed.person.source)} or known.keys()
    catalogue = Catalogue(known, secret)
    return [catalogue.key(name, identity(text)) for name in sorted(names & known.keys())]


def records_told(
    lake: Lake, attempt: Attempt, source: Source, records: DataFrame, suppressed: DataFrame
) -> DataFrame:
    """Rows of ops.suppression: the person records that suppressed people go by here, also new ones.

    By these what refers to them is known.
    """
    secret = lake.settings.lake.secret.get_secret_value()
    return (
        _known_again(lake, attempt, source, records, suppressed)
        .groupBy("record_key")
        .agg(F.min("erasure_id").alias("erasure_id"))
        .select(
            "erasure_id",
            F.lit(RECORD).alias("kind"),
            record_hash(F.col("record_key"), secret).alias("value_hash"),
            F.lit(SUPPRESSED).alias("state"),
            F.lit(datetime.now(UTC)).alias("recorded_at"),
        )
    )


def lift(lake: Lake, erasure_id: str) -> int:
    """Says that what an erasure suppressed may come back with the next load; how many identifiers may.

    What another erasure suppresses too stays suppressed by that one.

    Raises:
        NotFoundError: nothing that the erasure suppressed is suppressed now.
    """
    every = standing_by_erasure(lake.logged(SUPPRESSION))
    lifted = every.where(F.col("erasure_id") == erasure_id)
    others = every.where(F.col("erasure_id") != erasure_id).select("kind", "value_hash")
    free = lifted.join(others, on=["kind", "value_hash"], how="left_anti")
    if lifted.isEmpty():
        raise NotFoundError(
            f"Nothing is suppressed by the erasure {erasure_id!r}.",
            "c360 privacy suppression list shows what is.",
        )
    rows = lifted.select(
        F.lit(erasure_id).alias("erasure_id"),
        "kind",
        "value_hash",
        F.lit(LIFTED).alias("state"),
        F.lit(datetime.now(UTC)).alias("recorded_at"),
    )
    count = free.count()
    audit.record(
        lake.settings,
        action="decide",
        surface="privacy suppression lift",
        count=count,
        reason=erasure_id,
    )
    number = lake.tables.version(SUPPRESSION.name) + 1
    # Runs number their writes of this table in another way.
    key = WriteKey(f"c360:{SUPPRESSION.name}:lift", number, uuid.uuid4().hex)
    lake.tables.write(rows, SUPPRESSION, key)
    return count


def suppression_list(lake: Lake) -> list[tuple[str, str, int]]:
    """Erasure, kind and number of the identifiers that are suppressed now, in this order."""
    rows = (
        standing_by_erasure(lake.logged(SUPPRESSION))
        .groupBy("erasure_id", "kind")
        .agg(F.count(F.lit(1)).alias("identifiers"))
        .orderBy("erasure_id", "kind")
        .collect()
    )
    return [(row.erasure_id, row.kind, row.identifiers) for row in rows]
