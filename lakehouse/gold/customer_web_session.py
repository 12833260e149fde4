"""gold.customer_web_session: visits to the web site, and whose they were."""

from datetime import timedelta

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold.identity import with_customer
from lakehouse.settings.facts import WebSettings

_STEPS = ("visit", "page_view", "cart", "checkout")
"""Kinds of web event, from the start of a visit to the purchase."""


def customer_web_session(
    web_event: DataFrame, customer_order: DataFrame, identity_map: DataFrame, web: WebSettings
) -> DataFrame:
    """One row per session, also of machines and of visitors whom nobody knows.

    A session belongs to who logged in first during it, else to who logged in last on its cookie
    before it, else, if conf says so, to who logs in next on it. An event outside any session is a
    session of its own. Key: session_key. Columns: those of gold.customer_web_session.
    """
    sessions = _stitched(_sessions(web_event), web)
    known = with_customer(sessions, identity_map)
    orders = customer_order.groupBy("customer_id").agg(
        F.array_sort(F.collect_list("ordered_at")).alias("ordered_at")
    )
    return known.join(orders, on="customer_id", how="left").select(
        "session_key",
        "customer_id",
        "person_record_key",
        "source_system",
        "record_key",
        "identified_by",
        "known_from_at",
        "is_bot",
        "started_at",
        "ended_at",
        "session_date",
        "furthest_step",
        "campaign_id",
        "medium",
        "referrer",
        "event_count",
        "page_count",
        "page_paths",
        "viewed_products",
        "carted_products",
        _cart_state(web).alias("cart_state"),
    )


def _sessions(web_event: DataFrame) -> DataFrame:
    """One row per session, with the login made in it."""
    moment = F.struct("event_at", "record_key")
    steps = F.array(*(F.lit(step) for step in _STEPS))
    step = F.nullif(F.array_position(steps, F.col("event_type")), F.lit(0))
    key = F.concat_ws(":", "source_system", F.coalesce("session_id", "record_key"))

    def first(column: str) -> Column:
        return F.min_by(column, F.when(F.col(column).isNotNull(), moment)).alias(column)

    def in_order(column: str, kind: str) -> Column:
        told = F.when(F.col("event_type") == kind, F.struct("event_at", "record_key", column))
        return F.array_distinct(
            F.filter(F.array_sort(F.collect_list(told))[column], lambda value: value.isNotNull())
        )

    return (
        web_event.groupBy(key.alias("session_key"), "source_system")
        .agg(
            F.min(moment).alias("first"),
            F.max("event_at").alias("ended_at"),
            F.min(F.when(F.col("person_record_key").isNotNull(), F.col("event_at"))).alias(
                "logged_in_at"
            ),
            first("person_record_key").alias("logged_in_as"),
            *(first(name) for name in ("cookie_id", "campaign_id", "medium", "referrer")),
            F.max(step).alias("furthest"),
            F.max(F.when(F.col("event_type") == "cart", F.col("event_at"))).alias("carted_at"),
            F.count("*").alias("event_count"),
            F.count_if(F.col("event_type") == "page_view").alias("page_count"),
            in_order("page_path", "page_view").alias("page_paths"),
            in_order("product_id", "page_view").alias("viewed_products"),
            in_order("product_id", "cart").alias("carted_products"),
        )
        .select(
            "*",
            F.col("first.record_key").alias("record_key"),
            F.col("first.event_at").alias("started_at"),
            F.to_date("first.event_at").alias("session_date"),
            F.get(steps, (F.col("furthest") - 1).cast("int")).alias("furthest_step"),
            # A visitor without a cookie is followed nowhere.
            F.coalesce("cookie_id", "session_key").alias("visitor"),
        )
    )


def _stitched(sessions: DataFrame, web: WebSettings) -> DataFrame:
    """The sessions with person_record_key, how and since when that is known, and whether a machine came."""
    visitor = Window.partitionBy("source_system", "visitor")
    in_turn = visitor.orderBy("started_at", "session_key")
    login = F.when(
        F.col("logged_in_as").isNotNull(),
        F.struct(F.col("logged_in_as").alias("key"), F.col("logged_in_at").alias("at")),
    )
    before = F.last(login, ignorenulls=True).over(
        in_turn.rowsBetween(Window.unboundedPreceding, -1)
    )
    after = F.first(login, ignorenulls=True).over(in_turn.rowsBetween(1, Window.unboundedFollowing))
    of_day = F.sum("event_count").over(
        Window.partitionBy("source_system", "visitor", "session_date")
    )
    told = sessions.select(
        "*",
        login.alias("login"),
        before.alias("before"),
        F.when(F.lit(web.attach_anonymous_past), after).alias("after"),
        (of_day > web.bot_events_per_day).alias("is_bot"),
    )
    is_known = ~F.col("is_bot")
    return told.select(
        "*",
        F.when(is_known, F.coalesce("login.key", "before.key", "after.key")).alias(
            "person_record_key"
        ),
        F.when(
            is_known,
            F.when(F.col("login").isNotNull(), "login")
            .when(F.col("before").isNotNull(), "earlier_login")
            .when(F.col("after").isNotNull(), "later_login"),
        ).alias("identified_by"),
        F.when(
            is_known,
            F.coalesce(
                "login.at",
                F.when(F.col("before").isNotNull(), F.col("started_at")),
                "after.at",
            ),
        ).alias("known_from_at"),
    )


def _cart_state(web: WebSettings) -> Column:
    """What became of the cart: the customer's orders lie in `ordered_at`, oldest first."""
    until = F.col("carted_at") + F.lit(timedelta(days=web.cart_recovery_days))
    is_recovered = F.exists(
        "ordered_at", lambda moment: (moment >= F.col("carted_at")) & (moment <= until)
    )
    return F.when(
        F.col("carted_at").isNotNull(),
        F.when(F.col("furthest_step") == "checkout", "checked_out")
        .when(F.coalesce(is_recovered, F.lit(False)), "recovered")
        .otherwise("abandoned"),
    )
