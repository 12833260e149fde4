"""Erasure as a saga: plan, approve, execute, prove. Each step is logged, and can be taken again after a kill.

Executed is an erasure when readers see a release without the person and none before it can be read; proved,
when the last old file is gone too and a search of every file finds nothing.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256

from pyspark.sql import Row
from pyspark.sql import functions as F

from lakehouse.errors import InputError, NotFoundError
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline import audit, runner
from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.erased_landing import landing_folder, settle_landing
from lakehouse.pipeline.erasure_plan import planned
from lakehouse.pipeline.forgetting import Forgetting
from lakehouse.pipeline.lake import Lake
from lakehouse.privacy.erasure_marks import RECORD
from lakehouse.storage.delta_tables import WriteKey
from lakehouse.storage.kill_points import AFTER_RECORD
from lakehouse.storage.releases import current_release
from lakehouse.tables.erasure import ERASED_ROW, ERASURE, ERASURE_MARK
from lakehouse.tables.linkage import IDENTITY_MAP
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import ERASURE as OF_ERASURE
from lakehouse.tables.ops import RELEASE, RUN

PLANNED, APPROVED, EXECUTED, PROVED = "planned", "approved", "executed", "proved"
FAILED_PROOF = "failed_proof"
RUN_PREFIX = "erase-"
"""What the run id of an erasure begins with."""


@dataclass(frozen=True)
class Case:
    """An erasure as its log has it: what each step that it came to left, by step."""

    erasure_id: str
    steps: Mapping[str, Row]

    def detail(self, step: str) -> dict[str, object]:
        """What the step found or did."""
        return dict(json.loads(self.steps[step].detail))


def plan(lake: Lake, record_keys: Sequence[str], request_id: str | None, by: str) -> Case:
    """Finds all that an erasure of these person records would touch, and keeps it as a plan.

    Raises:
        InputError: no record is named, or nobody says who plans.
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
    erasure_id = uuid.uuid4().hex[:12]
    attempt = Attempt(f"plan-{erasure_id}", 0, _day(lake, ""), "", None, release)
    detail = planned(lake, attempt, erasure_id, keys)
    marks = [(erasure_id, RECORD, key) for key in keys]
    lake.tables.create(ERASURE_MARK)
    lake.tables.write(
        local_frame(lake.spark, marks, ERASURE_MARK.ddl()).coalesce(1),
        ERASURE_MARK,
        WriteKey(f"c360:{ERASURE_MARK.name}:{erasure_id}", 1, erasure_id),
    )
    record(lake, erasure_id, PLANNED, detail, request_id=request_id, done_by=by)
    return case(lake, erasure_id)


def approve(lake: Lake, erasure_id: str, by: str) -> Case:
    """Says that the erasure may be carried out.

    Raises:
        NotFoundError: there is no such erasure.
        InputError: nobody says who approves.
    """
    found = case(lake, erasure_id)
    if not by.strip():
        raise InputError("An approval needs who gives it.", "give --by.")
    if APPROVED not in found.steps:
        record(lake, erasure_id, APPROVED, {}, done_by=by)
    return case(lake, erasure_id)


def execute(lake: Lake, erasure_ids: Sequence[str]) -> list[Case]:
    """Carries out these erasures by one run, or goes on where one that was killed had come to.

    Raises:
        NotFoundError: there is no such erasure.
        InputError: one is not approved, or was carried out with others than these.
        LakehouseError: whatever stops a run; readers stay on the last release then.
    """
    ids = sorted(set(erasure_ids))
    run_id = f"{RUN_PREFIX}{sha256(','.join(ids).encode()).hexdigest()[:12]}"
    for found in (case(lake, erasure_id) for erasure_id in ids):
        _require_approved(found, run_id)
    forgetting = Forgetting(lake, ids)
    runner.run(lake, run_id, _day(lake, run_id), forgetting=forgetting)
    forgetting.forget_decisions()
    lake.kill_points.passed(OF_ERASURE, AFTER_RECORD)
    release = _release_of(lake, run_id)
    landing = settle_landing(lake, run_id, current_release(lake.tables).versions)
    for erasure_id in ids:
        if EXECUTED not in case(lake, erasure_id).steps:
            rows = _erased_rows(lake, run_id)
            detail = {"erasures": ids, "deleted_rows": rows, "landing_files": landing}
            record(
                lake,
                erasure_id,
                EXECUTED,
                detail,
                run_id=run_id,
                release_number=release.release_number,
            )
    return [case(lake, erasure_id) for erasure_id in ids]


def _erased_rows(lake: Lake, run_id: str) -> dict[str, int]:
    """By table the rows that the run erased; of quarantine those that lay in landing files."""
    rows = lake.logged(ERASED_ROW).where(F.col("run_id") == run_id).distinct()
    counted = rows.groupBy("table_name").agg(F.count(F.lit(1)).alias("rows")).collect()
    return {row.table_name: row["rows"] for row in sorted(counted)}


def _require_approved(found: Case, run_id: str) -> None:
    if APPROVED not in found.steps:
        raise InputError(
            f"The erasure {found.erasure_id} is not approved; nothing was touched.",
            "look at its plan, then `c360 privacy erase approve`.",
        )
    executed = found.steps.get(EXECUTED)
    if executed is not None and executed.run_id != run_id:
        raise InputError(
            f"The erasure {found.erasure_id} was carried out before; nothing was touched.",
            "leave it out, or prove it by `c360 privacy erase prove`.",
        )


def case(lake: Lake, erasure_id: str) -> Case:
    """The erasure of that id.

    Raises:
        NotFoundError: there is none.
    """
    rows = lake.logged(ERASURE).where(F.col("erasure_id") == erasure_id)
    steps = {row.step: row for row in rows.orderBy("recorded_at").collect()}
    if not steps:
        raise NotFoundError(
            f"There is no erasure {erasure_id!r}.", "c360 privacy erase list shows those that are."
        )
    return Case(erasure_id, steps)


def cases(lake: Lake) -> list[tuple[str, str, str, str]]:
    """Erasure, request, step and moment of the last step of every erasure, newest first."""
    at = F.date_format("recorded_at", "yyyy-MM-dd HH:mm:ss")
    rows = (
        lake.logged(ERASURE)
        .groupBy("erasure_id")
        .agg(
            F.max("request_id").alias("request_id"),
            F.max_by("step", "recorded_at").alias("step"),
            F.max("recorded_at").alias("recorded_at"),
        )
        .orderBy(F.desc("recorded_at"))
        .select("erasure_id", F.coalesce("request_id", F.lit("")), "step", at)
        .collect()
    )
    return [tuple(row) for row in rows]


def record(
    lake: Lake, erasure_id: str, step: str, detail: Mapping[str, object], **more: object
) -> None:
    """Logs a step of an erasure, and before that in the audit."""
    audit.record(
        lake.settings, action="erase", surface="privacy erase", reason=f"{erasure_id} {step}"
    )
    values: dict[str, object] = {
        "erasure_id": erasure_id,
        "step": step,
        "detail": json.dumps(detail, sort_keys=True),
        "recorded_at": datetime.now(UTC),
        **more,
    }
    row = tuple(values.get(name) for name in ERASURE.column_names)
    lake.tables.create(ERASURE)
    number = lake.tables.version(ERASURE.name) + 1
    lake.tables.write(
        local_frame(lake.spark, [row], ERASURE.ddl()).coalesce(1),
        ERASURE,
        WriteKey(f"c360:{ERASURE.name}", number, uuid.uuid4().hex),
    )
    lake.kill_points.passed(f"{ERASURE.name}:{step}", AFTER_RECORD)


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
