"""Events of how a customer stands with the company: loyalty, stages, the customer id itself."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.identity import current_identity
from lakehouse.gold.timeline_event import in_words, timeline_events


def loyalty_events(customer_loyalty_movement: DataFrame, loyalty: DataFrame) -> list[DataFrame]:
    """Frames of `timeline_events`; `loyalty` has the customer_id of today."""
    return [*_loyalty(customer_loyalty_movement), _memberships(loyalty)]


def _loyalty(customer_loyalty_movement: DataFrame) -> list[DataFrame]:
    """What changed in points, and what in the tier: a movement can tell of both."""
    change = F.col("points_change")
    points = F.concat_ws(
        " ", F.when(change > 0, "Earned").otherwise("Spent"), F.abs(change), F.lit("loyalty points")
    )
    tiers = F.concat_ws(" to ", "former_tier", "tier")
    return [
        timeline_events(rows, kind, "movement_key", "told_at", title)
        for rows, kind, title in (
            (
                customer_loyalty_movement.where(change != 0),
                F.when(change > 0, "points_earned").otherwise("points_spent"),
                points,
            ),
            (
                customer_loyalty_movement.where("is_tier_change"),
                F.lit("tier_changed"),
                F.concat_ws(" ", F.lit("Loyalty tier"), tiers),
            ),
        )
    ]


def _memberships(loyalty: DataFrame) -> DataFrame:
    joined = loyalty.where(F.col("joined_date").isNotNull()).withColumn(
        "joined_at", F.col("joined_date").cast("timestamp")
    )
    title = F.lit("Joined the loyalty programme")
    return timeline_events(joined, F.lit("loyalty_joined"), "record_key", "joined_at", title)


def stage_events(customer_journey_stage: DataFrame) -> DataFrame:
    """Stages that a customer came into. To become a prospect is to become known, of which linkage tells."""
    words = {
        "new": "Became a new customer",
        "active": "Became an active customer",
        "lapsing": "Began to lapse",
        "lapsed": "Lapsed",
        "won_back": "Was won back",
    }
    stages = customer_journey_stage.where(F.col("stage").isin(*words)).select(
        "customer_id",
        "stage",
        F.concat_ws(":", "customer_id", "valid_from_date").alias("stage_key"),
        F.col("valid_from_date").cast("timestamp").alias("began_at"),
    )
    return timeline_events(
        stages,
        F.concat(F.lit("became_"), "stage"),
        "stage_key",
        "began_at",
        in_words(F.col("stage"), words),
        source_system=F.lit(None).cast("string"),
    )


def identity_events(
    identity_event: DataFrame, identity_map: DataFrame, customer_alias: DataFrame
) -> DataFrame:
    """What happened to the customer id itself; a merge is told of the one that lives on today."""
    living = current_identity(identity_map).select("customer_id").distinct()
    words = {
        "created": "First told of as one customer",
        "merged": "Found to be one with another customer",
        "split": "Found to be another than a customer it was part of",
    }
    # Of one that was split since, in one of those: a merge is one event.
    successor = customer_alias.groupBy(F.col("customer_id").alias("other_customer_id")).agg(
        F.min("current_customer_id").alias("successor")
    )
    merged_into = F.coalesce("successor", "other_customer_id")
    told = (
        identity_event.where(F.col("event").isin(*words))
        .join(successor, on="other_customer_id", how="left")
        .select(
            "event_id",
            "occurred_at",
            "event",
            F.when(F.col("event") == "merged", merged_into)
            .otherwise(F.col("customer_id"))
            .alias("customer_id"),
        )
    )
    return timeline_events(
        told.join(living, on="customer_id", how="left_semi"),
        F.concat(F.lit("customer_"), "event"),
        "event_id",
        "occurred_at",
        in_words(F.col("event"), words),
        source_system=F.lit("linkage"),
    )
