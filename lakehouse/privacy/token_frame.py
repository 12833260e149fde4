"""Tokens on Spark, the same as those of `tokens`.

Spark has no HMAC. It is put together here of its SHA-256, by a frame of one row that holds the padded
key and is joined in: a key that stood as a literal in the plan would be printed with it.
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.privacy.tokens import DIGITS, TokenKeys, pads
from lakehouse.tables.local_frame import local_frame

_PREFIX, _INNER_PAD, _OUTER_PAD = "_token_prefix", "_token_inner_pad", "_token_outer_pad"


def with_pads(frame: DataFrame, keys: TokenKeys) -> DataFrame:
    """The frame with the columns that `token_column` reads."""
    return frame.crossJoin(F.broadcast(_pads(frame.sparkSession, keys)))


def token_column(value: Column) -> Column:
    """The token of a text, in a frame `with_pads`; null stays null."""
    inner = F.sha2(F.concat(F.col(_INNER_PAD), F.encode(value, "UTF-8")), 256)
    outer = F.sha2(F.concat(F.col(_OUTER_PAD), F.unhex(inner)), 256)
    return F.concat(F.col(_PREFIX), F.left(outer, F.lit(DIGITS)))


def tokenised(frame: DataFrame, columns: Sequence[str], keys: TokenKeys) -> DataFrame:
    """The frame with the values of these text columns replaced by their tokens; null stays null."""
    made = {name: token_column(F.col(name)) for name in columns}
    shown = (made.get(name, F.col(name)).alias(name) for name in frame.columns)
    return with_pads(frame, keys).select(*shown)


def _pads(spark: SparkSession, keys: TokenKeys) -> DataFrame:
    ddl = f"{_PREFIX} string, {_INNER_PAD} binary, {_OUTER_PAD} binary"
    return local_frame(spark, [pads(keys)], ddl)
