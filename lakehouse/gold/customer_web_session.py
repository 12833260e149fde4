"""gold.customer_web_session: visits to the web site, and whose they were."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold.customer_order import counted
from lakehouse.gold.identity import with_customer
from lakehouse.gold.web_visitor import stitched
from lakehouse.settings.facts import WebSettings
from lakehouse.tables.gold import CUSTOMER_WEB_SESSION

STEPS = ("visit", "page_view", "cart", "checkout")
"""Kinds of web event, from the start of a visit to the purchase."""

_TOLD_ONCE = ("cookie_id", "device_id", "referrer")
"""What a session has from its first event that tells it."""

_PAID = ("campaign_id", "medium")
"""What it has from its first visit by paid media."""


def customer_web_session(
    web_event: DataFrame,
    customer_order: DataFrame,
    identity_map: DataFrame,
    web: WebSettings,
    as_of: date,
) -> DataFrame:
    """One row per session, also of machines and of visitors whom nobody knows.

    A session belongs to who logged in first during it, else to who logged in last before it on its
    cookie, else on its device, else, if conf says so, to who logs in next on either. Events that name no
    session are cut into runs (`with_session_key`). An order dated after `as_of` has a wrong clock and
    recovers no cart. Key: session_key. Columns: those of gold.customer_web_session.
    """
    sessions = stitched(_sessions(with_session_key(web_event, web)), web)
    orders = _order_moments(customer_order, as_of)
    return (
        with_customer(sessions, identity_map)
        .join(orders, on="customer_id", how="left")
        .withColumn("cart_state", _cart_state(web))
        .select(*CUSTOMER_WEB_SESSION.column_names)
    )


def _order_moments(customer_order: DataFrame, as_of: date) -> DataFrame:
    """One row per customer with an order that counts: when these were placed, oldest first."""
    return (
        counted(customer_order, as_of)
        .where(F.col("customer_id").isNotNull())
        .groupBy("customer_id")
        .agg(F.array_sort(F.collect_list("ordered_at")).alias("ordered_at"))
    )


def session_key() -> Column:
    """The key of the session that an event names, or that it begins if it names none."""
    return F.concat_ws(":", "source_system", F.coalesce("session_id", "record_key"))


def with_session_key(web_event: DataFrame, web: WebSettings) -> DataFrame:
    """All rows and columns of silver.web_event, and `session_key`: the session that each belongs to.

    Events that name no session belong to a run: those on one cookie, or on one device where there is no
    cookie, without a pause of more than `session_gap_minutes`. A visit by paid media begins a run, and so
    does another account's login. An event with neither cookie nor device is one of its own. Where several
    accounts logged in on a device, what has no cookie is its account's run, or without one of its own.

    A run is named after its first event, and no run after its number or its end: a late event leaves all
    keys as they are, unless it comes before the first of a run, begins one within another, fills the
    pause between two, of which the later then goes into the earlier, or is of a second account on a device.
    """
    person = F.col("person_record_key")
    # Columns rather than expressions: each window would shuffle by an expression of its own.
    of_place = Window.partitionBy("source_system", "place", "cookie_id", "holder")
    in_turn = of_place.orderBy("event_at", "turn")
    pause = F.col("event_at") - F.lag("event_at").over(in_turn)
    is_late = pause.isNull() | (pause > F.lit(timedelta(minutes=web.session_gap_minutes)))
    # The last event that began a run or was a login: a login before the run began is no matter of it.
    login = F.when(F.col("begins") | person.isNotNull(), F.struct(person.alias("by")))
    before = F.last(login, ignorenulls=True).over(
        in_turn.rowsBetween(Window.unboundedPreceding, -1)
    )
    is_other = F.coalesce(person != before["by"], F.lit(False))
    so_far = in_turn.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    runs = (
        _placed(web_event, web)
        .withColumn("turn", F.struct(*_turn()))
        .withColumn("begins", is_late | _is_paid())
        .withColumn("begun", F.when(F.col("begins") | is_other, session_key()))
        .withColumn("session_key", F.last("begun", ignorenulls=True).over(so_far))
        .select(*web_event.columns, "session_key")
    )
    named = web_event.where(F.col("session_id").isNotNull())
    return named.withColumn("session_key", session_key()).unionByName(runs)


def _placed(web_event: DataFrame, web: WebSettings) -> DataFrame:
    """Events that name no session, with the `place` and the `holder` by whom they are cut into runs.

    A holder is only of an event without a cookie on a device of several accounts: its own account, if any.
    """
    device = ["device_id"] if web.stitch_devices else []
    account = F.col("person_record_key")
    shared = (
        web_event.where(F.col("device_id").isNotNull() & account.isNotNull())
        .groupBy("source_system", F.col("device_id").alias("place"))
        .agg((F.min(account) != F.max(account)).alias("is_shared"))
        .where("is_shared")
    )
    is_anybodys = F.col("is_shared") & F.col("cookie_id").isNull()
    return (
        web_event.where(F.col("session_id").isNull())
        .withColumn("place", F.coalesce("cookie_id", *device, "record_key"))
        .join(shared, on=["source_system", "place"], how="left")
        .withColumn("holder", F.when(is_anybodys, F.coalesce(account, "record_key")))
    )


def _is_paid() -> Column:
    """True of a visit by paid media, as silver.media_touch has it, whose rows find their run by that."""
    is_paid = (F.col("event_type") == "visit") & F.col("campaign_id").isNotNull()
    return F.coalesce(is_paid, F.lit(False))


def _turn() -> list[Column]:
    """The order of events: at one moment what begins a run comes first, a paid visit or a login."""
    is_anonymous = F.col("person_record_key").isNull()
    return [F.col("event_at"), ~_is_paid(), is_anonymous, F.col("record_key")]


def paid_visits(media_touch: DataFrame, customer_web_session: DataFrame) -> DataFrame:
    """One row per visit by paid media, of which a session can have several. Key: record_key.

    Columns: record_key, source_system, session_key, touched_at, campaign_id, medium; customer_id and is_bot
    of the session.
    """
    sessions = customer_web_session.select("session_key", "customer_id", "is_bot")
    return media_touch.select(
        "record_key",
        "source_system",
        session_key().alias("session_key"),
        "touched_at",
        "campaign_id",
        "medium",
    ).join(sessions, on="session_key", how="inner")


def _sessions(events: DataFrame) -> DataFrame:
    """One row per session_key, with the `logins` made in it, and the `days` of its events."""
    moment, kind = F.struct(*_turn()), F.col("event_type")
    steps = F.array(*(F.lit(step) for step in STEPS))
    step = F.nullif(F.array_position(steps, kind), F.lit(0))
    login = F.when(
        F.col("person_record_key").isNotNull(),
        F.struct(
            F.col("event_at").alias("at"), "record_key", F.col("person_record_key").alias("by")
        ),
    )
    told = events.groupBy("session_key", "source_system").agg(
        F.min_by("record_key", moment).alias("record_key"),
        F.min("event_at").alias("started_at"),
        F.max("event_at").alias("ended_at"),
        F.min(F.to_date("event_at")).alias("session_date"),
        F.collect_list(F.to_date("event_at")).alias("days"),
        F.array_sort(F.collect_list(login)).alias("logged_in"),
        *(_first(name, moment) for name in _TOLD_ONCE),
        # Another event may name a campaign too; as in silver.media_touch, a visit alone is brought by it.
        *(F.min_by(name, F.when(_is_paid(), moment)).alias(name) for name in _PAID),
        F.get(steps, (F.max(step) - 1).cast("int")).alias("furthest_step"),
        F.max(F.when(kind == "cart", F.col("event_at"))).alias("carted_at"),
        F.collect_set(F.when(kind == "checkout", F.col("event_at"))).alias("checkouts"),
        F.count("*").alias("event_count"),
        F.count_if(kind == "page_view").alias("page_count"),
        _each_once(_in_order("page_path", "page_view")).alias("page_paths"),
        _each_once(_in_order("product_id", "page_view")).alias("viewed_products"),
        _in_order("product_id", "cart").alias("carted"),
    )
    more = {
        "logins": F.filter("logged_in", _is_login),
        "carted_products": _each_once(F.col("carted")),
        "cart_contents": _each_once(F.filter("carted", _is_in_last_cart)),
        "checked_out_at": F.array_max("checkouts"),
    }
    return told.withColumns(more).drop("checkouts", "logged_in")


def _is_login(event: Column, index: Column) -> Column:
    """True of an account's first event in a session, and of its first after another account's."""
    return (index == 0) | (event["by"] != F.get("logged_in", index - 1)["by"])


def _is_left() -> Column:
    """True if something was put into the cart after the last checkout, or there was none."""
    checked_out_at = F.col("checked_out_at")
    return checked_out_at.isNull() | (F.col("carted_at") > checked_out_at)


def _is_in_last_cart(carted: Column) -> Column:
    """True of what was put in after the last checkout before `carted_at`; of all, if there was none."""
    earlier = F.filter("checkouts", lambda moment: moment < F.col("carted_at"))
    return F.coalesce(carted["event_at"] > F.array_max(earlier), F.lit(True))


def _first(column: str, moment: Column) -> Column:
    """The earliest value that is not null."""
    return F.min_by(column, F.when(F.col(column).isNotNull(), moment)).alias(column)


def _in_order(column: str, kind: str) -> Column:
    """The events of the kind that have a value, in order of time: event_at, record_key, value."""
    is_told = (F.col("event_type") == kind) & F.col(column).isNotNull()
    told = F.struct("event_at", "record_key", F.col(column).alias("value"))
    return F.array_sort(F.collect_list(F.when(is_told, told)))


def _each_once(told: Column) -> Column:
    return F.array_distinct(told["value"])


def _cart_state(web: WebSettings) -> Column:
    """What became of the cart: the customer's orders lie in `ordered_at`, oldest first."""
    until = F.col("carted_at") + F.lit(timedelta(days=web.cart_recovery_days))
    is_recovered = F.exists(
        "ordered_at", lambda moment: (moment >= F.col("carted_at")) & (moment <= until)
    )
    return F.when(
        F.col("carted_at").isNotNull(),
        F.when(~_is_left(), "checked_out")
        .when(F.coalesce(is_recovered, F.lit(False)), "recovered")
        .otherwise("abandoned"),
    )
