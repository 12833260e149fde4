"""Rows that the driver has, as a frame."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType


def local_frame(spark: SparkSession, rows: Iterable[Sequence[Any]], ddl: str) -> DataFrame:
    """A frame of these rows in the columns of `ddl`, whose values they hold in order.

    For few rows. They are handed to Spark as an Arrow table, which it plans with and knows the size of.
    `createDataFrame` sends a list through Python workers, also one without rows, whenever it is read. A
    moment without time zone is of this machine's, as `collect` gives it.

    Raises:
        ValueError: a value is missing in a column that is `not null`; names the column.
        pyarrow.ArrowInvalid, pyarrow.ArrowTypeError: a value is not of its column's type.
    """
    schema = cast(StructType, StructType.fromDDL(ddl))
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    for field, values in zip(schema, columns, strict=True):
        if not field.nullable and None in values:
            raise ValueError(f"The column {field.name} is not null, and a row has no value for it.")
    types = to_arrow_schema(schema)
    arrays = [pa.array(map(_placed, v), type=f.type) for f, v in zip(types, columns, strict=True)]
    made: DataFrame = spark.createDataFrame(pa.Table.from_arrays(arrays, schema=types), schema)
    return made


def _placed(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) and not value.tzinfo else value
