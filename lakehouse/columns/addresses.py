"""Addresses: countries, postal codes in their country's form, streets that compare alike."""

from functools import cache
from itertools import chain

from anyascii import anyascii
from phonenumbers.geodata.locale import LOCALE_DATA
from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.columns.arrow import TEXT, lookup

_ALPHA_3 = (
    "AUS:AU AUT:AT BEL:BE BGR:BG BRA:BR CAN:CA CHE:CH CHN:CN CYP:CY CZE:CZ DEU:DE DNK:DK ESP:ES"
    " EST:EE FIN:FI FRA:FR GBR:GB GRC:GR HRV:HR HUN:HU IND:IN IRL:IE ISL:IS ISR:IL ITA:IT JPN:JP"
    " KOR:KR LTU:LT LUX:LU LVA:LV MEX:MX MLT:MT NLD:NL NOR:NO NZL:NZ POL:PL PRT:PT ROU:RO RUS:RU"
    " SVK:SK SVN:SI SWE:SE TUR:TR UKR:UA USA:US ZAF:ZA"
)
_OTHER_SPELLINGS = {
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "america": "US",
    "united states of america": "US",
    "holland": "NL",
    "republic of ireland": "IE",
    "eire": "IE",
    "czech republic": "CZ",
    "brd": "DE",
}

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


def country_of(text: str) -> str | None:
    """ISO 3166-1 alpha-2 of a country's code, or of its name in any of phonenumbers' languages."""
    code = text.upper()
    if code in LOCALE_DATA:
        return code
    return _country_names().get(_bare(text))


country_code = lookup(country_of, TEXT)
"""`country_of` for a column of squashed text; null where it names no country."""


@cache
def _country_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for code, by_language in LOCALE_DATA.items():
        for name in by_language.values():
            if not name.startswith("*"):
                names.setdefault(_bare(name), code)
    pairs = (pair.split(":") for pair in _ALPHA_3.split())
    return names | {three.lower(): two for three, two in pairs} | _OTHER_SPELLINGS


def _bare(name: str) -> str:
    letters = "".join(c if c.isalnum() else " " for c in anyascii(name).lower().replace(".", ""))
    return " ".join(letters.split()).removeprefix("the ")


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
