"""gold.customer_device: which customer is known on which device and cookie, from when and until when."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

_PLACE = ("source_system", "identifier_type", "identifier_value")


def customer_device(customer_web_session: DataFrame) -> DataFrame:
    """One row per device or cookie and period in which the logins on it were one customer's.

    A period begins with its first login and ends with the next customer's. Machines log nobody in. Key:
    session_key (of the first login), identifier_type. Columns: those of gold.customer_device.
    """
    periods = _periods(_logins(customer_web_session))
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


def _logins(customer_web_session: DataFrame) -> DataFrame:
    """One row per session with a login and device or cookie that it was made on."""
    places = F.array(*(_place(kind) for kind in ("device", "cookie")))
    is_told = F.col("place.identifier_value").isNotNull()
    return (
        customer_web_session.where(F.col("identified_by") == "login")
        .withColumn("place", F.explode(places))
        .where(is_told)
        .select(
            "session_key",
            "customer_id",
            "person_record_key",
            # Of a person who has left there is no customer, and yet the device was not the next one's.
            F.coalesce("customer_id", "person_record_key").alias("holder"),
            "source_system",
            "place.*",
            F.col("known_from_at").alias("login_at"),
        )
    )


def _place(kind: str) -> Column:
    return F.struct(
        F.lit(kind).alias("identifier_type"), F.col(f"{kind}_id").alias("identifier_value")
    )


def _periods(logins: DataFrame) -> DataFrame:
    """One row per run of logins by one holder, numbered by `period`."""
    in_turn = Window.partitionBy(*_PLACE).orderBy("login_at", "session_key")
    is_next = ~F.lag("holder").over(in_turn).eqNullSafe(F.col("holder"))
    so_far = in_turn.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    moment = F.struct("login_at", "session_key")
    return (
        logins.withColumn("is_next", is_next.cast("int"))
        .withColumn("period", F.sum("is_next").over(so_far))
        .groupBy(*_PLACE, "period", "holder", "customer_id")
        .agg(
            F.min_by("session_key", moment).alias("session_key"),
            F.min_by("person_record_key", moment).alias("person_record_key"),
            F.min("login_at").alias("known_from_at"),
            F.max("login_at").alias("last_login_at"),
            F.count("*").alias("login_count"),
        )
    )
