"""A frame made to fit its spec: the declared columns, in order, in their types; or an error."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import SchemaError
from lakehouse.tables.spec import TableSpec


def conformed(frame: DataFrame, spec: TableSpec) -> DataFrame:
    """The frame's columns in the spec's order and types.

    Raises:
        SchemaError: a declared column is missing, or the frame has one that is not declared.
    """
    missing = [name for name in spec.column_names if name not in frame.columns]
    undeclared = [name for name in frame.columns if name not in spec.column_names]
    if missing or undeclared:
        raise SchemaError(
            f"The frame for {spec.name} lacks [{', '.join(missing)}] "
            f"and has undeclared [{', '.join(undeclared)}].",
            "make the transform end in a select of the spec's columns, or correct the spec.",
        )
    return frame.select(*(F.col(c.name).cast(c.type).alias(c.name) for c in spec.columns))
