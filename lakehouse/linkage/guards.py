"""Values that too many different people share are no evidence: found from the data on each run."""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.settings.linkage import SharingLimit


def shared_value(people: DataFrame, sharing: SharingLimit) -> DataFrame:
    """Values that more people than the limit share.

    Returns:
        One row per value: the columns of the limit, and `people_count`, the number of different
        people that carry it.
    """
    person = F.concat_ws("|", *(F.expr(part) for part in sharing.people))
    return (
        people.select(*sharing.columns, person.alias("person"))
        .where(reduce(Column.__and__, (F.col(c).isNotNull() for c in sharing.columns)))
        .groupBy(*sharing.columns)
        .agg(F.countDistinct("person").alias("people_count"))
        .where(F.col("people_count") > sharing.limit)
    )


def without_shared_values(people: DataFrame, limits: Sequence[SharingLimit]) -> DataFrame:
    """The same rows and columns, with values beyond a sharing limit set to null."""
    guarded = people
    for sharing in limits:
        if not set(sharing.columns) <= set(people.columns):
            continue
        shared = shared_value(people, sharing).select(
            *sharing.columns, F.lit(True).alias("is_shared")
        )
        joined = guarded.join(shared, on=list(sharing.columns), how="left")
        guarded = joined.select(
            *(
                F.when(F.col("is_shared").isNull(), F.col(c)).alias(c)
                if c in sharing.columns
                else F.col(c)
                for c in people.columns
            )
        )
    return guarded
