"""Texts: tidied as written, and the ASCII form in which two engines compare alike."""

from collections.abc import Mapping

from anyascii import anyascii
from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.columns.arrow import TEXT, lookup

UNIT_SEPARATOR = "\x1f"
"""Joins texts that must come apart again: `squashed` lets no control character through."""

_INVISIBLE = r"\p{Cf}"
_SPACE = r"[\p{Z}\p{Cc}]+"
_NOT_ASCII = r"[^\x00-\x7F]"
_NOT_PRINTABLE_ASCII = r"[^ -~]"


def not_blank(text: Column) -> Column:
    """The text; null where it is empty."""
    return F.when(text != "", text)


def squashed(text: Column) -> Column:
    """The text without format characters (bidirectional marks, zero widths) and with single spaces.

    Control characters count as spaces. Null where nothing visible is left.
    """
    visible = F.regexp_replace(text, _INVISIBLE, "")
    tidied = F.trim(F.regexp_replace(visible, _SPACE, " "))
    is_untidy = (
        text.rlike(_NOT_PRINTABLE_ASCII)
        | text.contains("  ")
        | text.startswith(" ")
        | text.endswith(" ")
    )
    return not_blank(F.when(is_untidy, tidied).otherwise(text))


def simplified(ascii_text: Column) -> Column:
    """Squashed ASCII in lower case, letters, digits and single spaces; O'Brien becomes obrien."""
    lower = F.lower(ascii_text)
    words = F.trim(F.regexp_replace(F.replace(lower, F.lit("'"), F.lit("")), "[^a-z0-9]+", " "))
    return not_blank(F.when(lower.rlike("[^a-z0-9 ]"), words).otherwise(lower))


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


PLACEHOLDERS = (
    *("n/a", "n.a.", "unknown", "undefined", "test", "xxx", "none given", "no name"),
    *("not given", "not provided", "not known", "not available", "not applicable"),
)
"""What people and programs write where they know nothing; so do signs without a letter or digit."""

PLACEHOLDERS_OR_NAMES = ("na", "nil", "none", "null")
"""More of them, which are names too: of people (Null, Na), a town (None), a province (NA for Naples)."""

_LONGEST_PLACEHOLDER = 100
_SIGNS = r"[^\p{L}\p{N} ]+"


def is_placeholder(text: Column, *, is_name: bool) -> Column:
    """True of a squashed text that stands for none, be it in several words (N/A N/A).

    `is_name` is for names of people and places.
    """
    words = PLACEHOLDERS if is_name else (*PLACEHOLDERS, *PLACEHOLDERS_OR_NAMES)
    listed = "|".join(word.replace(".", r"\.") for word in words)
    # Java matches each repetition by a call: a long text of such words would overflow its stack.
    is_short = F.length(text) <= _LONGEST_PLACEHOLDER
    return is_short & text.rlike(rf"(?i)^(?:(?:{listed}|{_SIGNS})(?: |$))+$")


_transliterated = lookup(anyascii, TEXT)
