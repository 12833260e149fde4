"""silver.media_touch: visits that paid media brought."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def media_touch(web_event: DataFrame) -> DataFrame:
    """One row per visit with a paid campaign. Key: record_key, which is that of the visit."""
    paid = (F.col("event_type") == "visit") & F.col("campaign_id").isNotNull()
    return web_event.where(paid).withColumn("touched_at", F.col("event_at"))
