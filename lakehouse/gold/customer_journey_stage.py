"""gold.customer_journey_stage: where each customer stood, and stands, with the company."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_order import counted
from lakehouse.settings.facts import JourneySettings


def customer_journey_stage(
    customer: DataFrame, customer_order: DataFrame, journey: JourneySettings, as_of: date
) -> DataFrame:
    """One row per customer and stage it went through up to `as_of`, one stage at a time without gaps.

    Orders that were cancelled or returned count for nothing. All of it follows from dates of orders, so
    that a late order corrects the past. Key: customer_id, valid_from_date. Columns: those of
    gold.customer_journey_stage.
    """
    days = (
        counted(customer_order, as_of)
        .where(F.col("customer_id").isNotNull())
        .groupBy("customer_id")
        .agg(F.array_sort(F.collect_set("order_date")).alias("days"))
    )
    nothing = F.array().cast("array<date>")
    starts = (
        customer.select("customer_id", "first_seen_date")
        .join(days, on="customer_id", how="left")
        .withColumn("days", F.coalesce("days", nothing))
        .select("customer_id", _starts(journey, as_of).alias("starts"))
        .select("customer_id", _changes(F.col("starts")).alias("starts"))
    )
    return starts.select(
        "customer_id", "starts", F.posexplode("starts").alias("n", "stage")
    ).select(
        "customer_id",
        "stage.stage",
        F.col("stage.from_date").alias("valid_from_date"),
        F.get("starts", F.col("n") + 1)["from_date"].alias("valid_to_date"),
    )


def _starts(journey: JourneySettings, as_of: date) -> Column:
    """Every moment at which a stage begins, in order of time: from_date and stage."""

    def start(day: Column, stage: Column) -> Column:
        return F.struct(day.alias("from_date"), stage.alias("stage"))

    def of_order(day: Column, n: Column) -> Column:
        last, following = F.get("days", n - 1), F.get("days", n + 1)
        lapsing = F.date_add(day, journey.lapsing_after_days)
        lapsed = F.date_add(day, journey.lapsed_after_days)
        stage = (
            F.when(n == 0, "new")
            # Who orders on the day on which they would lapse has not lapsed.
            .when(F.date_diff(day, last) > journey.lapsed_after_days, "won_back")
            .otherwise("active")
        )
        told = F.array(
            start(day, stage), start(lapsing, F.lit("lapsing")), start(lapsed, F.lit("lapsed"))
        )
        return F.filter(told, lambda s: following.isNull() | (s["from_date"] < following))

    known = F.least("first_seen_date", F.get("days", F.lit(0)), F.lit(as_of))
    prospect = F.array(start(known, F.lit("prospect")))
    orders = F.flatten(F.transform("days", of_order))
    ordered = F.get("days", F.lit(0))
    is_prospect = ordered.isNull() | (known < ordered)
    told = F.when(is_prospect, F.concat(prospect, orders)).otherwise(orders)
    return F.filter(told, lambda s: s["from_date"] <= F.lit(as_of))


def _changes(starts: Column) -> Column:
    """Those at which the stage is another than before."""
    return F.filter(starts, lambda s, n: (n == 0) | (F.get(starts, n - 1)["stage"] != s["stage"]))
