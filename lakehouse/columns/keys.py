"""Keys of records. "Hashed" always means keyed: plain hashes of e-mails can be guessed."""

from functools import lru_cache, reduce

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.columns.text import UNIT_SEPARATOR

_ESCAPE = "\x1e"


def identity(text: Column) -> Column:
    """A record's id as keys are made of it: trimmed; an e-mail address or @handle in lower case.

    Systems that use such as ids are careless with their case. Null where it is blank.
    """
    trimmed = F.trim(text)
    return F.when(trimmed != "", F.when(trimmed.contains("@"), F.lower(trimmed)).otherwise(trimmed))


def record_key(secret: str, source_system: Column, entity: Column, *identity: Column) -> Column:
    """SHA-256 in hex over the secret and the record's identity; null where a part of it is null."""
    return keyed_hash(secret, source_system, entity, *(_kept_apart(part) for part in identity))


def keyed_hash(secret: str, *parts: Column) -> Column:
    """SHA-256 in hex over the secret and the parts; null where a part is null."""
    hashed = F.sha2(F.concat_ws(UNIT_SEPARATOR, hidden(secret), *parts), 256)
    return F.when(reduce(Column.__and__, (part.isNotNull() for part in parts)), hashed)


def hidden(secret: str) -> Column:
    """The secret as a column that no plan shows.

    It is looked up in a frame of one row: a literal would be printed with the plan, in Spark's UI, its event
    log and the words of its errors. Spark refuses it within a function of `transform` and its like, and fails
    where it is part of a join's condition: select the hash first.
    """
    return _row(SparkSession.active(), secret).scalar()


# A frame is dear to make, and cheap to look up in: equal ones are looked up in once per query.
@lru_cache(maxsize=16)
def _row(spark: SparkSession, secret: str) -> DataFrame:
    return spark.createDataFrame(pa.table({"secret": [secret]}))


def _kept_apart(part: Column) -> Column:
    # An id may hold the separator. Two records with one key would stop every run.
    escaped = F.replace(part, F.lit(_ESCAPE), F.lit(f"{_ESCAPE}0"))
    return F.replace(escaped, F.lit(UNIT_SEPARATOR), F.lit(f"{_ESCAPE}1"))


def national_id(text: Column) -> Column:
    """A national number as upper-case letters and digits; null where all of them are the same."""
    bare = F.upper(F.regexp_replace(text, "[^A-Za-z0-9]", ""))
    return F.when(~bare.rlike(r"^(.?)\1*$"), bare)
