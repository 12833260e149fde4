"""silver.device: who logged in on what."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.keys import record_key
from lakehouse.silver.intake import LINEAGE

_PAIR = ("source_system", "person_record_key", "device_id", "cookie_id")
_OF_LAST_EVENT = [
    n for n in LINEAGE if n not in ("record_key", "source_system", "source_record_id")
]


def device(web_event: DataFrame, secret: str) -> DataFrame:
    """One row per device or cookie and the account that logged in on it. Key: record_key.

    Lineage is that of the pair's last event, of equally late ones that with the greatest key.
    """
    logged_in = web_event.where(
        F.col("person_record_key").isNotNull()
        & F.coalesce("device_id", "cookie_id").isNotNull()
        & F.col("event_at").isNotNull()
    )
    last = F.max_by(F.struct(*_OF_LAST_EVENT), F.struct("event_at", "record_key"))
    pairs = logged_in.groupBy(*_PAIR).agg(
        last.alias("_last"),
        F.min("event_at").alias("first_seen_at"),
        F.max("event_at").alias("last_seen_at"),
        F.count(F.lit(1)).alias("event_count"),
    )
    ids = [F.coalesce(name, F.lit("")) for name in ("device_id", "cookie_id", "person_record_key")]
    return pairs.select(
        record_key(secret, F.col("source_system"), F.lit("device"), *ids).alias("record_key"),
        F.concat_ws("|", *ids).alias("source_record_id"),
        *_PAIR,
        *(F.col(f"_last.{name}").alias(name) for name in _OF_LAST_EVENT),
        "first_seen_at",
        "last_seen_at",
        "event_count",
        F.expr("cast(array() as array<struct<column:string,rule:string,original:string>>)").alias(
            "corrections"
        ),
    )
