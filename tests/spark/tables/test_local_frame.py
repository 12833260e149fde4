"""A frame of rows that the driver has."""

import time
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession

from lakehouse.tables.local_frame import local_frame

DDL = (
    "`key` string not null, number int, amount decimal(18,2), at timestamp, day date, "
    "share double, is_good boolean, names array<string>, versions map<string,bigint>, "
    "pair struct<`left`:string,`right`:int>"
)
ROWS = [
    (
        "a",
        1,
        Decimal("12.30"),
        datetime(2026, 1, 5, 23, 59, 59, 123456, tzinfo=UTC),
        date(1899, 12, 31),
        0.5,
        True,
        ["x", None],
        {"gold.customer": 3},
        {"left": "l", "right": 2},
    ),
    ("b", *[None] * 9),
]


def test_rows_of_every_type_are_those_that_spark_makes_of_them(spark: SparkSession) -> None:
    assert_df_equality(local_frame(spark, ROWS, DDL), spark.createDataFrame(ROWS, DDL))


def test_without_rows_the_columns_are_there(spark: SparkSession) -> None:
    assert_df_equality(local_frame(spark, (), DDL), spark.createDataFrame([], DDL))


@pytest.mark.parametrize("rows", [ROWS, ()], ids=["rows", "no rows"])
def test_spark_has_them_in_its_plan_and_asks_no_worker(
    spark: SparkSession, rows: list[tuple[object, ...]]
) -> None:
    plan = local_frame(spark, rows, DDL)._jdf.queryExecution().executedPlan().toString()
    assert plan.startswith("LocalTableScan")


def test_a_moment_that_was_collected_is_the_same_moment_on_a_machine_of_any_time_zone(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2026, 1, 5, 12, tzinfo=UTC)
    with monkeypatch.context() as new_york:
        new_york.setenv("TZ", "America/New_York")
        time.tzset()
        collected = local_frame(spark, [(moment,)], "at timestamp").collect()
        again = local_frame(spark, collected, "at timestamp").collect()
    time.tzset()
    assert collected[0].at == datetime(2026, 1, 5, 7)  # noqa: DTZ001 (as collect gives it)
    assert again == collected


def test_a_value_that_is_missing_where_it_must_not_be_is_refused(spark: SparkSession) -> None:
    with pytest.raises(ValueError, match="column key is not null"):
        local_frame(spark, [(None, *[None] * 9)], DDL)


def test_a_value_of_another_type_is_refused(spark: SparkSession) -> None:
    with pytest.raises(pa.ArrowException):
        local_frame(spark, [("one",)], "number int")


def test_rows_of_different_lengths_are_refused(spark: SparkSession) -> None:
    with pytest.raises(ValueError, match="shorter"):
        local_frame(spark, [("a", 1), ("b",)], "name string, number int")
