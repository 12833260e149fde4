"""Events of a customer's visits to the web site."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.customer_web_session import paid_visits
from lakehouse.gold.timeline_event import timeline_events


def web_events(
    customer_web_session: DataFrame, media_touch: DataFrame, customer_recommendation: DataFrame
) -> list[DataFrame]:
    """Frames of `timeline_events`: sessions, each visit by paid media during one, clicked lists."""
    return [
        _visits(customer_web_session),
        _paid_visits(paid_visits(media_touch, customer_web_session)),
        _clicked_lists(customer_recommendation),
    ]


def _visits(customer_web_session: DataFrame) -> DataFrame:
    pages = F.when(F.col("page_count") == 1, F.lit("1 page")).otherwise(
        F.concat_ws(" ", "page_count", F.lit("pages"))
    )
    cart = F.concat_ws(" ", F.lit("cart"), F.replace("cart_state", F.lit("_"), F.lit(" ")))
    title = F.concat_ws(
        ", ", F.lit("Visited the web site"), pages, F.when(F.col("cart_state").isNotNull(), cart)
    )
    return timeline_events(
        customer_web_session,
        F.lit("web_session"),
        "session_key",
        "started_at",
        title,
        channel=F.lit("web"),
        campaign_id=F.col("campaign_id"),
    )


def _paid_visits(visits: DataFrame) -> DataFrame:
    title = F.concat_ws(" ", F.lit("Came by"), "medium", F.lit("campaign"), "campaign_id")
    return timeline_events(
        visits,
        F.lit("paid_visit"),
        "record_key",
        "touched_at",
        title,
        channel=F.col("medium"),
        campaign_id=F.col("campaign_id"),
    )


def _clicked_lists(customer_recommendation: DataFrame) -> DataFrame:
    """Lists that were shown and not clicked are many, and tell of the company rather than of the customer."""
    clicked = customer_recommendation.where("is_clicked")
    title = F.concat_ws(" ", F.lit("Clicked recommended product"), "product_id")
    return timeline_events(
        clicked,
        F.lit("recommendation_clicked"),
        "recommendation_key",
        "clicked_at",
        title,
        channel=F.lit("web"),
    )
