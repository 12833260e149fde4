"""Addresses: countries, postal codes in their country's form, streets that compare alike."""

from itertools import chain

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.columns.arrow import TEXT, lookup
from lakehouse.columns.countries import country_of

_COUNTRY_PREFIX = r"^(?:DE?|FR?|ES?|IT?|AT?|CH|BE?|DK|SE?|CZ|PL?|PT?)(?=[0-9]+$)"
_LOST_ZERO = r"^(US|DE|FR|ES|IT)(?=[0-9]{4}$)"
_BEFORE_SPACE = (
    r"^(GB[A-Z]{1,2}[0-9][A-Z0-9]?(?=[0-9][A-Z]{2}$)|CA[A-Z][0-9][A-Z](?=[0-9][A-Z][0-9]$)"
    r"|NL[0-9]{4}(?=[A-Z]{2}$)|(?:SE|CZ)[0-9]{3}(?=[0-9]{2}$)|IE[A-Z][0-9][0-9W](?=[A-Z0-9]{4}$))"
)
_BEFORE_HYPHEN = r"^(US[0-9]{5}(?=[0-9]{4}$)|PL[0-9]{2}(?=[0-9]{3}$)|PT[0-9]{4}(?=[0-9]{3}$))"
_USUAL = (
    r"^(?=(?:GB[A-Z]{1,2}[0-9][A-Z0-9]? |CA[A-Z][0-9][A-Z] |NL[0-9]{4} |(?:SE|CZ)[0-9]{3} |IE..."
    r" |PL[0-9]{2}-|PT[0-9]{4}-|US[0-9]{5}(?:-[0-9]{4})?$|(?:DE|FR|ES|IT)[0-9]{5}$"
    r"|(?:AT|CH|BE|DK)[0-9]{4}$))..(.*)$"
)
"""All over a country's code and, right behind it, its postal code in upper case."""

_STREET_WORDS = {
    "st": "street str",
    "ave": "avenue av avenida avda",
    "rd": "road",
    "dr": "drive",
    "ln": "lane",
    "ct": "court",
    "crt": "crescent cres cr",
    "cl": "close",
    "pl": "place plaza platz",
    "sq": "square",
    "ter": "terrace terr tce",
    "gdns": "gardens garden gdn",
    "gr": "grove grv",
    "pde": "parade",
    "hwy": "highway",
    "pkwy": "parkway",
    "blvd": "boulevard bvd boul",
    "cct": "circuit",
    "cir": "circle",
    "way": "wy",
    "ch": "chemin",
    "r": "rue",
    "via": "v",
    "c": "calle",
    "n": "north nord",
    "s": "south sud",
    "e": "east",
    "w": "west",
    "apt": "apartment appartement appt",
    "fl": "flat floor",
    "no": "number nr num",
    "bldg": "building",
    "mt": "mount",
}
_GERMAN_STREET = r"(stra(?:ss|s)e|str)\b"


country_code = lookup(country_of, TEXT)
"""`country_of` for a column of squashed text; null where it names no country."""


def postcode(text: Column, country: Column) -> Column:
    """The postal code in its country's usual form; upper case as written where none is known."""
    upper = F.upper(text)
    bare = F.regexp_replace(F.regexp_replace(upper, "[^A-Z0-9]+", ""), _COUNTRY_PREFIX, "")
    whole = F.regexp_replace(F.concat(country, bare), _LOST_ZERO, "$10")
    spaced = F.regexp_replace(whole, _BEFORE_SPACE, "$1 ")
    usual = F.regexp_extract(F.regexp_replace(spaced, _BEFORE_HYPHEN, "$1-"), _USUAL, 1)
    return F.coalesce(F.nullif(usual, F.lit("")), upper)


def postcode_match(usual: Column, country: Column) -> Column:
    """The postal code as linkage compares it; a United States ZIP+4 compares by its ZIP."""
    bare = F.lower(F.regexp_replace(usual, "[^A-Za-z0-9]", ""))
    zip_code = (country == "US") & bare.rlike("^[0-9]{9}$")
    comparable = F.when(zip_code, F.substring(bare, 1, 5)).otherwise(bare)
    return F.when(comparable != "", comparable)


def street_match(simple: Column) -> Column:
    """A street's match form with the words for kinds of street abbreviated alike."""
    pairs = [(long, short) for short, words in _STREET_WORDS.items() for long in words.split()]
    short_words = F.create_map(*(F.lit(text) for text in chain.from_iterable(pairs)))
    words = F.split(F.regexp_replace(simple, _GERMAN_STREET, "st"), " ")
    return F.array_join(F.transform(words, lambda w: F.coalesce(short_words[w], w)), " ")
