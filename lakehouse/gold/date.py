"""gold.date: the calendar that the facts lie in."""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_YEARS = (1990, 2100)


def date(  # noqa: PLR0913 (one for each table that it reads)
    *,
    customer_order: DataFrame,
    customer_interaction: DataFrame,
    customer_payment: DataFrame,
    customer_web_session: DataFrame,
    customer_cart: DataFrame,
    customer_recommendation: DataFrame,
    customer_consent: DataFrame,
    customer_loyalty: DataFrame,
    customer_loyalty_movement: DataFrame,
    customer_journey_stage: DataFrame,
    customer_timeline: DataFrame,
    media_spend: DataFrame,
) -> DataFrame:
    """One row per day from the first to the last year with a fact, of 1990 to 2100; none if there is no fact.

    Key: calendar_date. Columns: those of gold.date.
    """
    days = [
        customer_order.select("order_date"),
        customer_interaction.select("interaction_date"),
        customer_payment.select("payment_date"),
        customer_web_session.select("session_date"),
        customer_cart.select("cart_date"),
        customer_recommendation.select("shown_date"),
        customer_consent.select(F.to_date("decided_at")),
        customer_loyalty.select("joined_date"),
        customer_loyalty_movement.select("told_date"),
        customer_journey_stage.select("valid_from_date"),
        customer_timeline.select("event_date"),
        media_spend.select("spend_date"),
    ]
    year = F.year("day")
    every = reduce(DataFrame.unionByName, (frame.toDF("day") for frame in days))
    # A placeholder such as 9999-12-31 would make millions of days.
    span = every.where(year.between(*_YEARS)).agg(
        F.min(year).alias("first_year"), F.max(year).alias("last_year")
    )
    return _calendar(span)


def _calendar(span: DataFrame) -> DataFrame:
    """One row per day of the years from first_year to last_year."""
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


def _start_of(year: str, years_later: int = 0) -> Column:
    return F.make_date(F.col(year) + years_later, F.lit(1), F.lit(1))
