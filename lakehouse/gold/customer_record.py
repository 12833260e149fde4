"""gold.customer_record: whose each person record is, or was last."""

from pyspark.sql import DataFrame

from lakehouse.gold.identity import last_identity


def customer_record(identity_map: DataFrame, customer_alias: DataFrame) -> DataFrame:
    """One row per record and living customer whose it is, or was last.

    Key: customer_id, record_key. Columns: those of gold.customer_record.
    """
    return last_identity(identity_map, customer_alias).select(
        "customer_id", "record_key", "is_current"
    )
