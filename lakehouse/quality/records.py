"""What the gates leave behind in ops: counts per rule, and the rows that are held."""

from collections.abc import Iterable
from datetime import datetime

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.quality.gate import GateOutcome
from lakehouse.quality.quarantine import FLAGS, held_rows
from lakehouse.quality.rules import RuleResult
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import QUALITY_RESULT, QUARANTINE
from lakehouse.tables.spec import TableSpec


def quality_results(
    session: SparkSession, outcomes: Iterable[GateOutcome], run_id: str, checked_at: datetime
) -> DataFrame:
    """Rows of ops.quality_result: one per table and rule, counts only.

    Args:
        session: the session to make the frame in.
        outcomes: the gates of this run.
        run_id: the run.
        checked_at: when the gates ran, aware of its time zone.
    """
    rows = [
        _result_row(outcome.table, result, run_id, checked_at)
        for outcome in outcomes
        for result in outcome.results
    ]
    return local_frame(session, rows, QUALITY_RESULT.ddl())


def quarantined(
    staged: DataFrame, spec: TableSpec, run_id: str, quarantined_at: datetime
) -> DataFrame:
    """Rows of ops.quarantine: one per held row of a flagged table.

    `payload` holds the table's own columns as JSON without nulls, in UTF-8. Lineage columns are null
    where the table has none.
    """
    known = set(spec.column_names)
    payload = F.to_json(F.struct(*(column for column in staged.columns if column in known)))
    values: dict[str, Column] = {
        "run_id": F.lit(run_id),
        "table_name": F.lit(spec.name),
        "reasons": F.col(f"{FLAGS}.reasons"),
        "payload": payload.cast("binary"),
        "quarantined_at": F.lit(quarantined_at),
    }
    return held_rows(staged).select(
        *(
            values.get(column.name, _own(column.name, known)).cast(column.type).alias(column.name)
            for column in QUARANTINE.columns
        )
    )


def _own(name: str, known: set[str]) -> Column:
    return F.col(name) if name in known else F.lit(None)


def _result_row(
    table: str, result: RuleResult, run_id: str, checked_at: datetime
) -> tuple[object, ...]:
    values = {
        "run_id": run_id,
        "table_name": table,
        "expectation": result.rule.type,
        "column_name": ", ".join(result.rule.columns) or None,
        "severity": result.rule.severity.value,
        "reason": result.rule.reason,
        "is_success": result.is_success,
        "evaluated_count": result.evaluated_count,
        "unexpected_count": result.unexpected_count,
        "checked_at": checked_at,
    }
    return tuple(values[column.name] for column in QUALITY_RESULT.columns)
