"""The rows of bronze and quarantine that are some people's, by the keys of their records."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.keys import identity
from lakehouse.gold.customer_web_session import with_session_key
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.held import PLACE
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.suppression import addressed_rows, linked_rows, malformed_rows
from lakehouse.privacy.erasure_marks import naming
from lakehouse.privacy.suppression import RECORD, SUPPRESSED, identifier_hashes, record_hash
from lakehouse.settings.sources import Source
from lakehouse.silver.intake import Catalogue
from lakehouse.silver.row_links import orders_of, row_links, rows_of, tells_of_people
from lakehouse.tables.erasure import SUPPRESSION
from lakehouse.tables.gold import CUSTOMER_RECOMMENDATION, CUSTOMER_WEB_SESSION
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import LANDING_FILE, QUARANTINE
from lakehouse.tables.silver import ORDER, PERSON_RECORD, RECOMMENDATION, WEB_EVENT
from lakehouse.tables.spec import TableSpec

_ROW = "table_name string, source_file string, file_hash string, source_row_number bigint"
_NAMED_IN_PAYLOAD = (
    *("record_key", "person_record_key", "record_key_l", "record_key_r"),
    "customer_id",
)


def told_sources(lake: Lake) -> list[Source]:
    """The sources whose rows are people's, but for those under a legal hold."""
    held = lake.settings.erasure.holds
    return [s for s in lake.settings.sources if tells_of_people(s) and s.name not in held]


def links_of(lake: Lake, attempt: Attempt, source: Source) -> DataFrame:
    """`row_links` of the source's bronze table as the attempt's base has it."""
    name = source.bronze_table.name
    bronze = lake.read_at(name, attempt.base_version(name))
    return row_links(bronze, source, lake.settings.sources, _secret(lake), PLACE)


def keys_of(lake: Lake, attempt: Attempt, people: DataFrame) -> DataFrame:
    """erasure_id, key: what else is these people's: their orders, and their visits before they logged in.

    Args:
        lake: the lake.
        attempt: the run that erases.
        people: erasure_id, key of the person records.
    """
    found = []
    for source in told_sources(lake):
        if any(feed.table == ORDER.entity for feed in source.feeds):
            links = links_of(lake, attempt, source)
            # Whose order it is tells which erasure it belongs to.
            owned = links.where(F.col("record_key") == F.col("order_record_key")).select(
                F.col("person_record_key").alias("person"), F.col("record_key").alias("order")
            )
            orders = orders_of(links, people).select(F.col("key").alias("order"))
            found.append(
                owned.join(orders, on="order", how="left_semi")
                .join(F.broadcast(people), on=F.col("person") == F.col("key"), how="inner")
                .select("erasure_id", F.col("order").alias("key"))
            )
    nothing = local_frame(lake.spark, (), "erasure_id string, key string")
    return reduce(DataFrame.unionByName, [*found, *_visits(lake, attempt, people)], nothing)


def _visits(lake: Lake, attempt: Attempt, people: DataFrame) -> Iterator[DataFrame]:
    """Events of visits and of recommended lists without a login that gold has found to be theirs."""
    web = lake.settings.facts.web
    of_visits = _anonymous(
        lake,
        attempt,
        people,
        WEB_EVENT,
        CUSTOMER_WEB_SESSION,
        lambda events: with_session_key(events, web),
    )
    yield of_visits.select("erasure_id", F.col("record_key").alias("key"))
    of_list = F.concat_ws(":", "source_system", "list_id", "product_id")
    shown = _anonymous(
        lake,
        attempt,
        people,
        RECOMMENDATION,
        CUSTOMER_RECOMMENDATION,
        lambda lists: lists.withColumn("recommendation_key", of_list),
    )
    catalogue = Catalogue({s.name: s for s in lake.settings.sources}, _secret(lake))
    for source in told_sources(lake):
        if any(feed.table == RECOMMENDATION.entity for feed in source.feeds):
            # Silver has a row per product shown; the row of bronze with all of them is one event.
            event = catalogue.key(source.name, identity(F.col("event_id")))
            own = shown.where(F.col("source_feed") == source.name)
            yield own.select("erasure_id", event.alias("key")).distinct()


def _anonymous(
    lake: Lake,
    attempt: Attempt,
    people: DataFrame,
    event: TableSpec,
    fact: TableSpec,
    keyed: Callable[[DataFrame], DataFrame],
) -> DataFrame:
    """Rows of silver without a login, with the erasure of whose fact they are part of.

    `keyed` adds the fact's key to all events: whose a run is, those with a login help to tell.
    """
    if not {event.name, fact.name} <= attempt.base.versions.keys():
        return local_frame(lake.spark, (), f"{event.ddl()}, erasure_id string")
    (key,) = fact.primary_key
    whose = F.broadcast(people.withColumnRenamed("key", "person_record_key"))
    facts = lake.released(attempt.base, fact.name)
    theirs = facts.join(whose, on="person_record_key", how="inner").select("erasure_id", key)
    events = keyed(lake.released(attempt.base, event.name))
    nobodys = events.where(F.col("person_record_key").isNull())
    return nobodys.join(F.broadcast(theirs), on=key, how="inner")


def bronze_rows(lake: Lake, attempt: Attempt, keys: DataFrame) -> DataFrame:
    """Rows of ops.erased_row: every version of every row that is theirs and nobody else's."""
    listed = keys.select("key").distinct()
    found = [local_frame(lake.spark, (), _ROW)]
    for source in told_sources(lake):
        rows = rows_of(links_of(lake, attempt, source), listed, PLACE)
        theirs = rows.where("is_theirs").select(*PLACE).distinct()
        if _may_hold_several(source):
            others = rows.where("not is_theirs").select(*PLACE)
            theirs = theirs.join(others, on=PLACE, how="left_anti")
        found.append(theirs.select(F.lit(source.bronze_table.name).alias("table_name"), *PLACE))
    rows = reduce(DataFrame.unionByName, found)
    return rows.select(F.lit(attempt.run_id).alias("run_id"), *rows.columns)


def _may_hold_several(source: Source) -> bool:
    """True if two feeds of the source, or two elements of a row, can tell of different people."""
    people = [feed for feed in source.feeds if feed.table == PERSON_RECORD.entity]
    references = {feed.person.id for feed in source.feeds if feed.person is not None}
    ids = {path for feed in people for path in feed.record_id or source.key}
    return any(feed.each is not None for feed in people) or len(references | ids) > 1


def suppressions(lake: Lake, attempt: Attempt, keys: DataFrame) -> DataFrame:
    """Rows of ops.suppression: these people's keys, and the identifiers that nobody who stays has too.

    Args:
        lake: the lake.
        attempt: the run that erases.
        keys: erasure_id, key, of person records and all else that is theirs.
    """
    name = PERSON_RECORD.name
    people = lake.read_at(name, attempt.base_version(name))
    hashes = identifier_hashes(people, _secret(lake), "record_key").join(
        F.broadcast(keys), on=F.col("record_key") == F.col("key"), how="left"
    )
    theirs = hashes.where(F.col("key").isNotNull()).select("erasure_id", "kind", "value_hash")
    others = hashes.where(F.col("key").isNull()).select("kind", "value_hash")
    shared = others.join(
        F.broadcast(theirs.select("kind", "value_hash")),
        on=["kind", "value_hash"],
        how="left_semi",
    )
    own = theirs.distinct().join(shared, on=["kind", "value_hash"], how="left_anti")
    records = keys.select(
        "erasure_id",
        F.lit(RECORD).alias("kind"),
        record_hash(F.col("key"), _secret(lake)).alias("value_hash"),
    )
    return records.unionByName(own.select(*records.columns)).select(
        "*", F.lit(SUPPRESSED).alias("state"), F.lit(datetime.now(UTC)).alias("recorded_at")
    )


@dataclass(frozen=True)
class HeldRows:
    """Rows of quarantine: their keys, and, as ops.erased_row has it, where they lie in landing files."""

    rows: DataFrame
    of_files: DataFrame


def held_rows_of(
    lake: Lake, attempt: Attempt, erasure_ids: Sequence[str], keys: DataFrame, marks: DataFrame
) -> HeldRows:
    """The rows of ops.quarantine about these people: by key, by reference, or by what stands in them.

    Args:
        lake: the lake.
        attempt: the run that erases.
        erasure_ids: the erasures.
        keys: erasure_id, key, of all that is theirs.
        marks: mark, of the values that only they have.
    """
    quarantine = lake.released(attempt.base, QUARANTINE.name)
    before = _held_of_files(lake, attempt, erasure_ids, marks).persist()
    # Rows that a product's gate holds have no file and no record: one alone is told by what it says.
    pk = [*QUARANTINE.primary_key, "payload"]
    of_table = ["run_id", "table_name", "source_file", "source_row_number"]
    after = quarantine.where(~F.col("table_name").startswith("bronze."))
    named = mentioning(_with_named(after), ["record_key", *_NAMED], keys.select("key").distinct())
    found = [
        quarantine.join(before, on=of_table, how="left_semi"),
        named,
        naming(after, marks, _secret(lake)),
    ]
    rows = reduce(DataFrame.unionByName, (part.select(*pk) for part in found))
    files = before.where(F.col("source_file").isNotNull()).select(
        F.lit(attempt.run_id).alias("run_id"),
        F.lit(QUARANTINE.name).alias("table_name"),
        *PLACE,
    )
    return HeldRows(rows.distinct(), files.distinct())


def _held_of_files(
    lake: Lake, attempt: Attempt, erasure_ids: Sequence[str], marks: DataFrame
) -> DataFrame:
    """run_id, table_name and place of held rows that never came into bronze; more than once maybe."""
    ledger = lake.released(attempt.base, LANDING_FILE.name)
    placed = lake.released(attempt.base, QUARANTINE.name).join(
        ledger.select("run_id", "source_file", "file_hash"),
        on=["run_id", "source_file"],
        how="left",
    )
    suppressed = (
        lake.logged(SUPPRESSION)
        .where(F.col("erasure_id").isin(*erasure_ids))
        .select("kind", "value_hash")
        .distinct()
    )
    found = [local_frame(lake.spark, (), f"{_ROW}, run_id string")]
    for source in told_sources(lake):
        held = placed.where(F.col("table_name") == source.bronze_table.name)
        found.append(_held_before_bronze(lake, source, held, suppressed))
        found.append(naming(held, marks, _secret(lake)).select(*_ROW_NAMES, "run_id"))
    return reduce(DataFrame.unionByName, found)


_NAMED = tuple(f"_{name}" for name in _NAMED_IN_PAYLOAD)


def _with_named(held: DataFrame) -> DataFrame:
    payload = _text_of(F.col("payload"))
    named = (
        F.get_json_object(payload, f"$.{name}").alias(f"_{name}") for name in _NAMED_IN_PAYLOAD
    )
    return held.select("*", *named)


def _text_of(payload: Column) -> Column:
    """The bytes as text; null where they are none in UTF-8: a row that a rule held always is."""
    return F.try_validate_utf8(payload.cast("string"))


def _held_before_bronze(
    lake: Lake, source: Source, held: DataFrame, suppressed: DataFrame
) -> DataFrame:
    """Those of the feed's held records that suppression would stop: run_id, table_name and place."""
    names = [column.name for column in source.columns]
    fields = ", ".join(f"`{name}` string" for name in names)
    text = _text_of(F.col("payload"))
    # A record that a rule held is kept as the row of bronze that it would have been.
    as_row = F.from_json(
        F.when(F.get_json_object(text, "$.content_hash").isNotNull(), text), fields
    )
    read = held.select(*_ROW_NAMES, "run_id", "payload", as_row.alias("row"))
    is_cut = F.col("row").isNotNull()
    cut = read.where(is_cut).select(*_ROW_NAMES, "run_id", "row.*")
    linked = linked_rows(lake, source, cut.select(*PLACE, *names), suppressed)
    theirs = cut.join(linked, on=PLACE, how="left_semi").select(*_ROW_NAMES, "run_id")
    # Another's record may say their number in passing. An address that only they have is theirs all the same.
    addressed = addressed_rows(lake, read.where(is_cut), suppressed)
    named = malformed_rows(lake, source, read.where(~is_cut), suppressed)
    found = [part.select(*_ROW_NAMES, "run_id") for part in (theirs, addressed, named)]
    return reduce(DataFrame.unionByName, found).distinct()


_ROW_NAMES = ("table_name", *PLACE)


def mentioning(rows: DataFrame, columns: Sequence[str], keys: DataFrame) -> DataFrame:
    """The rows that have one of the keys (`key`) in any of these columns; more than once if in several."""
    named = F.explode(F.array_distinct(F.array(*map(F.col, columns)))).alias("_named")
    found = rows.select("*", named).join(
        F.broadcast(keys), on=F.col("_named") == F.col("key"), how="left_semi"
    )
    return found.select(*rows.columns)


def _secret(lake: Lake) -> str:
    return lake.settings.lake.secret.get_secret_value()
