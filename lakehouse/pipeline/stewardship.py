"""What stewards are asked and what they decide: kept in ops.link_override, honoured by every later run."""

import uuid
from datetime import UTC, datetime, timedelta

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.errors import ConflictError, InputError, NotFoundError
from lakehouse.linkage.overrides import SKIP, WITHDRAWN, Override, contradicted, standing_decisions
from lakehouse.linkage.refine import DIFFERENT, SAME
from lakehouse.pipeline.attempt import require_keys_of_log
from lakehouse.pipeline.lake import Lake
from lakehouse.privacy.masking import masked_rows
from lakehouse.storage.delta_tables import WriteKey
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import LINK_OVERRIDE, REVIEW_TASK
from lakehouse.tables.silver import PERSON_RECORD
from lakehouse.tables.spec import TableSpec

DECISIONS = (SAME, DIFFERENT, SKIP)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def review_tasks(lake: Lake) -> DataFrame:
    """What is to be decided: the released rows of ops.review_task whose pair nobody has decided since.

    Raises:
        NotFoundError: nothing is released, or by a version that asked nothing.
    """
    release = lake.release()
    if REVIEW_TASK.name not in release.versions:
        raise NotFoundError(
            "The release is from before stewards were asked.",
            "run `c360 run` once, then ask again.",
        )
    decided = decisions(lake).select("record_key_l", "record_key_r")
    return lake.released(release, REVIEW_TASK.name).join(
        F.broadcast(decided), on=["record_key_l", "record_key_r"], how="left_anti"
    )


def review_task(lake: Lake, task_id: str) -> Row:
    """The open task of that id, with the columns of ops.review_task.

    Raises:
        NotFoundError: no open task has it.
    """
    wanted = local_frame(lake.spark, [(task_id,)], "task_id string")
    found = review_tasks(lake).join(F.broadcast(wanted), on="task_id", how="left_semi").collect()
    if not found:
        raise NotFoundError(
            f"No open review task {task_id!r}.",
            "c360 review list shows those that are open; one that was decided is no longer.",
        )
    return found[0]


def decisions(lake: Lake) -> DataFrame:
    """The decisions that hold, as `standing_decisions` gives them."""
    lake.tables.create(LINK_OVERRIDE)
    return standing_decisions(lake.tables.read(LINK_OVERRIDE.name))


def overrides(lake: Lake) -> DataFrame:
    """Those of the decisions that linkage goes by: same or different."""
    return decisions(lake).where(F.col("decision") != SKIP)


def decide(lake: Lake, record: str, other: str, decision: str, *, by: str, reason: str) -> Override:
    """Says from the next run on that two records are the same person's, or different people's, or neither.

    `skip` decides nothing: links go by the evidence, and the pair is not asked about again. It stands in
    no other decision's way.

    Raises:
        InputError: the two are one record, the decision is none of DECISIONS, or `by` or `reason` is
            empty.
        NotFoundError: a record is not in the release.
        ConflictError: decisions that hold say otherwise, of the same two or in turn; they are named, and
            are to be withdrawn first.
    """
    if decision not in DECISIONS:
        raise InputError(f"{decision!r} is no decision.", f"say {', '.join(DECISIONS)}.")
    new = _pair(record, other, decision)
    require_words(by, reason)
    require_known(lake, new.left, new.right)
    with lake.locks.table(f"{LINK_OVERRIDE.name}.decide"):
        held = _held(lake)
        conflict = contradicted(new, held)
        if conflict:
            said = "; ".join(f"{o.left} and {o.right} are {o.decision} {held[o]}" for o in conflict)
            raise ConflictError(
                f"{decision} of {new.left} and {new.right} contradicts what holds: {said}. "
                "Nothing was written.",
                "withdraw the decision that is wrong (c360 override withdraw), then decide again.",
            )
        _write(lake, new, by, reason)
    return new


def withdraw(lake: Lake, record: str, other: str, *, by: str, reason: str) -> Override:
    """Takes a decision back: from the next run on nothing is decided of the two records.

    Raises:
        InputError: the two are one record, or `by` or `reason` is empty.
        NotFoundError: nothing that holds was decided of them.
    """
    taken_back = _pair(record, other, WITHDRAWN)
    require_words(by, reason)
    with lake.locks.table(f"{LINK_OVERRIDE.name}.decide"):
        if (taken_back.left, taken_back.right) not in {(o.left, o.right) for o in _held(lake)}:
            raise NotFoundError(
                f"No decision about {taken_back.left} and {taken_back.right} holds.",
                "c360 override list shows those that do.",
            )
        _write(lake, taken_back, by, reason)
    return taken_back


def _pair(record: str, other: str, decision: str) -> Override:
    if record == other:
        raise InputError("The two records are one and the same.", "name two different record keys.")
    return Override(min(record, other), max(record, other), decision)


def _held(lake: Lake) -> dict[Override, str]:
    """The decisions that hold, with who made each and when, in words.

    Decisions are made by people, one at a time: they fit the driver.
    """
    at = F.date_format("decided_at", "yyyy-MM-dd HH:mm:ss").alias("at")
    columns = ("record_key_l", "record_key_r", "decision", "decided_by", at)
    rows = decisions(lake).select(*columns).collect()
    return {Override(*row[:3]): f"({_seen(lake, row.decided_by)}{row.at} UTC)" for row in rows}


def _seen(lake: Lake, decided_by: str) -> str:
    """The steward as the role of the session sees who decided; nothing if it sees no decisions."""
    seen = masked_rows([{"decided_by": decided_by}], LINK_OVERRIDE, lake.settings.roles.current)
    return "".join(f"{row['decided_by']}, " for row in seen)


def _write(lake: Lake, override: Override, by: str, reason: str) -> None:
    row = (override.left, override.right, override.decision, by, reason)
    append_decision(lake, LINK_OVERRIDE, row)


def require_words(by: str, reason: str) -> None:
    """Raises InputError where nobody says who decided, or why."""
    if not by.strip() or not reason.strip():
        raise InputError("A decision needs who made it and why.", "give --by and --why.")


def require_known(lake: Lake, *records: str) -> None:
    """Raises NotFoundError that names those of the records that no person record of the release is."""
    people = PERSON_RECORD.name
    wanted = local_frame(lake.spark, [(record,) for record in records], "record_key string")
    found = lake.released(lake.release(), people).join(wanted, on="record_key", how="left_semi")
    known = {row.record_key for row in found.select("record_key").collect()}
    missing = [record for record in records if record not in known]
    if missing:
        raise NotFoundError(
            f"No person record {' or '.join(missing)} is in the release.",
            f"take record keys of {people} or of linkage.identity_map.",
        )


def append_decision(lake: Lake, spec: TableSpec, row: tuple[object, ...]) -> None:
    """Appends a decision to a log of them: the values of all columns but the last, decided_at.

    Raises ConfigurationError where data keys of the lake are not there; nothing was written.
    """
    require_keys_of_log(lake, spec)
    # A lake from before decisions were encrypted has no columns for that until a run makes it fit.
    lake.tables.fit(spec)
    log = lake.tables.read(spec.name)
    newest = log.agg(F.unix_micros(F.max("decided_at")).alias("at")).collect()[0].at or 0
    # After all that were made before, whatever the clocks of the machines say: the newest holds.
    now = max(datetime.now(UTC), _EPOCH + timedelta(microseconds=newest + 1))
    frame = local_frame(lake.spark, [(*row, now)], spec.ddl()).coalesce(1)
    # No digest of the row: it would stand in the log of commits, and could be guessed.
    number = lake.tables.version(spec.name) + 1
    key = WriteKey(f"c360:{spec.name}", number, uuid.uuid4().hex)
    lake.tables.write(frame, spec, key)
