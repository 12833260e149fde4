"""Who must not come back: keyed hashes of identifiers, under a key that is used for nothing else."""

import hashlib
import hmac

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.columns.keys import keyed_hash

RECORD, EMAIL, PHONE, PERSON = "record", "email", "phone", "person"
"""Kinds of identifiers. A person is known by name, birth date and postcode together."""
SUPPRESSED, LIFTED = "suppressed", "lifted"

_WORD = r"([^\s,;|\"'<>{}\[\]()]+)"


def derived_secret(secret: str, use: str) -> str:
    """A secret for one use alone, from which neither the lake's nor another use's can be told."""
    return hmac.new(secret.encode(), f"c360 {use}".encode(), hashlib.sha256).hexdigest()


def suppression_secret(secret: str) -> str:
    """What hashes of suppressed identifiers are keyed by."""
    return derived_secret(secret, "suppression")


def standing(log: DataFrame) -> DataFrame:
    """kind, value_hash, erasure_id: the identifiers that any erasure suppresses now, once each.

    Args:
        log: ops.suppression.
    """
    by_identifier = standing_by_erasure(log).groupBy("kind", "value_hash")
    return by_identifier.agg(F.min("erasure_id").alias("erasure_id"))


def standing_by_erasure(log: DataFrame) -> DataFrame:
    """kind, value_hash, erasure_id: the identifiers that are suppressed now, once each for an erasure.

    Args:
        log: ops.suppression, of whose rows about an identifier the newest of an erasure holds.
    """
    newest = Window.partitionBy("erasure_id", "kind", "value_hash").orderBy(
        F.desc("recorded_at"), F.desc("state")
    )
    return (
        log.select("*", F.row_number().over(newest).alias("age"))
        .where((F.col("age") == 1) & (F.col("state") == SUPPRESSED))
        .select("kind", "value_hash", "erasure_id")
    )


def record_hash(key: Column, secret: str) -> Column:
    """The hash of a record_key; null of null."""
    return keyed_hash(suppression_secret(secret), F.lit(RECORD), key)


def email_hash(email: Column, secret: str) -> Column:
    """The hash of an e-mail address, in whatever case; null of null."""
    return keyed_hash(suppression_secret(secret), F.lit(EMAIL), F.lower(F.trim(email)))


def identifier_hashes(people: DataFrame, secret: str, *kept: str) -> DataFrame:
    """The columns `kept`, kind and value_hash of each identifier of these people.

    Args:
        people: in the standard form of silver.person_record.
        secret: the lake's.
        kept: columns that stay beside.
    """
    key = suppression_secret(secret)
    # A number whose country nobody knows has a match form alone.
    numbers = (F.coalesce(n, f"{n}_match") for n in ("phone", "secondary_phone"))
    phone = (keyed_hash(key, F.lit(PHONE), number) for number in numbers)
    named = ("full_name_match", "birth_date", "postcode_match")
    person = keyed_hash(key, F.lit(PERSON), *(F.col(n).cast("string") for n in named))
    found = [
        *((EMAIL, email_hash(F.col(n), secret)) for n in ("email", "secondary_email")),
        *((PHONE, number) for number in phone),
        (PERSON, person),
    ]
    entries = [F.struct(F.lit(k).alias("kind"), v.alias("value_hash")) for k, v in found]
    told = people.select(*kept, F.inline(F.array(*entries)))
    return told.where(F.col("value_hash").isNotNull())


def tokens(payload: Column) -> Column:
    """The words of a record that could not be cut, between blanks, quotes, brackets and delimiters."""
    # One character per byte, so that any bytes can be read; addresses and ids are ASCII.
    return F.array_distinct(F.regexp_extract_all(F.decode(payload, "ISO-8859-1"), F.lit(_WORD), 1))
