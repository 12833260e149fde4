"""Rows of a few keys."""

from collections.abc import Iterable

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.tables.local_frame import local_frame


def with_keys(frame: DataFrame, column: str, keys: Iterable[str]) -> DataFrame:
    """The rows with one of the keys, joined and not filtered by a literal: no key reaches a log."""
    wanted = local_frame(frame.sparkSession, [(key,) for key in keys], f"{column} string")
    return frame.join(F.broadcast(wanted), on=column, how="left_semi")


def keyed_rows(frame: DataFrame, column: str, keys: Iterable[str]) -> list[Row]:
    """The same, collected."""
    return with_keys(frame, column, keys).collect()
