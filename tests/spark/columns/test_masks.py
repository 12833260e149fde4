"""Masked forms: what is left of a value can be compared by eye and names nobody."""

from collections.abc import Callable

import pytest
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from lakehouse.columns.masks import (
    masked_date,
    masked_email,
    masked_end,
    masked_start,
    masked_words,
)
from lakehouse.tables.local_frame import local_frame


@pytest.mark.parametrize(
    ("mask", "values"),
    [
        (
            masked_words,
            {
                "Anna Lee": "A*** L**",
                "O'Neil-Smith": "*'N***-S****",
                "12b High Street": "*** H*** S*****",
                "J Lee": "* L**",
                "x1y2z3k": "*******",
                "Zoë": "Z**",
                "Noe\u0308l": "N****",
                "王小明": "***",
                "": "",
                None: None,
            },
        ),
        (masked_start, {"+14155550142": "**********42", "123": "***", "": "", None: None}),
        (masked_end, {"EH1 1AA": "EH*****", "7": "*", "EH1": "***", None: None}),
        (
            masked_email,
            {
                "anna.lee@post.co.uk": "a***@p***.uk",
                "a@b": "a***@b***",
                "x@y.org": "x***@y***.org",
                None: None,
            },
        ),
    ],
)
def test_a_value_is_masked(
    spark: SparkSession, mask: Callable[[Column], Column], values: dict[str | None, str | None]
) -> None:
    frame = local_frame(spark, [(value,) for value in values], "value string")
    rows = frame.select("value", mask(F.col("value")).alias("masked")).collect()
    assert {row.value: row.masked for row in rows} == values


def test_of_a_date_the_year_is_left(spark: SparkSession) -> None:
    frame = local_frame(spark, [("1980-02-29",), (None,)], "day string")
    masked = frame.select(masked_date(F.col("day").cast("date")).alias("masked")).collect()
    assert [row.masked for row in masked] == ["1980-**-**", None]
