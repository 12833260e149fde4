"""Whose a session on the web site is, and whether a machine's, by what its cookie and device tell."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.window import WindowSpec

from lakehouse.settings.facts import WebSettings

_ROW = {
    "day": "date",
    "events": "int",
    "made": "struct<at: timestamp, record_key: string, by: string>",
}
"""What a row has of a day, or of a login."""


def stitched(sessions: DataFrame, web: WebSettings) -> DataFrame:
    """The sessions with person_record_key, how and since when that is known, and whether a machine came.

    `logins` has those made in a session, oldest first: at, record_key, by. `days` has the day of each event.
    """
    kept = [name for name in sessions.columns if name not in ("logins", "days")]
    known = F.when(~F.col("is_bot"), F.coalesce(*_ways(web)))
    return (
        _told(_days_and_logins(sessions, kept), web)
        .where(F.col("session").isNotNull())
        .withColumn("known", known)
        .select(
            "session.*",
            "is_bot",
            F.col("known.by").alias("person_record_key"),
            F.col("known.how").alias("identified_by"),
            F.col("known.since").alias("known_from_at"),
        )
    )


def _days_and_logins(sessions: DataFrame, kept: list[str]) -> DataFrame:
    """A row per day of a session, with its `events` on that, and one per login, `made` in it.

    Its first day alone has the `session`: what that has would be copied for each row.
    """
    nothing = {name: F.lit(None).cast(kind).alias(name) for name, kind in _ROW.items()}
    days = F.transform(
        F.array_distinct("days"),
        lambda day: F.struct(
            day.alias("day"), _count("days", day).alias("events"), nothing["made"]
        ),
    )
    logins = F.transform(
        "logins", lambda login: F.struct(nothing["day"], nothing["events"], login.alias("made"))
    )
    rows = sessions.select("*", F.inline(F.concat(days, logins)))
    return rows.select(
        *("source_system", "session_key", "day", "events", "made"),
        # A session without any cookie or device is followed nowhere.
        F.coalesce("cookie_id", "session_key").alias("cookie"),
        F.coalesce("device_id", "session_key").alias("device"),
        F.coalesce("made.at", "started_at").alias("at"),
        F.get("logins", F.lit(0)).alias("login"),
        F.array_min("logins.by").alias("lowest"),
        F.array_max("logins.by").alias("highest"),
        F.when(F.col("day") == F.col("session_date"), F.struct(*kept)).alias("session"),
    )


def _count(values: str, value: Column) -> Column:
    return F.size(F.filter(values, lambda each: each == value))


def _told(rows: DataFrame, web: WebSettings) -> DataFrame:
    """The rows of days, with what its cookie and its device tell of the session.

    `before`: the login last made on the cookie until the session began, by the login's own moment: the
    session that it was made in may have begun earlier, and may go on. `first_on_cookie`, and
    `first_on_device`, unless several accounts logged in on the device: visits of two people would mix.
    """
    # At one moment the login stands before the session that begins, which then goes by it.
    in_turn = _on("cookie").orderBy("at", F.col("made").isNull(), "made")
    so_far = in_turn.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    on_day, ever = _on("device", "day"), _on("device")
    events, most = F.sum("events"), web.bot_events_per_day
    # What several people use on one day, or what a source calls unknown, is no machine for their number. An
    # exact count would hold all accounts of the day beside each session.
    accounts = F.greatest(F.approx_count_distinct("lowest").over(on_day), F.lit(1))
    is_many = F.col("is_many") | (events.over(on_day) > most * accounts)
    return (
        rows.withColumn("before", F.last("made", ignorenulls=True).over(so_far))
        .where(F.col("made").isNull())
        .withColumn("first_on_cookie", F.min("login").over(_on("cookie")))
        .withColumn("is_many", events.over(_on("cookie", "day")) > most)
        .withColumn("first_on_device", F.when(_is_of_one(ever), F.min("login").over(ever)))
        .withColumn("is_many", is_many)
        .withColumn("is_bot", F.bool_or("is_many").over(_on("device", "session_key")))
    )


def _on(place: str, *more: str) -> WindowSpec:
    return Window.partitionBy("source_system", place, *more)


def _is_of_one(sessions: WindowSpec) -> Column:
    """True if one account alone logged in during them; null if none did."""
    return F.min("lowest").over(sessions) == F.max("highest").over(sessions)


def _ways(web: WebSettings) -> list[Column]:
    """How it can be known whose a session is, the surest first: who, how and since when, or null.

    Where no login was made on a cookie or device until it began, the first is the next.
    """
    in_it, now = F.col("login"), F.col("session.started_at")
    before, on_cookie = F.col("before"), F.col("first_on_cookie")
    on_device = F.col("first_on_device")
    ways = [("login", in_it, in_it["at"]), ("earlier_login", before, now)]
    if web.stitch_devices:
        ways.append(("earlier_device_login", F.when(on_device["at"] <= now, on_device), now))
    if web.attach_anonymous_past:
        ways.append(("later_login", on_cookie, on_cookie["at"]))
    if web.attach_anonymous_past and web.stitch_devices:
        ways.append(("later_device_login", on_device, on_device["at"]))
    return [
        F.when(
            login.isNotNull(),
            F.struct(login["by"].alias("by"), F.lit(how).alias("how"), since.alias("since")),
        )
        for how, login, since in ways
    ]
