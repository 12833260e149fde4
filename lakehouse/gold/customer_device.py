"""gold.customer_device: which customer is known on which device and cookie, from when and until when."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold.customer_web_session import session_key
from lakehouse.gold.identity import with_customer

_PLACE = ("source_system", "identifier_type", "identifier_value")


def customer_device(
    customer_web_session: DataFrame, web_event: DataFrame, identity_map: DataFrame
) -> DataFrame:
    """One row per device or cookie and period in which the logins on it were one customer's.

    A period begins with its first login and ends with the next customer's, also within a session. Machines
    log nobody in. Key: session_key (of the first login), identifier_type, known_from_at, person_record_key.
    Columns: those of gold.customer_device.
    """
    sessions = customer_web_session.where(F.col("identified_by") == "login")
    made = _first(sessions).unionByName(_of_named_sessions(web_event)).distinct()
    periods = _periods(_logins(with_customer(made, identity_map), sessions))
    place = Window.partitionBy(*_PLACE)
    following = F.lead("known_from_at").over(place.orderBy("known_from_at", "period"))
    return periods.select(
        "session_key",
        "customer_id",
        "person_record_key",
        *_PLACE,
        "known_from_at",
        following.alias("known_to_at"),
        "last_login_at",
        "login_count",
        (F.min("holder").over(place) != F.max("holder").over(place)).alias("is_shared"),
    )


def _first(sessions: DataFrame) -> DataFrame:
    """One row per session: session_key, person_record_key and login_at of its first login."""
    return sessions.select(
        "session_key", "person_record_key", F.col("known_from_at").alias("login_at")
    )


def _of_named_sessions(web_event: DataFrame) -> DataFrame:
    """An account's first event in a session that events name, and its first after another account's.

    Events that name no session are cut into runs of one account's logins, of which a session tells the first.
    """
    is_made = F.col("session_id").isNotNull() & F.col("person_record_key").isNotNull()
    in_turn = Window.partitionBy("session_key").orderBy("login_at", "person_record_key")
    last = F.lag("person_record_key").over(in_turn)
    return (
        web_event.where(is_made)
        .select(
            session_key().alias("session_key"),
            "person_record_key",
            F.col("event_at").alias("login_at"),
        )
        .withColumn("is_login", ~last.eqNullSafe(F.col("person_record_key")))
        .where("is_login")
        .drop("is_login")
    )


def _logins(made: DataFrame, sessions: DataFrame) -> DataFrame:
    """One row per login in one of the sessions, and device or cookie that it was made on."""
    places = F.array(*(_place(kind) for kind in ("device", "cookie")))
    place = sessions.select("session_key", "source_system", F.explode(places).alias("place"))
    is_told = F.col("place.identifier_value").isNotNull()
    return made.join(place.where(is_told), on="session_key", how="inner").select(
        "session_key",
        "customer_id",
        "person_record_key",
        # Of a person who has left there is no customer, and yet the device was not the next one's.
        F.coalesce("customer_id", "person_record_key").alias("holder"),
        "source_system",
        "place.*",
        "login_at",
    )


def _place(kind: str) -> Column:
    return F.struct(
        F.lit(kind).alias("identifier_type"), F.col(f"{kind}_id").alias("identifier_value")
    )


def _periods(logins: DataFrame) -> DataFrame:
    """One row per run of logins by one holder, numbered by `period`."""
    turn = ("login_at", "session_key", "person_record_key")
    in_turn = Window.partitionBy(*_PLACE).orderBy(*turn)
    is_next = ~F.lag("holder").over(in_turn).eqNullSafe(F.col("holder"))
    so_far = in_turn.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    moment = F.struct(*turn)
    return (
        logins.withColumn("is_next", is_next.cast("int"))
        .withColumn("period", F.sum("is_next").over(so_far))
        .groupBy(*_PLACE, "period", "holder", "customer_id")
        .agg(
            F.min_by("session_key", moment).alias("session_key"),
            F.min_by("person_record_key", moment).alias("person_record_key"),
            F.min("login_at").alias("known_from_at"),
            F.max("login_at").alias("last_login_at"),
            F.count_distinct("session_key").alias("login_count"),
        )
    )
