"""Addresses that stewards decided, in the match forms by which silver compares those of records."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.addresses import postcode_match, street_match
from lakehouse.columns.text import ascii_text, ascii_texts, simplified
from lakehouse.gold.trust import STEWARD

_ADDRESS = ("street", "city", "region", "postcode", "country")


def decided_address(customer_attribute: DataFrame) -> DataFrame:
    """One row per customer whose street a steward decided.

    Key: customer_id. Columns: customer_id, decided_at, street, city, region, postcode, country, street_match,
    city_match, postcode_match.
    """

    def of(attribute: str, column: str = "value") -> Column:
        return F.max(F.when(F.col("attribute") == attribute, F.col(column)))

    decided = (
        customer_attribute.where(
            (F.col("rule") == STEWARD) & F.col("attribute").isin(list(_ADDRESS))
        )
        .groupBy("customer_id")
        .agg(of("street", "sequence_at").alias("decided_at"), *(of(n).alias(n) for n in _ADDRESS))
        .where(F.col("street").isNotNull())
    )
    texts = {name: F.col(name) for name in ("street", "city")}
    in_ascii = decided.select("*", ascii_texts(texts).alias("_ascii"))
    simple = {name: simplified(ascii_text(texts, name, F.col("_ascii"))) for name in texts}
    return in_ascii.select(
        *decided.columns,
        street_match(simple["street"]).alias("street_match"),
        simple["city"].alias("city_match"),
        postcode_match(F.col("postcode"), F.col("country")).alias("postcode_match"),
    )
