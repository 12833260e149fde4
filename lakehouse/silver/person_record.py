"""silver.person_record: every source record that describes a person, in one standard shape."""

from collections.abc import Mapping, Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.dates import parsed_date
from lakehouse.columns.person import standardised_people


def person_record(
    intake: DataFrame,
    *,
    countries: Mapping[str, str],
    date_formats: Mapping[str, Sequence[str]],
    as_of: date,
) -> DataFrame:
    """One row per source record that describes a person. Key: record_key.

    All feeds are standardised in one pass, as each pass has its fixed price.

    Args:
        intake: raw text of all feeds of people, by standard names.
        countries: by feed, the country of phones and postcodes where the record states none.
        date_formats: by feed, how it writes dates; ISO 8601 for a feed that is not there.
        as_of: the day by which birth dates are judged.
    """
    feed = F.col("source_feed")

    def read_date(text: Column) -> Column:
        read = F.when(feed.isNull(), None)
        for name, formats in date_formats.items():
            read = read.when(feed == name, parsed_date(text, formats))
        return read.otherwise(parsed_date(text))

    country = F.when(feed.isNull(), None)
    for name, code in countries.items():
        country = country.when(feed == name, F.lit(code))
    return standardised_people(
        intake, default_country=country.cast("string"), read_date=read_date, as_of=as_of
    )
