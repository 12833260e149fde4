"""Moments, dates and keys out of text."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from lakehouse.columns.dates import (
    day_first_facts,
    formats_by_facts,
    parsed_date,
    parsed_moment,
)
from lakehouse.columns.keys import identity, record_key
from lakehouse.columns.text import squashed
from lakehouse.tables.local_frame import local_frame


def value(spark: SparkSession, column: Column) -> Any:
    return spark.range(1).select(column).collect()[0][0]


@pytest.mark.parametrize(
    ("text", "formats", "moment"),
    [
        ("2026-01-05T10:00:00Z", (), datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("2026-01-05 10:00:00.5+02:00", (), datetime(2026, 1, 5, 8, 0, 0, 500000, tzinfo=UTC)),
        ("2026-01-05", (), datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026-02-30T10:00:00Z", (), None),
        ("2026", (), None),
        ("yesterday", (), None),
        ("20260105101500", ("yyyyMMddHHmmss",), datetime(2026, 1, 5, 10, 15, tzinfo=UTC)),
        ("20260231101500", ("yyyyMMddHHmmss",), None),
        ("05.01.2026", ("yyyy-MM-dd", "dd.MM.yyyy"), datetime(2026, 1, 5, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_strictly(
    spark: SparkSession, text: str, formats: tuple[str, ...], moment: datetime | None
) -> None:
    found = value(spark, F.unix_micros(parsed_moment(F.lit(text), formats)))
    assert found == (None if moment is None else round(moment.timestamp() * 1_000_000))


@pytest.mark.parametrize(
    ("text", "formats", "day"),
    [
        ("2026-01-05", (), date(2026, 1, 5)),
        ("2026-01-05T23:30:00-05:00", (), date(2026, 1, 5)),
        ("2026-1-5", (), None),
        ("2025-02-29", (), None),
        ("31/12/2025", ("MM/dd/yyyy", "dd/MM/yyyy"), date(2025, 12, 31)),
        ("20251231", ("yyyyMMdd",), date(2025, 12, 31)),
    ],
)
def test_a_date_is_read_strictly_and_as_written(
    spark: SparkSession, text: str, formats: tuple[str, ...], day: date | None
) -> None:
    assert value(spark, parsed_date(F.lit(text), formats)) == day


def test_the_parts_of_a_key_do_not_run_into_each_other(spark: SparkSession) -> None:
    def key(*ids: str | None) -> Any:
        parts = [F.lit(i).cast("string") for i in ids]
        return value(spark, record_key("secret", F.lit("shop"), F.lit("order"), *parts))

    assert len({key("1", "23"), key("12", "3"), key("123"), key("123", "")}) == 4
    assert (
        len({key("1\x1f2", "3"), key("1", "2\x1f3"), key("1", "2\x1e13"), key("1", "2", "3")}) == 4
    )
    assert key("1", None) is None


def test_an_id_is_trimmed_and_an_address_in_it_loses_its_case(spark: SparkSession) -> None:
    assert value(spark, identity(F.lit(" C-01 "))) == "C-01"
    assert value(spark, identity(F.lit("Ann@Example.com"))) == "ann@example.com"
    assert value(spark, identity(F.lit("  "))) is None


@pytest.mark.parametrize(
    ("texts", "dates"),
    [
        (["31/12/1980", "3.4.1980"], [date(1980, 12, 31), date(1980, 4, 3)]),
        (["12-31-1980", "3/4/1980"], [date(1980, 12, 31), date(1980, 3, 4)]),
        (["19801231", "1980/12/31"], [date(1980, 12, 31), date(1980, 12, 31)]),
        (["03/04/1980", "12/11/1980"], [None, None]),
        (["31/12/1980", "12/31/1980"], [None, None]),
        (["31/12.1980", "31/12/80"], [None, None]),
    ],
    ids=["day first", "month first", "year first", "open", "contradictory", "other forms"],
)
def test_the_dates_of_a_column_are_read_in_the_order_that_all_of_them_allow(
    spark: SparkSession, texts: list[str], dates: list[date | None]
) -> None:
    frame = local_frame(spark, [(text,) for text in texts], "text string")

    facts = frame.select(day_first_facts(F.col("text")).alias("f")).collect()[0].f
    formats = formats_by_facts(facts.first, facts.second)

    read = frame.select(parsed_date(F.col("text"), formats).alias("date")).collect()
    assert [row.date for row in read] == dates


def test_a_text_is_tidied_as_written(spark: SparkSession) -> None:
    text = F.lit("\ufeff  Groß\u200d-Gerau\t\u00a0Straße ")
    assert value(spark, squashed(text)) == "Groß-Gerau Straße"
