"""gold.customer_web_session: visits to the web site, and whose they were."""

from datetime import timedelta

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold.customer_order import counted
from lakehouse.gold.identity import with_customer
from lakehouse.settings.facts import WebSettings

STEPS = ("visit", "page_view", "cart", "checkout")
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
    orders = _order_moments(customer_order)
    return (
        with_customer(sessions, identity_map)
        .join(orders, on="customer_id", how="left")
        .select(
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
            "carted_at",
            _cart_state(web).alias("cart_state"),
        )
    )


def _order_moments(customer_order: DataFrame) -> DataFrame:
    """One row per customer with an order that counts: when these were placed, oldest first."""
    return (
        counted(customer_order)
        .where(F.col("customer_id").isNotNull())
        .groupBy("customer_id")
        .agg(F.array_sort(F.collect_list("ordered_at")).alias("ordered_at"))
    )


def session_key() -> Column:
    """The session of a row of silver.web_event; one outside any session is its own."""
    return F.concat_ws(":", "source_system", F.coalesce("session_id", "record_key"))


def _sessions(web_event: DataFrame) -> DataFrame:
    """One row per session, with the login made in it."""
    moment, kind = F.struct("event_at", "record_key"), F.col("event_type")
    steps = F.array(*(F.lit(step) for step in STEPS))
    step = F.nullif(F.array_position(steps, kind), F.lit(0))
    is_login = F.col("person_record_key").isNotNull()
    return web_event.groupBy(session_key().alias("session_key"), "source_system").agg(
        F.min_by("record_key", moment).alias("record_key"),
        F.min("event_at").alias("started_at"),
        F.max("event_at").alias("ended_at"),
        F.min(F.to_date("event_at")).alias("session_date"),
        F.min(
            F.when(
                is_login,
                F.struct(
                    F.col("event_at").alias("at"),
                    "record_key",
                    F.col("person_record_key").alias("by"),
                ),
            )
        ).alias("login"),
        *(_first(name, moment) for name in ("cookie_id", "campaign_id", "medium", "referrer")),
        F.get(steps, (F.max(step) - 1).cast("int")).alias("furthest_step"),
        F.max(F.when(kind == "cart", F.col("event_at"))).alias("carted_at"),
        F.count("*").alias("event_count"),
        F.count_if(kind == "page_view").alias("page_count"),
        _in_order("page_path", "page_view").alias("page_paths"),
        _in_order("product_id", "page_view").alias("viewed_products"),
        _in_order("product_id", "cart").alias("carted_products"),
    )


def _first(column: str, moment: Column) -> Column:
    """The earliest value that is not null."""
    return F.min_by(column, F.when(F.col(column).isNotNull(), moment)).alias(column)


def _in_order(column: str, kind: str) -> Column:
    """The values that events of the kind have, each once, in order of time."""
    is_told = (F.col("event_type") == kind) & F.col(column).isNotNull()
    told = F.when(is_told, F.struct("event_at", "record_key", column))
    return F.array_distinct(F.array_sort(F.collect_list(told))[column])


def _stitched(sessions: DataFrame, web: WebSettings) -> DataFrame:
    """The sessions with person_record_key, how and since when that is known, and whether a machine came."""
    # A visitor without a cookie is followed nowhere.
    visitor = Window.partitionBy("source_system", F.coalesce("cookie_id", "session_key"))
    of_day = Window.partitionBy(
        "source_system", F.coalesce("cookie_id", "session_key"), "session_date"
    )
    forwards = visitor.orderBy("started_at", "session_key")
    # A frame up to the last row is counted anew for each row: the same backwards is not.
    backwards = visitor.orderBy(F.desc("started_at"), F.desc("session_key"))
    nearest = F.last("login", ignorenulls=True)
    before = nearest.over(forwards.rowsBetween(Window.unboundedPreceding, -1))
    after = nearest.over(backwards.rowsBetween(Window.unboundedPreceding, -1))
    events = F.sum("event_count").over(of_day)
    return sessions.select(
        "*",
        (events > web.bot_events_per_day).alias("is_bot"),
        before.alias("before"),
        F.when(F.lit(web.attach_anonymous_past), after).alias("after"),
    ).select(
        "*",
        _of_people(F.coalesce("login.by", "before.by", "after.by")).alias("person_record_key"),
        _of_people(
            F.when(F.col("login").isNotNull(), "login")
            .when(F.col("before").isNotNull(), "earlier_login")
            .when(F.col("after").isNotNull(), "later_login")
        ).alias("identified_by"),
        _of_people(
            F.when(F.col("login").isNotNull(), F.col("login.at"))
            .when(F.col("before").isNotNull(), F.col("started_at"))
            .otherwise(F.col("after.at"))
        ).alias("known_from_at"),
    )


def _of_people(value: Column) -> Column:
    return F.when(~F.col("is_bot"), value)


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
