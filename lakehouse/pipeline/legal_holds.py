"""Holds on single people's records: placed and lifted here, honoured by erasure and by retention."""

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import ConflictError, InputError, NotFoundError
from lakehouse.pipeline import audit
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.forgetting import KEY_COLUMNS
from lakehouse.pipeline.held import PLACE
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.reader_tables import reader_keys
from lakehouse.pipeline.subject_rows import bronze_rows, keys_of, mentioning
from lakehouse.privacy.legal_hold import LIFTED, PLACED, LegalHold, holding, holds_of
from lakehouse.privacy.masking import masked_rows, require_readable
from lakehouse.privacy.shapes import HIDDEN
from lakehouse.report import Grid, Report
from lakehouse.settings.models import Settings
from lakehouse.settings.sources import Source
from lakehouse.silver.row_links import describes_people, row_links, tells_of_people
from lakehouse.storage.plain_log import PlainLog
from lakehouse.storage.released_tables import one_of, released_tables
from lakehouse.tables.linkage import IDENTITY_MAP
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import LEGAL_HOLD, QUARANTINE
from lakehouse.tables.spec import Layer, TableSpec


def all_holds(settings: Settings) -> list[LegalHold]:
    """Every hold, newest first, lifted ones too."""
    return holds_of(PlainLog(settings.lake, LEGAL_HOLD).rows())


def place_hold(
    settings: Settings, record_keys: Sequence[str], *, why: str, until: date | None, by: str
) -> Report:
    """Places a hold on these person records.

    Raises:
        InputError: no record is named, or nobody says why or who.
        NotFoundError: a record is not in the release; nothing was written.
    """
    keys = sorted(set(record_keys))
    if not keys or not why.strip() or not by.strip():
        raise InputError(
            "A hold needs records, a reason and who places it.",
            "give --records-from, --why and --by.",
        )
    known = released_tables(settings.lake).rows(
        IDENTITY_MAP, one_of("record_key", keys), ("record_key",)
    )
    missing = len({*keys} - {row["record_key"] for row in known})
    if missing:
        raise NotFoundError(
            f"{missing} of the {len(keys)} records are not known to the release; nothing was written.",
            "take record keys of silver.person_record or of linkage.identity_map.",
        )
    hold_id = uuid.uuid4().hex[:12]
    _say(settings, hold_id, keys, PLACED, reason=why, held_until=until, said_by=by)
    return Report(lines=[f"Hold {hold_id} is on {len(keys)} records."])


def lift_hold(settings: Settings, hold_id: str, *, why: str, by: str) -> Report:
    """Lifts a hold from all of its records.

    Raises:
        InputError: nobody says why or who.
        NotFoundError: there is no such hold.
        ConflictError: it was lifted before.
    """
    if not why.strip() or not by.strip():
        raise InputError("To lift a hold needs a reason and who lifts it.", "give --why and --by.")
    found = next((hold for hold in all_holds(settings) if hold.hold_id == hold_id), None)
    if found is None:
        raise NotFoundError(f"There is no hold {hold_id!r}.", "c360 privacy hold list.")
    if found.is_lifted:
        raise ConflictError(f"Hold {hold_id} is lifted already.", "c360 privacy hold list.")
    _say(settings, hold_id, sorted(found.record_keys), LIFTED, reason=why, said_by=by)
    return Report(lines=[f"Hold {hold_id} is lifted from {len(found.record_keys)} records."])


def hold_list(settings: Settings) -> Report:
    """All holds: what each is on, why, until when, and whether it holds today.

    Words and names are as the role of the session sees them, and that they are shown is recorded. Raises
    AccessError if the role reads for no purpose that holds are kept for, or nothing can be recorded.
    """
    today = datetime.now(UTC).date()
    require_readable(LEGAL_HOLD, settings.roles.current)
    holds = all_holds(settings)
    subjects = {key for hold in holds for key in hold.record_keys}
    audit.record(settings, action="read", surface="privacy hold list", subjects=subjects)
    rows = [
        (
            hold.hold_id,
            len(hold.record_keys),
            as_seen(settings, "reason", hold.reason),
            _until(hold),
            as_seen(settings, "said_by", hold.placed_by),
            hold.holds_on(today),
        )
        for hold in holds
    ]
    if not rows:
        return Report(lines=["There is no hold on anybody's records."])
    columns = ("hold", "records", "why", "until", "placed by", "holds today")
    return Report(grids=[Grid("Legal holds", columns, rows)])


def as_seen(settings: Settings, column: str, words: str) -> str:
    """Words of a hold as the role of the session sees them, hidden from one that may see none of its row."""
    role, keys = settings.roles.current, reader_keys(settings)
    seen = masked_rows([{column: words}], LEGAL_HOLD, role, keys=keys)
    return str(seen[0][column]) if seen else HIDDEN


def _until(hold: LegalHold) -> str:
    return "lifted" if hold.is_lifted else str(hold.held_until or "it is lifted")


def _say(
    settings: Settings, hold_id: str, record_keys: Sequence[str], step: str, **said: object
) -> None:
    audit.record(
        settings,
        action="decide",
        surface=f"privacy hold {step}",
        subjects=record_keys,
        reason=hold_id,
    )
    now = datetime.now(UTC)
    rows = [
        {"hold_id": hold_id, "record_key": key, "step": step, "said_at": now, **said}
        for key in record_keys
    ]
    PlainLog(settings.lake, LEGAL_HOLD).append(rows)


def holds_on(lake: Lake, day: date) -> list[LegalHold]:
    """The holds that hold on that day."""
    rows = lake.logged(LEGAL_HOLD).collect()
    return holding(holds_of(row.asDict() for row in rows), day)


def split_by_hold(
    lake: Lake, record_keys: Sequence[str], day: date
) -> tuple[list[str], dict[str, dict[str, object]]]:
    """The records that no hold is on that day, and by hold its reason and how many of the others it is on.

    Records of a feed whose rows are to stay (conf: erasure.holds) are held too; that hold goes by the feed.
    """
    found = {h.hold_id: (h.reason, h.record_keys) for h in holds_on(lake, day)}
    found |= _feed_holds(lake, record_keys)
    held = {key for _, keys in found.values() for key in keys}
    free = [key for key in record_keys if key not in held]
    counts = {hold_id: len(keys & {*record_keys}) for hold_id, (_, keys) in found.items()}
    named: dict[str, dict[str, object]] = {
        hold_id: {"records": counts[hold_id], "reason": reason}
        for hold_id, (reason, _) in found.items()
        if counts[hold_id]
    }
    return free, named


def _feed_holds(lake: Lake, record_keys: Sequence[str]) -> dict[str, tuple[str, frozenset[str]]]:
    """By feed under a hold why, and which of these person records it ever told of."""
    holds = lake.settings.erasure.holds
    held = [s for s in lake.settings.sources if s.name in holds and describes_people(s)]
    return {f"of feed {s.name}": (holds[s.name], _told_by(lake, s, record_keys)) for s in held}


def _told_by(lake: Lake, source: Source, record_keys: Sequence[str]) -> frozenset[str]:
    """Those of the records that a row of the feed's bronze table is."""
    bronze = lake.released(lake.release(), source.bronze_table.name)
    secret = lake.settings.lake.secret.get_secret_value()
    links = row_links(bronze, source, lake.settings.sources, secret, PLACE)
    wanted = local_frame(lake.spark, [(key,) for key in record_keys], "record_key string")
    found = (
        links.where(F.col("person_record_key") == F.col("record_key"))
        .join(F.broadcast(wanted), on="record_key", how="left_semi")
        .select("record_key")
        .distinct()
    )
    return frozenset(row.record_key for row in found.collect())


def held_keys(lake: Lake, attempt: Attempt, day: date) -> DataFrame | None:
    """key: records under a hold on that day, their orders, visits and customers; None without a hold."""
    keys = sorted({key for hold in holds_on(lake, day) for key in hold.record_keys})
    if not keys:
        return None
    schema = "erasure_id string, key string"
    people = local_frame(lake.spark, [("hold", key) for key in keys], schema)
    known = lake.released(attempt.base, IDENTITY_MAP.name)
    named = F.broadcast(people.select(F.col("key").alias("record_key")))
    customers = known.join(named, on="record_key", how="left_semi").select("customer_id")
    theirs = people.unionByName(keys_of(lake, attempt, people)).select("key")
    return theirs.unionByName(customers.select(F.col("customer_id").alias("key"))).distinct()


def spared(
    lake: Lake, attempt: Attempt, spec: TableSpec, outlived: DataFrame, held: DataFrame | None
) -> DataFrame:
    """The keys of rows that have outlived their retention, but for those about records under a hold.

    Whom a row of quarantine without a key is about nobody knows: it stays while there is any hold.

    Args:
        lake: the lake.
        attempt: whose base is the release that is looked at.
        spec: the table.
        outlived: its rows, with the columns that key them and say whom they are about; of bronze, PLACE.
        held: of `held_keys`.
    """
    key = [*PLACE] if spec.layer is Layer.BRONZE else [*spec.primary_key]
    if held is None:
        return outlived.select(*key)
    if spec.layer is Layer.BRONZE:
        rows = bronze_rows(lake, attempt, held).where(F.col("table_name") == spec.name)
    else:
        columns = [name for name in KEY_COLUMNS if name in spec.column_names]
        if not columns:
            return outlived.select(*key)
        if spec.name == QUARANTINE.name:
            outlived = outlived.where(~_may_be_anybodys(lake.settings))
        rows = mentioning(outlived, columns, held)
    kept = rows.select(*(F.col(name).alias(f"kept_{name}") for name in key)).distinct()
    # A key may have a null in it, which agrees with a null.
    is_kept = reduce(Column.__and__, (F.col(n).eqNullSafe(F.col(f"kept_{n}")) for n in key))
    return outlived.select(*key).join(kept, on=is_kept, how="left_anti")


def _may_be_anybodys(settings: Settings) -> Column:
    """True of a row of quarantine that names no record, unless its feed tells of nobody."""
    of_nobody = [source.name for source in settings.sources if not tells_of_people(source)]
    tells_of_nobody = F.coalesce(F.col("source_feed").isin(*of_nobody), F.lit(False))
    return F.col("record_key").isNull() & ~tells_of_nobody
