"""What looks like personal data in a text: by form and check digits, so that ids and codes do not.

Each detector prefers to miss what it cannot tell from an order number; the scan meets such values by
comparing them with those that the lake knows of persons.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_address

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher

from lakehouse.settings.privacy_scan import Kind

_CARD_LENGTHS: Sequence[tuple[str, frozenset[int]]] = (
    (r"4", frozenset({16, 19})),
    (r"5[1-5]|2(22[1-9]|2[3-9]|[3-6]|7[01]|720)", frozenset({16})),
    (r"3[47]", frozenset({15})),
    (r"6011|65|64[4-9]", frozenset({16, 19})),
    (r"35(2[89]|[3-8])", frozenset({16})),
    (r"36|38|39|30[0-5]", frozenset({14})),
)
"""Beginnings of card numbers of the large networks, and how long the whole is."""

_LENGTH_BY_COUNTRY = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FO18
FR27 GB22 GE22 GI23 GL18 GR27 HR21 HU28 IE22 IL23 IS26 IT27 JO30 KW30 KZ20 LB28 LI21 LT20 LU20
LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SE24
SI19 SK24 SM27 TN24 TR26 UA29 VG24
"""
_IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _LENGTH_BY_COUNTRY.split()}

_EMAIL = re.compile(r"(?<![\w.+%-])[\w+%-][\w.+%-]{0,63}@(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}(?![\w-])")
_DIGIT_GROUPS = re.compile(r"(?<![\w.+#/-])\d(?:[ -]?\d){12,18}(?![\w#/-])(?!\.\d)")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?!\w)")
_IP = re.compile(
    r"(?<![\w.:-])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]*::?[0-9a-fA-F:]+)(?![\w:-])(?!\.\d)"
)
_PHONE_START = re.compile(r"(?<![\w+])(?:\+|00[1-9]|\(?0[1-9]|\(?[2-9]\d\d[)-])")
_SEPARATED = re.compile(r"\d[ ()/-]+\d")
_DATE = re.compile(
    r"(?<!\d)(?:(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})|(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}))(?!\d)"
)
_STREET = re.compile(
    r"\b\d{1,5}[a-z]?,? (?:[\w'.-]+ ){1,4}(?:street|st|road|rd|avenue|ave|lane|ln|drive|close|crescent|blvd"
    r"|boulevard|court|terrace|square)\b"
    r"|\b[\w.-]*(?:stra(?:ß|ss)e|str\.|gasse|allee|straat|laan) ?\d{1,4}[a-z]?\b"
    r"|\b\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|boulevard|impasse|chemin) \w+"
    r"|\b(?:calle|avenida|via|viale|piazza|rua|ulica|ul\.) (?:[\w'.-]+ ){0,4}[\w'.-]+,? \d{1,4}\b",
    re.IGNORECASE,
)
_UUID = re.compile(r"(?<![\w-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![\w-])")
_SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_NINO = re.compile(
    r"(?<!\w)(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?(?:\d{2} ?){3}[A-D](?!\w)"
)
_CODICE_FISCALE = re.compile(r"(?<!\w)[A-Z]{6}\d{2}[ABCDEHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)")
_DNI = re.compile(r"(?<![\w-])([XYZ]?\d{7,8})-?([A-Z])(?!\w)")
_NIR = re.compile(r"(?<![\w-])([12]\d{2}(?:0[1-9]|1[0-2])\d{8})(\d{2})(?![\w-])")


def kinds_in(text: str, countries: Sequence[str], latest_birth_year: int) -> frozenset[Kind]:
    """The kinds that some part of the text looks like.

    Args:
        text: a value, of any length.
        countries: ISO alpha-2; by their plans a telephone number without country is judged.
        latest_birth_year: dates of later years are nobody's birth date, nor are those before 1905.
    """
    # One of digits alone looks like a telephone number.
    text = _UUID.sub(" ", text)
    found = {kind for kind, is_found in _BY_FORM.items() if is_found(text)}
    if _has_phone(text, countries):
        found.add(Kind.PHONE)
    if any(1905 <= year <= latest_birth_year for year in _years(text)):
        found.add(Kind.BIRTH_DATE)
    return frozenset(found)


def _has_email(text: str) -> bool:
    return "@" in text and _EMAIL.search(text) is not None


def _has_card(text: str) -> bool:
    return any(_is_card(re.sub(r"\D", "", m.group())) for m in _DIGIT_GROUPS.finditer(text))


def _is_card(digits: str) -> bool:
    is_issued = any(
        len(digits) in lengths and re.match(head, digits) for head, lengths in _CARD_LENGTHS
    )
    return is_issued and passes_luhn(digits)


def passes_luhn(digits: str) -> bool:
    """True if the last digit is the check digit of the others (ISO/IEC 7812)."""
    doubled = (sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (sum(map(int, digits[::-2])) + sum(doubled)) % 10 == 0


def _has_iban(text: str) -> bool:
    return any(_starts_with_iban(m.group().replace(" ", "")) for m in _IBAN.finditer(text))


def _starts_with_iban(candidate: str) -> bool:
    """Words in capitals may follow it, so its length is its country's."""
    length = _IBAN_LENGTHS.get(candidate[:2])
    if length is None or len(candidate) < length:
        return False
    iban = candidate[:length]
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


def _has_national_id(text: str) -> bool:
    return bool(
        _SSN.search(text)
        or _NINO.search(text)
        or any(_is_codice_fiscale(m.group()) for m in _CODICE_FISCALE.finditer(text))
        or any(_is_dni(*m.groups()) for m in _DNI.finditer(text))
        or any(int(m[1]) % 97 + int(m[2]) == 97 for m in _NIR.finditer(text))
    )


_ODD_PLACES = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21) * 2
        + (2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)


def _is_codice_fiscale(code: str) -> bool:
    odd = sum(_ODD_PLACES[c] for c in code[:15:2])
    even = sum(int(c) if c.isdigit() else ord(c) - ord("A") for c in code[1:15:2])
    return chr(ord("A") + (odd + even) % 26) == code[15]


def _is_dni(number: str, letter: str) -> bool:
    if len(number) != 8:
        return False
    digits = number.translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23] == letter


def _has_ip(text: str) -> bool:
    return any(_is_ip(m.group()) for m in _IP.finditer(text))


def _is_ip(candidate: str) -> bool:
    try:
        address = ip_address(candidate)
    except ValueError:
        return False
    # A version 4.1.0.2 has the form of an address: such small numbers are no host on the internet.
    is_version = address.version == 4 and all(int(part) < 32 for part in candidate.split("."))
    return not (is_version or address.is_unspecified or address.is_loopback)


def _has_street(text: str) -> bool:
    return " " in text and _STREET.search(text) is not None


def _has_phone(text: str, countries: Sequence[str]) -> bool:
    if _PHONE_START.search(text) is None or sum(map(str.isdigit, text)) < 8:
        return False
    if "+" in text and _matches(text, None):
        return True
    international = re.sub(r"(?<![\w+])00(?=[1-9])", "+", text)
    if international != text and _SEPARATED.search(text) and _matches(international, None):
        return True
    # Digits without a separator are any number: only one that is written as a number counts.
    without_dates = _DATE.sub(" ", text)
    return _SEPARATED.search(without_dates) is not None and any(
        _matches(without_dates, country) for country in countries
    )


def _matches(text: str, country: str | None) -> bool:
    found = PhoneNumberMatcher(
        text, country, leniency=Leniency.STRICT_GROUPING if country else Leniency.VALID
    )
    return any(
        country is None or m.number.country_code == phonenumbers.country_code_for_region(country)
        for m in found
    )


def _years(text: str) -> Iterator[int]:
    for match in _DATE.finditer(text):
        year, month, day, first, second, last = match.groups()
        if year and int(month) <= 12 and int(day) <= 31:
            yield int(year)
        elif last and min(int(first), int(second)) <= 12 and max(int(first), int(second)) <= 31:
            yield int(last)


_BY_FORM: Mapping[Kind, Callable[[str], bool]] = {
    Kind.EMAIL: _has_email,
    Kind.CARD: _has_card,
    Kind.IBAN: _has_iban,
    Kind.NATIONAL_ID: _has_national_id,
    Kind.IP_ADDRESS: _has_ip,
    Kind.STREET: _has_street,
}
