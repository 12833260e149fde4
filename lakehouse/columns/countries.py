"""Countries by code or name, in plain Python."""

from functools import cache

from anyascii import anyascii
from phonenumbers.geodata.locale import LOCALE_DATA

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


def country_of(text: str) -> str | None:
    """ISO 3166-1 alpha-2 of a country's code, or of its name in any of phonenumbers' languages."""
    code = text.upper()
    if code in LOCALE_DATA:
        return code
    return _country_names().get(_bare(text))


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
