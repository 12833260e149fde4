"""Texts: tidied as written, and the ASCII form in which two engines compare alike."""

from collections.abc import Mapping

import pyarrow as pa
from anyascii import anyascii
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import StringType

from lakehouse.columns.arrow import looked_up

UNIT_SEPARATOR = "\x1f"
"""Joins texts that must come apart again: `squashed` lets no control character through."""

_NOT_PLAIN = r"[^\x21-\x7E\xA1-\xAC\xAE-\u024F ]|^ | $|  "
_INVISIBLE = r"\p{Cf}"
_SPACE = r"[\p{Z}\p{Cc}]+"
_NOT_ASCII = r"[^\x00-\x7F]"


def not_blank(text: Column) -> Column:
    """The text; null where it is empty."""
    return F.when(text != "", text)


def squashed(text: Column) -> Column:
    """The text without format characters (bidirectional marks, zero widths) and with single spaces.

    Control characters count as spaces. Null where nothing visible is left.
    """
    visible = F.regexp_replace(text, _INVISIBLE, "")
    tidied = F.trim(F.regexp_replace(visible, _SPACE, " "))
    return not_blank(F.when(text.rlike(_NOT_PLAIN), tidied).otherwise(text))


def simplified(ascii_text: Column) -> Column:
    """Lower case, letters, digits and single spaces only; apostrophes join (O'Brien → obrien)."""
    lower = F.lower(ascii_text)
    words = F.trim(F.regexp_replace(F.regexp_replace(lower, "['`]", ""), "[^a-z0-9]+", " "))
    return not_blank(F.when(lower.rlike("[^a-z0-9]"), words).otherwise(lower))


def ascii_texts(texts: Mapping[str, Column]) -> Column:
    """An array of the texts in ASCII in the order of `texts`; null where all of them are ASCII.

    Read one with `ascii_text`. Only rows with other characters travel to Python, as one string, so
    the price of many columns is that of one.
    """
    joined = F.concat_ws(UNIT_SEPARATOR, *(F.coalesce(c, F.lit("")) for c in texts.values()))
    return F.split(_transliterated(F.when(joined.rlike(_NOT_ASCII), joined)), UNIT_SEPARATOR)


def ascii_text(texts: Mapping[str, Column], name: str, transliterated: Column) -> Column:
    """Text `name` in ASCII, given what `ascii_texts(texts)` gave, materialised."""
    position = list(texts).index(name)
    return F.when(transliterated.isNull() | texts[name].isNull(), texts[name]).otherwise(
        transliterated.getItem(position)
    )


def match_form(text: Column) -> Column:
    """The text as linkage compares it: ASCII, lower case, letters, digits and single spaces."""
    other = F.when(text.rlike(_NOT_ASCII), text)
    return simplified(F.coalesce(_transliterated(other), text))


@F.arrow_udf(returnType=StringType())
def _transliterated(texts: pa.Array) -> pa.Array:
    return looked_up(texts, anyascii, pa.string())
