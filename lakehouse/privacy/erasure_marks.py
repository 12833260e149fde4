"""What an erasure's proof looks for: keyed hashes of a person's values in every form that they can take.

The values themselves are kept nowhere. What a proof finds in a file it hashes alike and compares: so it
knows the person's values when it sees them, and nobody can read them out of it.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.keys import keyed_hash
from lakehouse.columns.text import UNIT_SEPARATOR
from lakehouse.privacy.suppression import derived_secret

RECORD, KEY, CUSTOMER, VALUE = "record", "key", "customer", "value"
"""Kinds of marks: person records; keys of all else that is theirs; customers with no record left; values."""

LEAST_LENGTH = 6
_IDENTIFYING = r"[0-9@ ]"
# Written without a choice inside the loop, on which Java's engine would overflow its stack.
_MEMBER = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_WORD = re.compile(r"[^\s,;|\"'<>{}\[\]()]+")
_PART = re.compile(r"[^\s,;|\"'<>{}\[\]():/?&=\\]+")
_CELL = re.compile(r"[^,;|\t\n\r]+")
_AROUND = " \"'.!\r\0"
_QUOTED = re.compile(_MEMBER)


def mark_secret(secret: str) -> str:
    """What marks are keyed by."""
    return derived_secret(secret, "erasure marks")


def cells(rows: DataFrame, columns: Sequence[str], maps: Sequence[str], *kept: str) -> DataFrame:
    """The columns `kept` and `value`: what stands in these columns of text, or within them as JSON.

    In lower case and without blanks around, and where it begins or ends with a mark that a search takes off
    its words, also without that. One that is shorter than LEAST_LENGTH, or has neither digit, @ nor blank,
    is left out: it tells nobody from others.
    """
    text = F.col("text")
    is_json = text.rlike(r"^\s*[\[{]")
    inside = F.when(is_json, F.regexp_extract_all(text, F.lit(_MEMBER), 1)).otherwise(F.array(text))
    texts = [F.array(*(F.col(c).cast("string") for c in columns)), *map(_map_values, maps)]
    value = F.lower(F.trim(F.col("value")))
    forms = F.array_distinct(F.array(value, F.rtrim(F.btrim(value, F.lit(_AROUND)), F.lit("="))))
    told = rows.select(*kept, F.explode(F.concat(*texts)).alias("text")).where(text.isNotNull())
    return (
        told.select(*kept, F.explode(inside).alias("value"))
        .select(*kept, F.explode(forms).alias("value"))
        .where((F.length("value") >= LEAST_LENGTH) & F.col("value").rlike(_IDENTIFYING))
    )


def _map_values(name: str) -> Column:
    return F.coalesce(F.map_values(F.col(name)), F.array().cast("array<string>"))


def value_marks(values: DataFrame, secret: str) -> DataFrame:
    """mark: one row per value, in `value`, and form of it: plain, hashed, keyed, base64 and for URLs."""
    value = F.col("value")
    forms = F.array(
        value,
        F.sha2(value, 256),
        F.sha1(value.cast("binary")),
        F.md5(value.cast("binary")),
        keyed_hash(secret, value),
        F.rtrim(F.lower(F.base64(value.cast("binary"))), F.lit("=")),
        F.lower(F.url_encode(value)),
    )
    told = values.select(F.explode(F.array_distinct(forms)).alias("form"))
    return told.select(keyed_hash(mark_secret(secret), F.col("form")).alias("mark"))


def naming(rows: DataFrame, marks: DataFrame, secret: str) -> DataFrame:
    """The rows in whose `payload` a marked value stands: as a cell, a quoted text, a word or part of one.

    Args:
        rows: with `payload`, the bytes of a record that may be malformed.
        marks: mark, of values.
        secret: the lake's.
    """
    raw = F.col("payload")
    # Bytes that are no UTF-8 are read one by one, as the search of files does.
    text = F.coalesce(F.try_validate_utf8(raw.cast("string")), F.decode(raw, "ISO-8859-1"))
    lowered = F.lower(text)
    whole = (F.regexp_extract_all(lowered, F.lit(p.pattern), 0) for p in (_CELL, _WORD, _PART))
    found = F.concat(*whole, F.regexp_extract_all(lowered, F.lit(_MEMBER), 1))
    word = F.rtrim(F.btrim("word", F.lit(_AROUND)), F.lit("="))
    mark = keyed_hash(mark_secret(secret), word).alias("mark")
    told = rows.select("*", F.explode(F.array_distinct(found)).alias("word"))
    return (
        told.where(F.length(word) >= LEAST_LENGTH)
        .select(*rows.columns, mark)
        .join(F.broadcast(marks.select("mark").distinct()), on="mark", how="left_semi")
        .select(*rows.columns)
    )


def mark_of(text: str, secret: str) -> str:
    """The mark of a text, `secret` being that of marks: what `value_marks` makes by Spark."""
    return hashlib.sha256(f"{secret}{UNIT_SEPARATOR}{text}".encode()).hexdigest()


def candidates(text: str) -> Iterator[str]:
    """What in a text could be somebody's value: all of it, its cells, quoted texts, words, parts of words."""
    lowered = text.lower()
    yield lowered.strip()
    for pattern in (_CELL, _QUOTED, _WORD, _PART):
        for found in pattern.findall(lowered):
            word = found.strip(_AROUND).rstrip("=")
            if len(word) >= LEAST_LENGTH:
                yield word


def encodings(value: str) -> dict[str, bytes]:
    """The bytes of a value by the form that a file could hold it in, for a search of bytes."""
    plain = value.encode()
    lowered = value.lower().encode()
    return {
        "plain": plain,
        "lower": lowered,
        "upper": value.upper().encode(),
        "utf-16": value.encode("utf-16-le"),
        "windows-1252": value.encode("windows-1252", errors="replace"),
        "url": quote(value, safe="").encode(),
        "base64": base64.b64encode(plain).rstrip(b"="),
        "sha256": hashlib.sha256(plain).hexdigest().encode(),
        "sha256 of lower": hashlib.sha256(lowered).hexdigest().encode(),
        "md5": hashlib.md5(plain, usedforsecurity=False).hexdigest().encode(),
        "sha1": hashlib.sha1(plain, usedforsecurity=False).hexdigest().encode(),
    }
