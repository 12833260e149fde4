"""Made-up values in the form of real ones, for a masked copy of the lake.

Each is drawn by HMAC from a key that nobody keeps: equal values give equal ones, wherever they stand,
and nothing leads back. Script, length, case and punctuation stay; letters and digits do not. What would
hold a word or number of a real person is drawn again.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Iterator

from anyascii import anyascii

LONGEST_LEFT = 4
"""Letters or digits of a real word that may stand in a made-up one: more of them name somebody."""

_CONSONANTS, _VOWELS = "bcdfghjklmnpqrstvwxz", "aeiouy"
_KEY_LETTERS = "bcdfghjklmnpqrst"
_LETTERS = {
    "CYRILLIC": "абвгдежзиклмнопрстуфхцчшэюя",
    "GREEK": "αβγδεζηθικλμνξοπρστυφχψω",
    "ARABIC": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "HEBREW": "אבגדהוזחטיכלמנסעפצקרשת",
    "DEVANAGARI": "कखगघचछजझटठडढतथदधनपफबभमयरलवशषसह",
    "HIRAGANA": "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめも",
    "KATAKANA": "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモ",
    "HANGUL": "가나다라마바사아자차카타파하고노도로모보소오조초코토포호구누두루무부수우",
    "CJK": "一丁七万三上下不世中主久之乃九也二云五亭人今仁代令以仲任伊位佐何佳使來例信修",
}
_RUNS = re.compile(r"[^\W\d_]+|\d+")
_TOKENS = re.compile(r"[^\W_]+")
_DRAWS = 64
_REMEMBERED = 200_000
_CALLING_CODES = re.compile(
    "1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9][0-9][0-9]"
)
_BRITISH = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}|[A-Z]\d[A-Z]\d[A-Z]\d")
_AREA = 2
_NOWHERE = "999"
_PERMUTED = 4


def real_words(text: str) -> Iterator[str]:
    """The words and numbers of a real value that no made-up one may hold, as they are compared."""
    plain = unicodedata.normalize("NFC", text)
    for run in (*_RUNS.findall(plain), *_TOKENS.findall(plain)):
        if len(run) > LONGEST_LEFT:
            yield run.casefold()
            yield anyascii(run).lower()


def postcode_area(postcode: str) -> str:
    """What of a postcode names a district of many streets: `EH1 1AA` → `EH1`, `10115` → `10`."""
    bare = re.sub(r"[^A-Z0-9]", "", postcode.upper())
    return bare[:-3] if _BRITISH.fullmatch(bare) else bare[:_AREA]


class Fakes:
    """What values become under one key. `real` are words that nothing made up may hold."""

    def __init__(self, key: bytes, real: frozenset[str] = frozenset()) -> None:
        self._key = key
        self._real = real
        self._known: dict[tuple[str, str], str] = {}
        self._orders: dict[int, list[int]] = {}

    def number(self, kind: str, value: str, below: int) -> int:
        """A number from 0 up to, and without, `below`, drawn by the value."""
        return int.from_bytes(self._bytes(kind, value, 8), "big") % below

    def key(self, value: str) -> str:
        """What stands for a key or an id: as long, but no shorter than 16, and of consonants alone.

        No word and no number of a person can come up in it by chance.
        """
        drawn = self._bytes("key", value, max(16, len(value)))
        return "".join(_KEY_LETTERS[byte % 16] for byte in drawn)

    def words(self, text: str, salt: str = "") -> str:
        """The text with every word and number replaced; one word by the same wherever it stands.

        With a salt it is the same in texts of that salt only. Accents go, so that forms of a name that
        are compared without them agree with what is shown.
        """
        plain = "".join(
            c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c)[0] != "M"
        )
        return _TOKENS.sub(lambda token: self._token(token[0], salt, salt), plain)

    def code(self, text: str) -> str:
        """The text with each letter and digit drawn by the whole of it: numbers of cards and papers."""
        return self._unlike("code", text, lambda drawn: _in_form_of(text, drawn))

    def email(self, email: str) -> str:
        """An address in a domain that is reserved for examples; one domain by the same everywhere."""
        local, at, domain = email.rpartition("@")
        if not at:
            return self.words(email)
        labels = domain.lower().split(".")[:-1] or [domain.lower()]
        # Names are those of the person; numbers tell addresses of one name apart.
        made = _TOKENS.sub(lambda token: self._token(token[0], "", email.lower()), local)
        return f"{made}@{self.words('.'.join(labels))}.example"

    def phone(self, phone: str, *, hide_country: bool = False) -> str:
        """A number as long, in the same country, that begins as no number there does: by `00`.

        With `hide_country` in none: by a code that is given to nobody.
        """
        digits = "".join(c for c in phone if c.isdigit())
        found = _CALLING_CODES.match(digits)
        code = found[0] if found else ""
        begins = (_NOWHERE[: len(code)] if hide_country else code) + "00"

        def numbered(drawn: bytes) -> str:
            return begins + "".join(str(byte % 10) for byte in drawn)

        told = iter(self._unlike(f"phone{begins}", digits, numbered)[: len(digits)])
        return "".join(next(told, "") if c.isdigit() else c for c in phone)

    def postcode(self, postcode: str) -> str:
        """A postcode of the same form; those of one area share a made-up area."""
        bare = re.sub(r"[^A-Z0-9]", "", postcode.upper())
        area = postcode_area(postcode)
        made = _in_form_of(area, self._bytes("area", area, len(area) + 1))
        rest = bare[len(area) :]
        made += _in_form_of(rest, self._bytes("postcode", bare, len(rest) + 1))
        told = iter(made)
        shown = (next(told, "") if c.upper() in bare and c.isalnum() else c for c in postcode)
        return "".join(
            m.lower() if c.islower() else m for c, m in zip(postcode, shown, strict=False)
        )

    def _token(self, token: str, salt: str, digits_salt: str) -> str:
        """A word, a number, or letters and digits without a gap, whose digits are drawn until all fits."""
        made = token
        for attempt in range(_DRAWS):

            def run_of(run: re.Match[str], attempt: int = attempt) -> str:
                if not run[0].isdigit():
                    return self._word(run[0], salt)
                return self._number(run[0], f"{digits_salt}{attempt or ''}", is_first=not attempt)

            made = _RUNS.sub(run_of, token)
            if token.isalpha() or not self._holds_real(made):
                break
        return made

    def _word(self, word: str, salt: str) -> str:
        script = unicodedata.name(word[0], "").split(" ")[0].split("-")[0]
        pool = _LETTERS.get(script)
        plain = word if pool else "".join(filter(str.isalpha, anyascii(word))).lower() or word
        lower = plain.lower()

        def spelt(drawn: bytes) -> str:
            if pool:
                return "".join(pool[byte % len(pool)] for byte in drawn[: len(lower)])
            return _pronounceable(drawn, len(lower))

        return _cased(word, self._unlike("word" + salt, lower, spelt))

    def _number(self, digits: str, salt: str, *, is_first: bool) -> str:
        if is_first and digits.isascii() and len(digits) <= _PERMUTED:
            return self._permuted(digits)
        return self._unlike("digits" + salt, digits, lambda drawn: _in_form_of(digits, drawn))

    def _permuted(self, digits: str) -> str:
        """Short numbers change places among those as long, so that no two become one."""
        order = self._orders.get(len(digits))
        if order is None:
            every = range(10 ** len(digits))
            order = sorted(every, key=lambda n: self._bytes("order", f"{len(digits)} {n}", 8))
            self._orders[len(digits)] = order
        return str(order[int(digits)]).zfill(len(digits))

    def _unlike(self, kind: str, value: str, made: Callable[[bytes], str]) -> str:
        """The first that is made of the draws for this value and holds nothing real."""
        known = self._known.get((kind, value))
        if known is not None:
            return known
        for attempt in range(_DRAWS):
            fake = made(self._bytes(f"{kind}{attempt}", value, len(value) + 1))
            if fake.casefold() != value.casefold() and not self._holds_real(fake):
                break
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[kind, value] = fake
        return fake

    def _holds_real(self, fake: str) -> bool:
        shortest = LONGEST_LEFT + 1
        return any(
            run[start:end] in self._real
            for run in _TOKENS.findall(fake.casefold())
            for start in range(len(run) - LONGEST_LEFT)
            for end in range(start + shortest, len(run) + 1)
        )

    def _bytes(self, kind: str, value: str, length: int) -> bytes:
        drawn = b""
        while len(drawn) < length:
            text = f"{kind}\x1f{len(drawn)}\x1f{value}"
            drawn += hmac.new(self._key, text.encode(), hashlib.sha256).digest()
        return drawn[:length]


def _pronounceable(drawn: bytes, length: int) -> str:
    """Consonants and vowels in turn; which of them begins is drawn, too."""
    pools = (_CONSONANTS, _VOWELS) if drawn[-1] % 4 else (_VOWELS, _CONSONANTS)
    return "".join(
        pools[place % 2][drawn[place] % len(pools[place % 2])] for place in range(length)
    )


def _cased(like: str, word: str) -> str:
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if like[:1].isupper() else word


def _in_form_of(text: str, drawn: bytes) -> str:
    """The text with digits for digits and capital or small letters for the like."""

    def replaced(sign: str, byte: int) -> str:
        if sign.isdigit():
            return str(byte % 10)
        if not sign.isalpha():
            return sign
        letter = chr(ord("a") + byte % 26)
        return letter.upper() if sign.isupper() else letter

    return "".join(replaced(sign, byte) for sign, byte in zip(text, drawn, strict=False))
