"""Pools of names by country, commonest first: as people write them, in ASCII, and in a second form.

The second form is the native script of a name written in Latin letters (Greek, Bulgarian, Chinese)
or the accentless form of an accented one (German, French, Polish).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from anyascii import anyascii
from numpy.typing import NDArray

from lakehouse.demo import name_lists

Texts = NDArray[np.object_]
Ints = NDArray[np.int64]

_GERMAN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
)


@dataclass(frozen=True)
class Pool:
    """Names in falling frequency: `written`, its second form `variant`, and `plain` ASCII."""

    written: Texts
    variant: Texts
    plain: Texts
    weights: NDArray[np.float64]

    def draw(self, rng: np.random.Generator, count: int) -> Ints:
        """`count` positions in the pool, frequent names more often."""
        return rng.choice(len(self.written), size=count, p=self.weights)


@dataclass(frozen=True)
class CountryNames:
    """The pools of one country."""

    female: Pool
    male: Pool
    family: Pool


def _texts(values: list[str]) -> Texts:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _pool(pairs: list[tuple[str, str]], offset: float) -> Pool:
    """A pool of (written, variant) pairs with Zipf-Mandelbrot weights `1 / (rank + offset)`."""
    unique = list(dict(pairs).items())
    weights = 1.0 / (np.arange(len(unique)) + offset)
    written = [name for name, _ in unique]
    return Pool(
        written=_texts(written),
        variant=_texts([variant for _, variant in unique]),
        plain=_texts([anyascii(name) for name in written]),
        weights=weights / weights.sum(),
    )


def _accentless(names: list[str], german: bool = False) -> list[tuple[str, str]]:
    return [(name, anyascii(name.translate(_GERMAN) if german else name)) for name in names]


def _compound(heads: str, tails: str) -> list[str]:
    """Every head with every tail, in an order that mixes both."""
    firsts, seconds = heads.split(), tails.split()
    names = [
        (i * 7 + j * 11, first + second)
        for i, first in enumerate(firsts)
        for j, second in enumerate(seconds)
    ]
    return [name for _, name in sorted(names)]


def _paired(text: str) -> list[tuple[str, str]]:
    return [(a, b) for a, b in (pair.split("/") for pair in text.split())]


def _paired_compound(stems: str, endings: str) -> list[tuple[str, str]]:
    return [
        (stem + end, native_stem + native_end)
        for end, native_end in _paired(endings)
        for stem, native_stem in _paired(stems)
    ]


def _latin(female: str, male: str, family: list[str], german: bool = False) -> CountryNames:
    return CountryNames(
        female=_pool(_accentless(female.split(), german), 12),
        male=_pool(_accentless(male.split(), german), 12),
        family=_pool(_accentless(family, german), 25),
    )


def _scripted(
    female: list[tuple[str, str]], male: list[tuple[str, str]], family: list[tuple[str, str]]
) -> CountryNames:
    return CountryNames(_pool(female, 8), _pool(male, 8), _pool(family, 12))


@cache
def name_pools() -> dict[str, CountryNames]:
    """Name pools by ISO country code."""
    n = name_lists
    english = n.ENGLISH_FAMILY.split() + _compound(n.ENGLISH_HEADS, n.ENGLISH_TAILS)
    american = n.AMERICAN_FAMILY.split() + english
    german = n.GERMAN_FAMILY.split() + _compound(n.GERMAN_HEADS, n.GERMAN_TAILS)
    french = n.FRENCH_FAMILY.split() + _compound(n.FRENCH_HEADS, n.FRENCH_TAILS)
    polish = n.POLISH_FAMILY.split() + _compound(n.POLISH_HEADS, n.POLISH_TAILS)
    chinese_given = _paired_compound(n.CHINESE_FIRST, n.CHINESE_SECOND)
    return {
        "GB": _latin(n.ENGLISH_FEMALE, n.ENGLISH_MALE, english),
        "US": _latin(n.ENGLISH_FEMALE, n.ENGLISH_MALE, american),
        "DE": _latin(n.GERMAN_FEMALE, n.GERMAN_MALE, german, german=True),
        "FR": _latin(n.FRENCH_FEMALE, n.FRENCH_MALE, french),
        "PL": _latin(n.POLISH_FEMALE, n.POLISH_MALE, polish),
        "GR": _scripted(
            _paired(n.GREEK_FEMALE),
            _paired(n.GREEK_MALE),
            _paired_compound(n.GREEK_STEMS, n.GREEK_ENDINGS),
        ),
        "BG": _scripted(
            _paired(n.BULGARIAN_FEMALE),
            _paired(n.BULGARIAN_MALE),
            _paired_compound(n.BULGARIAN_STEMS, n.BULGARIAN_ENDINGS),
        ),
        "CN": _scripted(chinese_given[::2], chinese_given[1::2], _paired(n.CHINESE_FAMILY)),
    }


@cache
def nicknames() -> dict[str, tuple[str, ...]]:
    """Short forms that people use, by written given name."""
    entries = (line.split(":") for line in name_lists.NICKNAMES.split(";"))
    return {name.strip(): tuple(forms.split()) for name, forms in entries}
