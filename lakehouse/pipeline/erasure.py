"""Erasure as a saga: plan, approve, execute, prove. Each step is logged, and can be taken again after a kill.

Executed is an erasure when readers see a release without the person and none before it can be read; proved,
when the last old file is gone too and a search of every file finds nothing.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256

from pyspark.sql import Row
from pyspark.sql import functions as F

from lakehouse.errors import ConflictError, InputError, NotFoundError
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline import runner
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.data_keys import drop_unused_keys
from lakehouse.pipeline.erased_exports import delete_exported, exported_places, told_as
from lakehouse.pipeline.erased_landing import landing_folder, settle_landing
from lakehouse.pipeline.erased_role_tables import make_role_tables_anew, planned_role_tables
from lakehouse.pipeline.erasure_log import (
    APPROVED,
    EXECUTED,
    PLANNED,
    STARTED,
    Case,
    Detail,
    case,
    cases_of,
    record,
)
from lakehouse.pipeline.erasure_plan import (
    exported_as,
    exports_of,
    planned,
    require_sources,
)
from lakehouse.pipeline.forgetting import Forgetting
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.legal_holds import split_by_hold
from lakehouse.pipeline.privacy_requests import all_requests
from lakehouse.privacy.erasure_marks import RECORD
from lakehouse.privacy.request_log import is_same_name
from lakehouse.settings.models import Settings
from lakehouse.storage.delta_tables import WriteKey
from lakehouse.storage.kill_points import AFTER_RECORD
from lakehouse.storage.releases import current_release
from lakehouse.tables.erasure import ERASED_ROW, ERASURE_MARK
from lakehouse.tables.linkage import IDENTITY_MAP
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import ERASURE as OF_ERASURE
from lakehouse.tables.ops import RELEASE, RUN

RUN_PREFIX = "erase-"
"""What the run id of an erasure begins with."""


def plan(lake: Lake, record_keys: Sequence[str], request_id: str | None, by: str) -> Case:
    """Finds all that an erasure of these person records would touch, and keeps it as a plan.

    Records under a legal hold are left out; the plan names the holds.

    Raises:
        InputError: no record is named, or nobody says who plans.
        ConflictError: all of the records are under a hold, or conf has lost the source of encrypted bronze.
        NotFoundError: a record is not known to the release; nothing was written.
        ConfigurationError: landing files are to be changed, and cannot be.
    """
    release, keys = lake.release(), sorted(set(record_keys))
    if not by.strip():
        raise InputError("A plan needs who makes it.", "give --by.")
    if not keys:
        raise InputError("No record is named.", "name record keys of silver.person_record.")
    landing_folder(lake.settings)
    wanted = local_frame(lake.spark, [(key,) for key in keys], "record_key string")
    known = lake.released(release, IDENTITY_MAP.name).select("record_key").distinct()
    missing = wanted.join(known, on="record_key", how="left_anti").count()
    if missing:
        raise NotFoundError(
            f"{missing} of the {len(keys)} records are not known to the release; nothing was written.",
            "take record keys of silver.person_record or of linkage.identity_map.",
        )
    free, held = split_by_hold(lake, keys, datetime.now(UTC).date())
    if not free:
        raise _under_hold(held)
    erasure_id = uuid.uuid4().hex[:12]
    attempt = Attempt(f"plan-{erasure_id}", 0, _day(lake, ""), "", None, release)
    outside = {
        "role_tables": planned_role_tables(lake),
        "exports": [told_as(place) for place in exports_of(lake, release, free)],
    }
    detail = {**planned(lake, attempt, erasure_id, free), **outside, "held": held}
    keep_plans(lake, {erasure_id: free}, detail, request_id=request_id, done_by=by)
    return case(lake, erasure_id)


def keep_plans(
    lake: Lake, records: Mapping[str, Sequence[str]], detail: Detail, **more: object
) -> None:
    """Keeps whom each of these erasures is of, by record key, and logs that they are planned."""
    marks = [(erasure_id, RECORD, key) for erasure_id, keys in records.items() for key in keys]
    named = min(records)
    lake.tables.create(ERASURE_MARK)
    lake.tables.write(
        local_frame(lake.spark, marks, ERASURE_MARK.ddl()).coalesce(1),
        ERASURE_MARK,
        WriteKey(f"c360:{ERASURE_MARK.name}:{named}", 1, named),
    )
    record(lake, sorted(records), PLANNED, detail, **more)


def _under_hold(held: Mapping[str, object]) -> ConflictError:
    return ConflictError(
        f"Records are under legal hold {', '.join(sorted(held))}; nothing was touched.",
        "c360 privacy hold list says why and until when; after it is lifted, plan again.",
    )


def approve(lake: Lake, erasure_id: str, by: str) -> Case:
    """Says that the erasure may be carried out.

    Raises:
        NotFoundError: there is no such erasure.
        InputError: nobody says who approves.
        ConflictError: somebody else must (conf: privacy_requests.four_eyes).
    """
    found = case(lake, erasure_id)
    if not by.strip():
        raise InputError("An approval needs who gives it.", "give --by.")
    if APPROVED not in found.steps:
        if lake.settings.privacy_requests.four_eyes:
            _require_other_eyes(lake.settings, found, by)
        record(lake, [erasure_id], APPROVED, {}, done_by=by)
    return case(lake, erasure_id)


def _require_other_eyes(settings: Settings, found: Case, by: str) -> None:
    """Raises ConflictError if that is who planned it, or registered or verified the request behind it."""
    planned = found.steps[PLANNED]
    if is_same_name(by, planned.done_by):
        raise ConflictError(
            f"Who planned erasure {found.erasure_id} does not approve it.",
            "let somebody else look at it (conf: privacy_requests.four_eyes).",
        )
    for request in all_requests(settings):
        if request.request_id == planned.request_id:
            request.require_other_eyes(by)


def execute(lake: Lake, erasure_ids: Sequence[str]) -> list[Case]:
    """Carries out these erasures by one run, or goes on where one that was killed had come to.

    One whose run readers see already is ended together with those that shared it, and not run again;
    one that was carried out before is left as it is.

    Raises:
        NotFoundError: there is no such erasure.
        InputError: one is not approved.
        AlreadyRunningError: another run has this lake; nothing was touched.
        ConflictError: since it was planned a legal hold was placed on a record, or conf has lost the
            source of encrypted bronze; nothing was touched.
        LakehouseError: whatever stops a run; readers stay on the last release then.
    """
    ids = sorted(set(erasure_ids))
    # Held from here on: another erasure of these would take away the marks that a run goes by.
    with lake.locks.run():
        for found in cases_of(lake, ids):
            _require_approved(found)
        for run_id, batch in _released_batches(lake, ids).items():
            _carry_out(lake, run_id, batch, [])
        waiting = [found.erasure_id for found in cases_of(lake, ids) if EXECUTED not in found.steps]
        if waiting:
            _require_no_hold(lake, waiting)
            release = current_release(lake.tables)
            require_sources(lake, release)
            # From another release other rows are theirs: that is another run.
            told = f"{','.join(waiting)}:{release.number}"
            run_id = f"{RUN_PREFIX}{sha256(told.encode()).hexdigest()[:12]}"
            # Before the run: afterwards no release that can be read says whose the records were.
            records = marked_records(lake, waiting)
            customers = exported_as(lake, release, records)
            _start(lake, run_id, waiting, exported_places(lake.settings, customers, records))
            _carry_out(lake, run_id, waiting, customers)
        return cases_of(lake, ids)


def _require_no_hold(lake: Lake, ids: Sequence[str]) -> None:
    _, held = split_by_hold(lake, marked_records(lake, ids), datetime.now(UTC).date())
    if held:
        raise _under_hold(held)


def marked_records(lake: Lake, ids: Sequence[str]) -> list[str]:
    """The keys of the person records that these erasures were planned of."""
    of_records = F.col("erasure_id").isin(*ids) & (F.col("kind") == RECORD)
    return [row.mark for row in lake.logged(ERASURE_MARK).where(of_records).collect()]


def _released_batches(lake: Lake, ids: Sequence[str]) -> dict[str, list[str]]:
    """By run that readers see and that was not ended, all erasures that shared it."""
    batches = {}
    for found in cases_of(lake, ids):
        started = found.steps.get(STARTED)
        if started is not None and EXECUTED not in found.steps:
            release = lake.tables.read(RELEASE.name).where(F.col("run_id") == started.run_id)
            if not release.isEmpty():
                batches[started.run_id] = json.loads(started.detail)["erasures"]
    return batches


def _start(lake: Lake, run_id: str, ids: Sequence[str], exports: Sequence[str]) -> None:
    """Logs which erasures the run carries out together, and where exports with them are, before it begins."""
    waiting = [found for found in cases_of(lake, ids) if found.run_of(STARTED) != run_id]
    again = [found.erasure_id for found in waiting if STARTED in found.steps]
    if again:
        Forgetting(lake, again).drop_marks()
    if waiting:
        started = [found.erasure_id for found in waiting]
        detail = {"erasures": list(ids), "exports": [told_as(place) for place in exports]}
        record(lake, started, STARTED, detail, run_id=run_id)


def _carry_out(lake: Lake, run_id: str, ids: Sequence[str], customers: Sequence[str]) -> None:
    """Does all that is left to do of the run and after it."""
    forgetting = Forgetting(lake, ids)
    runner.run(lake, run_id, _day(lake, run_id), forgetting=forgetting)
    forgetting.forget_decisions()
    lake.kill_points.passed(OF_ERASURE, AFTER_RECORD)
    release = _release_of(lake, run_id)
    number = release.release_number
    landing = settle_landing(lake, run_id, current_release(lake.tables).versions)
    found = cases_of(lake, ids)
    # Archives by where they are: the log of the start has their names alone.
    now = exported_places(lake.settings, customers, marked_records(lake, ids))
    exports = {*_exports_at_start(found), *now}
    detail = {
        "erasures": list(ids),
        "deleted_rows": _erased_rows(lake, run_id),
        "landing_files": landing,
        "exports": delete_exported(lake.settings, exports, number),
        "role_tables": make_role_tables_anew(lake),
        "dropped_keys": sum(drop_unused_keys(lake).values()),
    }
    ended = [one.erasure_id for one in found if EXECUTED not in one.steps]
    if ended:
        record(lake, ended, EXECUTED, detail, run_id=run_id, release_number=number)


def _exports_at_start(cases: Sequence[Case]) -> list[str]:
    """Where exports with these people were when the run began, as `told_as` names them."""
    details = (found.detail(STARTED).get("exports") for found in cases)
    return [str(place) for told in details if isinstance(told, list) for place in told]


def _erased_rows(lake: Lake, run_id: str) -> dict[str, int]:
    """By table the rows that the run erased; of quarantine those that lay in landing files, of the ledger of
    landing files the rejected ones that it deleted.
    """
    rows = lake.logged(ERASED_ROW).where(F.col("run_id") == run_id).distinct()
    counted = rows.groupBy("table_name").agg(F.count(F.lit(1)).alias("rows")).collect()
    return {row.table_name: row["rows"] for row in sorted(counted)}


def _require_approved(found: Case) -> None:
    if APPROVED not in found.steps:
        raise InputError(
            f"The erasure {found.erasure_id} is not approved; nothing was touched.",
            "look at its plan, then `c360 privacy erase approve`.",
        )


def _day(lake: Lake, run_id: str) -> date:
    """The day of the run, if it began before; else that of the newest run that succeeded."""
    rows = lake.tables.read(RUN.name).where(
        (F.col("status") == attempts.SUCCEEDED) | (F.col("run_id") == run_id)
    )
    is_own = F.col("run_id") == run_id
    newest = rows.agg(F.max_by("as_of_date", F.struct(is_own, "run_number")).alias("day"))
    found: date = newest.collect()[0].day
    return found


def _release_of(lake: Lake, run_id: str) -> Row:
    rows = lake.tables.read(RELEASE.name).where(F.col("run_id") == run_id)
    found: Row = rows.select("release_number", "released_at").limit(1).collect()[0]
    return found
