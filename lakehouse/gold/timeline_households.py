"""Events of whom a customer lives with."""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold.identity import current_identity
from lakehouse.gold.timeline_event import timeline_events


def household_events(
    household_member: DataFrame, identity_map: DataFrame, customer_alias: DataFrame
) -> list[DataFrame]:
    """Frames of `timeline_events`: customers who came into a household of others, or left one.

    To live alone tells nothing, nor does an id of one's own that was merged. Of an id that is no more nothing
    is told. Nobody else is named.
    """
    living = current_identity(identity_map).select("customer_id").distinct()
    live_on = customer_alias.groupBy("customer_id").agg(
        F.collect_set("current_customer_id").alias("lives_on_as")
    )
    lives_on_as = F.coalesce("lives_on_as", F.array("customer_id")).alias("lives_on_as")
    period = F.struct(lives_on_as, "valid_from", "valid_to")
    of_household = F.collect_list(period).over(Window.partitionBy("household_id"))
    periods = (
        household_member.join(live_on, on="customer_id", how="left")
        .withColumn("periods", of_household)
        .withColumn("period_key", F.concat_ws(":", "household_id", "customer_id", "valid_from"))
        .join(living, on="customer_id", how="left_semi")
    )
    return [
        timeline_events(
            periods.where(has_others),
            F.lit(kind),
            "period_key",
            moment,
            F.lit(title),
            source_system=F.lit(None).cast("string"),
        )
        for kind, moment, title, has_others in (
            ("household_joined", "valid_from", "Came into a household of others", _met()),
            ("household_left", "valid_to", "Left a household of others", _parted()),
        )
    ]


def _met() -> Column:
    """True if somebody else was or came there when the period began."""
    began = F.col("valid_from")
    return _another(
        lambda p: (p["valid_from"] <= began) & F.coalesce(p["valid_to"] > began, F.lit(True))
    )


def _parted() -> Column:
    """True if somebody else was there until the period ended."""
    ended = F.col("valid_to")
    return _another(
        lambda p: (p["valid_from"] < ended) & F.coalesce(p["valid_to"] >= ended, F.lit(True))
    )


def _another(was_there: Callable[[Column], Column]) -> Column:
    own = F.col("customer_id")
    return F.exists("periods", lambda p: ~F.array_contains(p["lives_on_as"], own) & was_there(p))
