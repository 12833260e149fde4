"""gold.date: the calendar that the facts lie in."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def date(customer_order: DataFrame, customer_interaction: DataFrame) -> DataFrame:
    """One row per day from the first to the last year with a fact; none if there is no fact.

    Key: calendar_date. Columns: those of gold.date.
    """
    days = _span(customer_order, "order_date").unionByName(
        _span(customer_interaction, "interaction_date")
    )
    span = days.agg(F.min("first_year").alias("first_year"), F.max("last_year").alias("last_year"))
    day = F.col("calendar_date")
    return span.select(
        F.explode(F.sequence(_start_of("first_year"), _start_of("last_year", 1) - F.lit(1))).alias(
            "calendar_date"
        )
    ).select(
        "calendar_date",
        F.year(day).alias("year"),
        F.quarter(day).alias("quarter"),
        F.month(day).alias("month"),
        F.trunc(day, "month").alias("month_start_date"),
        F.dayofmonth(day).alias("day_of_month"),
        F.extract(F.lit("YEAROFWEEK"), day).alias("iso_year"),
        F.weekofyear(day).alias("iso_week"),
        (F.weekday(day) + 1).alias("iso_weekday"),
        (F.weekday(day) >= 5).alias("is_weekend"),
    )


def _span(facts: DataFrame, column: str) -> DataFrame:
    return facts.agg(
        F.min(F.year(column)).alias("first_year"), F.max(F.year(column)).alias("last_year")
    )


def _start_of(year: str, years_later: int = 0) -> Column:
    return F.make_date(F.col(year) + years_later, F.lit(1), F.lit(1))
