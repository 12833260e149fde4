"""Customers who must not be used for a purpose: whoever serves data leaves them out."""

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def without_restricted(
    customers: DataFrame,
    restrictions: DataFrame,
    identity_map: DataFrame,
    purpose: str,
    as_of: datetime,
) -> DataFrame:
    """The rows of customers who may be used for that purpose at that moment.

    A customer is restricted if any of the records is: where a merge is wrong, one too many is spared.

    Args:
        customers: any frame with customer_id; rows without one are kept.
        restrictions: ops.restriction.
        identity_map: linkage.identity_map.
        purpose: as named in conf. A restriction without a purpose is one of all.
        as_of: the moment that counts.

    Returns:
        The same columns and key.
    """
    at = F.lit(as_of)
    holding = restrictions.where(
        (F.col("restricted_from") <= at)
        & (F.col("restricted_to").isNull() | (F.col("restricted_to") > at))
        & (F.col("purpose").isNull() | (F.col("purpose") == purpose))
    ).select("record_key")
    today = identity_map.where(F.col("valid_to").isNull()).select("record_key", "customer_id")
    restricted = today.join(holding, on="record_key", how="left_semi").select("customer_id")
    return customers.join(restricted.distinct(), on="customer_id", how="left_anti")
