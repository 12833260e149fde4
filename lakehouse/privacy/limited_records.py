"""Whom a row of ops.restriction still limits: read by pages too, which are there in two seconds."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]


def limited_records(rows: Iterable[Row], purpose: str, at: datetime) -> set[str]:
    """The records of which a limit in ops.restriction holds then that is about the purpose, or about all."""
    meant = [row for row in rows if row["purpose"] in (None, purpose)]
    # A later row of the same record, purpose and request says when it ended.
    over = {
        _limit_of(row)
        for row in meant
        if row["restricted_to"] is not None and row["restricted_to"] <= at
    }
    return {row["record_key"] for row in meant if _limit_of(row) not in over}


def _limit_of(row: Row) -> tuple[str, ...]:
    return row["record_key"], row["request_id"], row["purpose"]
