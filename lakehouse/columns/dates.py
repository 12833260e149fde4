"""Dates and moments out of text, and birth dates that mean "unknown"."""

from collections.abc import Sequence
from datetime import date, timedelta

from pyspark.sql import Column
from pyspark.sql import functions as F

PLACEHOLDER_BIRTH_DATES = (
    date(1800, 1, 1),
    date(1900, 1, 1),
    date(1901, 1, 1),
    date(1970, 1, 1),
    date(1111, 11, 11),
    date(9999, 12, 31),
    date(9999, 9, 9),
)
"""What forms and databases write when nobody gave a birth date."""

OLDEST_AGE_YEARS = 120

_ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"
_ISO_MOMENT = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)? ?(Z|[+-]\d{2}(:?\d{2})?)?$"
_ISO_DATE_OF_MOMENT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$"


def parsed_moment(text: Column, formats: Sequence[str] = ()) -> Column:
    """The text as a UTC timestamp by the first pattern that fits it; null where none does.

    `formats` are Spark datetime patterns; without any, ISO 8601 is tried (a date alone is its
    midnight, a time without zone is UTC).
    """
    if formats:
        return F.coalesce(*(F.try_to_timestamp(text, F.lit(f)) for f in formats))
    whole = text.rlike(_ISO_DATE) | text.rlike(_ISO_MOMENT)
    return F.when(whole, text).try_cast("timestamp")


def parsed_date(text: Column, formats: Sequence[str] = ()) -> Column:
    """The text as a date by the first pattern that fits it; null where none does.

    `formats` are Spark datetime patterns; without any, ISO 8601 is tried. The date of a moment is
    its date as written.
    """
    if formats:
        return F.coalesce(*(F.try_to_timestamp(text, F.lit(f)).cast("date") for f in formats))
    return F.when(text.rlike(_ISO_DATE_OF_MOMENT), F.substring(text, 1, 10)).try_cast("date")


_DAY_AND_MONTH = r"^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})$"
_COMMON_FORMATS = ("yyyyMMdd", "yyyy/MM/dd")
_SEPARATORS = "/.-"


def day_first_facts(text: Column) -> Column:
    """Over a column of dates: the greatest first and second numbers of those like 31/12/1980.

    An aggregate, struct<first, second>; both null where no date is written so. See
    `formats_by_facts`.
    """
    is_written_so = text.rlike(_DAY_AND_MONTH)

    def greatest(group: int) -> Column:
        number = F.regexp_extract(text, _DAY_AND_MONTH, group)
        return F.max(F.when(is_written_so, number).cast("int"))

    return F.struct(greatest(1).alias("first"), greatest(3).alias("second"))


def formats_by_facts(first: int | None, second: int | None) -> tuple[str, ...]:
    """The patterns that dates of one column can be read by beside ISO 8601.

    Day before month, or month before day, only where the column decides it: a number above 12 in
    one place and none in the other. Where it does not, such dates are read by no pattern, as half
    of them would be wrong.
    """
    is_month_first, is_day_first = (second or 0) > 12, (first or 0) > 12
    if is_month_first == is_day_first:
        return _COMMON_FORMATS
    order = ("d", "M", "yyyy") if is_day_first else ("M", "d", "yyyy")
    return (*_COMMON_FORMATS, *(separator.join(order) for separator in _SEPARATORS))


def birth_date_rule(born: Column, text: Column, as_of: date | None) -> Column:
    """Why a parsed birth date is not to be believed; null where it is.

    `placeholder_date`, `impossible_date` (there is a text, and no such day) or, when `as_of` is
    given, `out_of_range_date` (in the future or more than 120 years ago).
    """
    rule = F.when(born.isNull() & text.isNotNull(), "impossible_date").when(
        born.isin(*PLACEHOLDER_BIRTH_DATES), "placeholder_date"
    )
    if as_of is None:
        return rule
    oldest = as_of - timedelta(days=round(OLDEST_AGE_YEARS * 365.25))
    return rule.when((born > F.lit(as_of)) | (born < F.lit(oldest)), "out_of_range_date")
