"""gold.customer_attribute: the value that survived, where it came from and why."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.identity import customer_records
from lakehouse.gold.survivorship import candidates, deciding_rule, ranked_values
from lakehouse.settings.survivorship import Survivorship


def customer_attribute(
    person_record: DataFrame, identity_map: DataFrame, survivorship: Survivorship
) -> DataFrame:
    """One row per customer and attribute that any of the customer's records fills.

    Key: customer_id, attribute. Columns: those of gold.customer_attribute.
    """
    records = customer_records(person_record, identity_map, *_columns_read(survivorship))
    ranked = ranked_values(candidates(records, survivorship), survivorship)
    return (
        ranked.withColumn("rule", deciding_rule(F.col("ranked"), survivorship))
        .withColumn("best", F.col("ranked")[0])
        .select("*", F.explode("best.filled").alias("entry"))
        .select(
            "customer_id",
            "attribute_group",
            "entry.attribute",
            "entry.value",
            "best.record_key",
            "best.source_system",
            "best.sequence_at",
            "rule",
        )
    )


def _columns_read(survivorship: Survivorship) -> list[str]:
    """Each column of silver.person_record that survivorship looks at, once."""
    named = ["record_key", "source_system", "sequence_at"]
    for group in survivorship.groups:
        named += [*group.attributes, *group.compare]
    return list(dict.fromkeys(named))
