"""What erasures cost on the lake of the bench: a request for each customer, all carried out by one run."""

import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from pyspark.sql import functions as F

from lakehouse.pipeline import erasure, erasure_proof
from lakehouse.pipeline.erasure_log import APPROVED, EXECUTED, PLANNED, record
from lakehouse.pipeline.lake import Lake
from lakehouse.report import Grid
from lakehouse.storage.locations import Locations
from lakehouse.storage.releases import Release
from lakehouse.tables.linkage import IDENTITY_MAP

_COLUMNS = (
    "customers erased at once",
    "requests",
    "person records",
    "files written",
    "landing files changed",
    "seconds to plan one",
    "to execute all",
    "to prove all",
)
_PLANNER, _APPROVER = "bench", "the bench, again"
_Done = TypeVar("_Done")


def erasure_grid(lake: Lake, sizes: Sequence[int]) -> Grid:
    """Erases so many customers at a time for good, each by a request of their own: what each batch cost.

    Columns: customers, requests, person records, data files that the run wrote by the commits of its tables,
    landing files that it changed, and seconds. One of the requests is planned as any is, and timed; the
    others take over what that plan counted, as plans cost so much each.
    """
    return Grid("Erasures", _COLUMNS, [_erased(lake, size) for size in sizes])


def _erased(lake: Lake, size: int) -> tuple[object, ...]:
    people = _records_of_customers(lake, size)
    ids, to_plan = _approved(lake, people)
    before = lake.release()
    done, to_execute = _timed(lambda: erasure.execute(lake, ids))
    # Before the proof, which cuts the logs off.
    written = _files_written(lake, before, lake.release())
    # Nobody else reads the lake of a bench.
    _, to_prove = _timed(lambda: erasure_proof.prove(lake, ids[0], retention_hours=0))
    records = sum(len(keys) for keys in people)
    landing = done[0].detail(EXECUTED)["landing_files"]
    landed = len(landing) if isinstance(landing, Mapping) else 0
    return (len(people), len(ids), records, written, landed, to_plan, to_execute, to_prove)


def _records_of_customers(lake: Lake, size: int) -> list[list[str]]:
    """The person records of each of so many customers: those whose ids come first, as good as any."""
    known = lake.released(lake.release(), IDENTITY_MAP.name).where(F.col("valid_to").isNull())
    first = known.select("customer_id").distinct().orderBy("customer_id").limit(size)
    rows = known.join(first, on="customer_id", how="left_semi")
    records = defaultdict(list)
    for row in rows.select("customer_id", "record_key").collect():
        records[row.customer_id].append(row.record_key)
    return [records[customer] for customer in sorted(records)]


def _approved(lake: Lake, people: Sequence[Sequence[str]]) -> tuple[list[str], float]:
    """An approved erasure for each of these people, and the seconds that the plan of the first took."""
    first, took = _timed(lambda: erasure.plan(lake, people[0], None, _PLANNER))
    others = {uuid.uuid4().hex[:12]: keys for keys in people[1:]}
    if others:
        erasure.keep_plans(lake, others, first.detail(PLANNED), done_by=_PLANNER)
    ids = [first.erasure_id, *others]
    record(lake, ids, APPROVED, {}, done_by=_APPROVER)
    return ids, took


def _files_written(lake: Lake, before: Release, after: Release) -> int:
    """Data files that commits between the two releases added, by the logs of their tables."""
    locations = Locations(lake.settings.lake.root)
    count = 0
    for table, version in after.versions.items():
        log = locations.local_path(table)
        for number in range(before.versions.get(table, -1) + 1, version + 1):
            commit = log / "_delta_log" / f"{number:020}.json" if log else None
            lines = commit.read_text(encoding="utf-8").splitlines() if commit else []
            count += sum(line.startswith('{"add":') for line in lines)
    return count


def _timed(do: Callable[[], _Done]) -> tuple[_Done, float]:
    began = time.monotonic()
    done = do()
    return done, round(time.monotonic() - began, 1)
