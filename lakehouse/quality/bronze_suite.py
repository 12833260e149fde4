"""The suite of a feed's bronze table, which follows from the source's description."""

from datetime import date, timedelta

from lakehouse.quality.rules import BETWEEN, NOT_NULL, ROW_COUNT, Rule, Severity, Suite
from lakehouse.settings.sources import Source

SEQUENCE_AT = "_sequence_at"
"""The moment that a record's `sequence` says: judged beside bronze's own columns, and not kept."""

UNREADABLE_SEQUENCE = "unreadable_sequence"
FUTURE_SEQUENCE = "future_sequence"

_TOLERANCE_DAYS = 1  # for clocks that are fast and for local times taken as UTC


def bronze_suite(source: Source, last_day: date) -> Suite:
    """The rules of a feed's new records.

    Key columns must hold a value, and so must the lineage that ingestion stamps on each row. The
    record's sequence, in a snapshot feed its file's, must be readable and not lie after `last_day`,
    by more than a day of tolerance: else older records would stay current, or newer ones never
    become it, without a word. Events too: a correction comes under the key of what it corrects.
    All of it is counted in one scan without a shuffle: a feed's rows are the largest tables there
    are.
    """
    described = {column.name for column in source.columns}
    keys = [
        _not_null(name, Severity.QUARANTINE, "missing_key", "A row without its key is nobody's.")
        for name in source.key
        if name in described
    ]
    lineage = [
        _not_null(name, Severity.FAIL, "missing_lineage", "Ingestion stamps every row.")
        for name in ("source_file", "source_row_number", "content_hash", "file_hash")
    ]
    filled = Rule(
        ROW_COUNT, {"min_value": 1}, Severity.WARN, "empty_table", "The feed brought rows."
    )
    return Suite(source.bronze_table.name, (*keys, *_sequence_rules(last_day), *lineage, filled))


def _sequence_rules(last_day: date) -> tuple[Rule, Rule]:
    too_late = last_day + timedelta(days=1 + _TOLERANCE_DAYS)
    return (
        _not_null(
            SEQUENCE_AT,
            Severity.QUARANTINE,
            UNREADABLE_SEQUENCE,
            "A version without a moment can never become the newest.",
        ),
        Rule(
            BETWEEN,
            {"column": SEQUENCE_AT, "max_value": too_late.isoformat(), "strict_max": True},
            Severity.QUARANTINE,
            FUTURE_SEQUENCE,
            "A version of the future would stay the newest until then.",
        ),
    )


def _not_null(column: str, severity: Severity, reason: str, description: str) -> Rule:
    return Rule(NOT_NULL, {"column": column}, severity, reason, description)
