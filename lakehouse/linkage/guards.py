"""Values that too many different people share are no evidence: found from the data on each run."""

from collections.abc import Iterable, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.keys import keyed_hash
from lakehouse.settings.linkage import SharingLimit
from lakehouse.tables.local_frame import local_frame

SHARED_IDENTIFIER_SCHEMA = "identifier string, value_hash string, people_count bigint"
_CARRIED_SCHEMA = "record_key string, identifier string, people_count bigint"


def shared_identifier(people: DataFrame, limits: Iterable[SharingLimit], secret: str) -> DataFrame:
    """Values that more people than their limit share.

    Args:
        people: silver.person_record, or any frame with some of its columns.
        limits: of conf; one whose columns the frame lacks is passed over.
        secret: keys the hashes.

    Returns:
        identifier (the columns of the limit, joined by a plus), value_hash (keyed), people_count (the
        number of different people that carry the value).
    """
    found = [
        _shared(people, limit, secret)
        for limit in limits
        if set(limit.columns) <= set(people.columns)
    ]
    if not found:
        return local_frame(people.sparkSession, (), SHARED_IDENTIFIER_SCHEMA)
    return reduce(DataFrame.unionByName, found)


def _shared(people: DataFrame, limit: SharingLimit, secret: str) -> DataFrame:
    person = F.concat_ws("|", *(F.expr(part) for part in limit.people))
    return (
        people.select(*limit.columns, person.alias("person"))
        .where(reduce(Column.__and__, (F.col(c).isNotNull() for c in limit.columns)))
        .groupBy(*limit.columns)
        .agg(F.countDistinct("person").alias("people_count"))
        .where(F.col("people_count") > limit.limit)
        .select(
            F.lit(limit.identifier).alias("identifier"),
            _value_hash(limit, secret).alias("value_hash"),
            "people_count",
        )
    )


def shared_values_of(
    people: DataFrame, shared: DataFrame, limits: Iterable[SharingLimit], secret: str
) -> DataFrame:
    """record_key, identifier, people_count: the values that `shared` lists and these people carry."""
    carried = [
        people.where(reduce(Column.__and__, (F.col(c).isNotNull() for c in limit.columns)))
        .select(
            "record_key",
            F.lit(limit.identifier).alias("identifier"),
            _value_hash(limit, secret).alias("value_hash"),
        )
        .join(shared, on=["identifier", "value_hash"], how="inner")
        .select("record_key", "identifier", "people_count")
        for limit in limits
        if set(limit.columns) <= set(people.columns)
    ]
    nothing = local_frame(people.sparkSession, (), _CARRIED_SCHEMA)
    return reduce(DataFrame.unionByName, carried, nothing)


def no_longer_shared(shared: DataFrame, last_shared: DataFrame) -> DataFrame:
    """identifier, value_hash: what the last run's list of shared values has and this run's has not."""
    key = ["identifier", "value_hash"]
    return last_shared.select(*key).join(shared.select(*key), on=key, how="left_anti")


def _value_hash(limit: SharingLimit, secret: str) -> Column:
    return keyed_hash(secret, F.lit(limit.identifier), *(F.col(c) for c in limit.columns))


def without_shared_values(
    people: DataFrame, shared: DataFrame, limits: Sequence[SharingLimit], secret: str
) -> DataFrame:
    """The same rows and columns, with the values that `shared` lists set to null."""
    guarded = people
    for limit in limits:
        if not set(limit.columns) <= set(people.columns):
            continue
        listed = shared.where(F.col("identifier") == limit.identifier).select(
            F.col("value_hash").alias("shared_hash")
        )
        hashed = guarded.select("*", _value_hash(limit, secret).alias("own_hash"))
        is_listed = F.col("own_hash") == F.col("shared_hash")
        guarded = hashed.join(listed, on=is_listed, how="left").select(
            *(
                F.when(F.col("shared_hash").isNull(), F.col(c)).alias(c)
                if c in limit.columns
                else F.col(c)
                for c in people.columns
            )
        )
    return guarded
