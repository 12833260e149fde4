"""Values in a form that lets two of them be compared by eye and tells nobody who it is."""

from pyspark.sql import Column
from pyspark.sql import functions as F

_SHOWN_END = 2
_SHOWN_START = 2


def masked_words(text: Column) -> Column:
    """The first letter of every word; all else as stars: `Anna Lee 7` → `A*** L** *`.

    Words of one letter are stars too, and scripts in which one sign is a name.
    """
    signs = F.regexp_replace(text, r"[\p{IsHan}\p{IsHangul}\p{IsHiragana}\p{IsKatakana}]", "*")
    alone = F.regexp_replace(signs, r"(?<![\p{L}\p{M}\p{N}_*])\p{L}(?![\p{L}\p{M}])", "*")
    letters = F.regexp_replace(alone, r"(?<=[\p{L}\p{M}\p{N}_*])[\p{L}\p{M}]", "*")
    return F.regexp_replace(letters, r"\p{N}", "*")


def masked_start(text: Column) -> Column:
    """All but the last two characters as stars: `+14155550142` → `**********42`."""
    shown = F.when(F.length(text) > 2 * _SHOWN_END, F.right(text, F.lit(_SHOWN_END)))
    end = F.coalesce(shown, F.lit(""))
    return F.concat(F.repeat(F.lit("*"), F.length(text) - F.length(end)), end)


def masked_end(text: Column) -> Column:
    """All but the first two characters as stars: `EH1 1AA` → `EH*****`."""
    shown = F.when(F.length(text) > 2 * _SHOWN_START, F.left(text, F.lit(_SHOWN_START)))
    start = F.when(text.isNotNull(), F.coalesce(shown, F.lit("")))
    return F.concat(start, F.repeat(F.lit("*"), F.length(text) - F.length(start)))


def masked_email(email: Column) -> Column:
    """First characters of name and domain, and the last label: `anna@post.org` → `a***@p***.org`."""
    return F.regexp_replace(email, r"^(.)[^@]*@(.).*?(\.[^.@]*)?$", "$1***@$2***$3")


def masked_date(date: Column) -> Column:
    """The year alone: `1980-**-**`."""
    return F.concat(F.date_format(date, "yyyy"), F.lit("-**-**"))
