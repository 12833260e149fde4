"""The log of erasures: one row per step that each came to, and where each stands by it."""

import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import Row
from pyspark.sql import functions as F

from lakehouse.errors import NotFoundError
from lakehouse.pipeline import audit
from lakehouse.pipeline.lake import Lake
from lakehouse.privacy.erasure_marks import CUSTOMER, RECORD
from lakehouse.storage.delta_tables import WriteKey
from lakehouse.storage.kill_points import AFTER_RECORD
from lakehouse.storage.releases import current_release
from lakehouse.tables.erasure import ERASURE, ERASURE_MARK
from lakehouse.tables.linkage import IDENTITY_MAP
from lakehouse.tables.local_frame import local_frame

PLANNED, APPROVED, STARTED = "planned", "approved", "started"
EXECUTED, PROVED = "executed", "proved"
FAILED_PROOF = "failed_proof"


@dataclass(frozen=True)
class Case:
    """An erasure as its log has it: what each step that it came to left, by step."""

    erasure_id: str
    steps: Mapping[str, Row]

    def detail(self, step: str) -> dict[str, object]:
        """What the step found or did."""
        return dict(json.loads(self.steps[step].detail))

    def run_of(self, step: str) -> str | None:
        """The run that the step tells of; None where the erasure did not come to it."""
        found = self.steps.get(step)
        return None if found is None else str(found.run_id)


def case(lake: Lake, erasure_id: str) -> Case:
    """The erasure of that id; NotFoundError if there is none."""
    return cases_of(lake, [erasure_id])[0]


def cases_of(lake: Lake, ids: Sequence[str]) -> list[Case]:
    """The erasures of these ids, in their order; NotFoundError if one is not there."""
    steps: dict[str, dict[str, Row]] = defaultdict(dict)
    rows = lake.logged(ERASURE).where(F.col("erasure_id").isin(*ids))
    for row in rows.orderBy("recorded_at").collect():
        steps[row.erasure_id][row.step] = row
    for erasure_id in ids:
        if erasure_id not in steps:
            raise NotFoundError(
                f"There is no erasure {erasure_id!r}.",
                "c360 privacy erase list shows those that are.",
            )
    return [Case(erasure_id, steps[erasure_id]) for erasure_id in ids]


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


Detail = Mapping[str, object]
"""What a step found or did."""


def record(
    lake: Lake,
    ids: Sequence[str],
    step: str,
    detail: Detail | Callable[[str], Detail],
    **more: object,
) -> None:
    """Logs a step of these erasures by one commit, and before that each in the audit."""
    subjects = _subjects(lake, ids)
    for erasure_id in ids:
        audit.record(
            lake.settings,
            action="erase",
            surface="privacy erase",
            subjects=subjects[erasure_id],
            reason=f"{erasure_id} {step}",
        )
    values: dict[str, object] = {
        "step": step,
        "recorded_at": datetime.now(UTC),
        **more,
    }
    # Of steps that leave something else of each erasure it is asked for by id.
    details = {i: detail(i) if callable(detail) else detail for i in ids}
    told = [
        {**values, "erasure_id": i, "detail": json.dumps(details[i], sort_keys=True)} for i in ids
    ]
    rows = [tuple(row.get(name) for name in ERASURE.column_names) for row in told]
    lake.tables.create(ERASURE)
    number = lake.tables.version(ERASURE.name) + 1
    lake.tables.write(
        local_frame(lake.spark, rows, ERASURE.ddl()).coalesce(1),
        ERASURE,
        WriteKey(f"c360:{ERASURE.name}", number, uuid.uuid4().hex),
    )
    lake.kill_points.passed(f"{ERASURE.name}:{step}", AFTER_RECORD)


def _subjects(lake: Lake, ids: Sequence[str]) -> Mapping[str, set[str]]:
    """By erasure, the keys of its records, and whose they are: by the release, or as the run marked it.

    Once a release is without the records, of a customer who lives on by others the keys alone are known.
    """
    is_of_people = F.col("kind").isin(RECORD, CUSTOMER)
    marks = lake.logged(ERASURE_MARK).where(F.col("erasure_id").isin(*ids) & is_of_people)
    named = marks.select("erasure_id", F.col("mark").alias("subject"))
    release = current_release(lake.tables)
    if IDENTITY_MAP.name in release.versions:
        owners = lake.released(release, IDENTITY_MAP.name).where(F.col("valid_to").isNull())
        of_records = F.broadcast(marks.select("erasure_id", F.col("mark").alias("record_key")))
        theirs = owners.join(of_records, on="record_key", how="inner")
        told = theirs.select("erasure_id", F.col("customer_id").alias("subject"))
        named = named.unionByName(told)
    subjects: dict[str, set[str]] = defaultdict(set)
    for row in named.collect():
        subjects[row.erasure_id].add(row.subject)
    return subjects
