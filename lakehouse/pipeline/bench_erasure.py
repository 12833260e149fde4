"""What an erasure costs on the lake of the bench: planned, carried out and proved, by number of customers."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from pyspark.sql import functions as F

from lakehouse.pipeline import erasure, erasure_proof
from lakehouse.pipeline.erasure_log import PLANNED, Case
from lakehouse.pipeline.lake import Lake
from lakehouse.report import Grid
from lakehouse.tables.linkage import IDENTITY_MAP

_COLUMNS = (
    "customers erased at once",
    "person records",
    "rows planned",
    "files planned",
    "seconds to plan",
    "to execute",
    "to prove",
)
_PLANNER, _APPROVER = "bench", "the bench, again"
_Done = TypeVar("_Done")


def erasure_grid(lake: Lake, sizes: Sequence[int]) -> Grid:
    """Erases so many customers at a time for good; their records, rows, files, and seconds by step."""
    return Grid("Erasures", _COLUMNS, [_erased(lake, size) for size in sizes])


def _erased(lake: Lake, size: int) -> tuple[object, ...]:
    keys = _records_of_customers(lake, size)
    planned, to_plan = _timed(lambda: erasure.plan(lake, keys, None, _PLANNER))
    erasure.approve(lake, planned.erasure_id, _APPROVER)
    _, to_execute = _timed(lambda: erasure.execute(lake, [planned.erasure_id]))
    # Nobody else reads the lake of a bench.
    _, to_prove = _timed(lambda: erasure_proof.prove(lake, planned.erasure_id, retention_hours=0))
    counted = _planned(planned)
    rows = sum(table["rows"] for table in counted)
    files = sum(table.get("files", table.get("landing_files", 0)) for table in counted)
    return (size, len(keys), rows, files, to_plan, to_execute, to_prove)


def _records_of_customers(lake: Lake, size: int) -> list[str]:
    """The person records of so many customers: those whose ids come first, as good as any."""
    known = lake.released(lake.release(), IDENTITY_MAP.name).where(F.col("valid_to").isNull())
    first = known.select("customer_id").distinct().orderBy("customer_id").limit(size)
    rows = known.join(first, on="customer_id", how="left_semi").select("record_key").collect()
    return [row.record_key for row in rows]


def _planned(planned: Case) -> list[dict[str, int]]:
    tables = cast(dict[str, dict[str, int]], planned.detail(PLANNED)["tables"])
    return list(tables.values())


def _timed(do: Callable[[], _Done]) -> tuple[_Done, float]:
    began = time.monotonic()
    done = do()
    return done, round(time.monotonic() - began, 1)
