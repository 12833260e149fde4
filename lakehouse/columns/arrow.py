"""Asking a Python library about a column: once per distinct text of a batch, never per row."""

from collections.abc import Callable

import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql.pandas.functions import arrow_udf
from pyspark.sql.types import DataType, StringType, StructField, StructType

from lakehouse.errors import words_withheld

TEXT = StringType(), pa.string()
"""Spark's and Arrow's type of an answer that is one text."""


def texts_named(*names: str) -> tuple[StructType, pa.StructType]:
    """Spark's and Arrow's type of an answer that is several texts, a dict by these names."""
    spark = StructType([StructField(name, StringType()) for name in names])
    return spark, pa.struct([(name, pa.string()) for name in names])


def lookup(
    answer: Callable[[str], object], kind: tuple[DataType, pa.DataType]
) -> Callable[[Column], Column]:
    """A function that gives `answer` for every text of a column, and null for a null.

    `answer` is a function of a module, which workers import. Materialise an answer of several texts
    in one select and pick its fields in the next, or it may be asked for once per field.
    """
    spark_type, arrow_type = kind

    def answers(texts: pa.Array) -> pa.Array:
        with words_withheld():
            encoded = texts.dictionary_encode()
            found = [answer(text) for text in encoded.dictionary.to_pylist()]
            return pa.array(found, type=arrow_type).take(encoded.indices)

    # PySpark warns when it is told the kind of function, which its own type stubs demand.
    ask_of_column = arrow_udf(answers, spark_type)  # type: ignore[call-overload]

    def ask(text: Column) -> Column:
        column: Column = ask_of_column(text)
        return column

    return ask
