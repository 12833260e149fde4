"""Keys are the same in plain Python as in Spark, or a request would find nobody."""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.columns.keys import identity, keyed_hash, national_id, record_key
from lakehouse.columns.plain_keys import (
    identity_of,
    keyed_hash_of,
    national_id_of,
    record_key_of,
)
from lakehouse.tables.local_frame import local_frame

TEXTS = (
    *("42", " 42 ", "", "  ", None, "Ann@X.org", "@Handle", "Zoë", "\t1", "a\x1fb", "a\x1eb"),
    *("AB 12-34.5c", "000-000", "1", "---", "É1É2", "x" * 300, "\U0001f600@x"),
)


def test_plain_python_makes_the_keys_that_spark_makes(spark: SparkSession) -> None:
    text = F.col("text")
    frame = local_frame(spark, [(t,) for t in TEXTS], "text string")
    found = frame.select(
        "text",
        identity(text).alias("identity"),
        record_key("secret", F.lit("crm"), F.lit("contact"), identity(text), text).alias("key"),
        keyed_hash("secret", F.lit("email"), text).alias("hash"),
        national_id(text).alias("national_id"),
    ).collect()

    assert len(found) == len(TEXTS)
    for row in found:
        said = row.text
        assert row.identity == identity_of(said)
        assert row.key == record_key_of("secret", "crm", "contact", identity_of(said), said)
        assert row.hash == keyed_hash_of("secret", "email", said)
        assert row.national_id == (None if said is None else national_id_of(said))
