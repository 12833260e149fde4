"""Personal names: parts, generation suffixes, and the root that nicknames share."""

from collections.abc import Iterable, Mapping
from functools import cache

from nicknames import name_triplets
from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.columns.arrow import TEXT, lookup
from lakehouse.columns.text import UNIT_SEPARATOR as _GAP

_TITLE = r"(?i)^(?:(?:mr|mrs|ms|miss|mx|dr|prof|sir|herr|frau|mme|mlle)\.?\s+)+(?=\S)"
_BEFORE_FAMILY_NAMES = """
van von vom zu zum zur de der den del della di da das do dos du des la le las los el al bin ibn
ter ten te af av st st\\.
"""
_PARTICLES = tuple(_BEFORE_FAMILY_NAMES.split())
_FAMILY = rf"(?:(?:{'|'.join(_PARTICLES)})\s+)*\S+"
_GIVEN_FIRST = rf"(?i)^(\S+)(?:\s+(.*?))??(?:\s+({_FAMILY}))?$"
_FAMILY_FIRST = r"^([^,]*[^,\s])\s*,\s*(\S+)(?:\s+(.*))?$"

_SUFFIXES = ("jr", "sr", "ii", "iii", "iv")
_WRITTEN_OUT = ("junior", "senior")

_BY_FREQUENCY = """
james mary william john patricia robert jennifer michael elizabeth linda david barbara richard
susan joseph jessica thomas margaret christopher karen charles sarah daniel matthew nancy
anthony sandra mark ashley donald emily steven kimberly andrew michelle joshua amanda kenneth
melissa kevin deborah brian stephanie george rebecca timothy laura ronald sharon jason cynthia
edward dorothy jeffrey amy ryan kathleen jacob angela gary shirley nicholas emma eric brenda
jonathan pamela stephen nicole samuel anna justin samantha scott katherine brandon christine
benjamin helen gregory rachel alexander carolyn patrick janet francis maria raymond catherine
heather dennis diane olivia tyler julie aaron joyce jose victoria adam ruth henry virginia
nathan lauren douglas zachary christina peter joan walter evelyn harold judith abigail frederick
leonard albert lawrence theodore philip gerald arthur eugene gabriel dominic charlotte eleanor
caroline frances jacqueline josephine theresa isabella penelope jean jane lee erin ada adele
heidi inez
"""
_COMMON_NAMES = tuple(_BY_FREQUENCY.split())
"""Formal names, the most common first: a nickname of several of them means the first."""


def name_suffix(name: Column, *, of_whole_name: bool = False) -> Column:
    """The generation suffix at the end of a name, in one form; null without one.

    A suffix follows another word; Junior and Senior, which are names too, follow two in a whole
    name.
    """
    word = F.translate(F.lower(F.substring_index(name, " ", -1)), ".,", "")
    before = name.contains(" ")
    enough = name.rlike(r" .* |, ") if of_whole_name else before
    found = (word.isin(*_SUFFIXES) & before) | (word.isin(*_WRITTEN_OUT) & enough)
    return F.when(found, stated_suffix(word))


def without_suffix(name: Column, suffix: Column) -> Column:
    """The name without its last word and the comma before it, where `suffix` is not null."""
    characters = F.length(name) - F.length(F.substring_index(name, " ", -1))
    bare = F.rtrim(F.substring(name, F.lit(1), characters), F.lit(" ,"))
    return F.when(suffix.isNotNull(), bare).otherwise(name)


def stated_suffix(text: Column) -> Column:
    """A suffix that stands alone, in one form; null where it is none."""
    word = F.regexp_replace(F.lower(text), r"[.,\s]", "")
    return (
        F.when(word.isin("jr", "junior"), "jr")
        .when(word.isin("sr", "senior"), "sr")
        .when(word.isin("2", "2nd", "ii"), "ii")
        .when(word.isin("3", "3rd", "iii"), "iii")
        .when(word.isin("4", "4th", "iv"), "iv")
    )


def name_parts(full_name: Column) -> Column:
    """A whole name without suffix as an array of given, middle and family name.

    Reads "Given Middle Family" and "Family, Given Middle". Particles (van der, de la) belong to the
    family name, titles to nobody; one word alone is a given name. A part that is not there is
    blank or beyond the array's end. Materialise the array before reading it.
    """
    name = F.regexp_replace(full_name, _TITLE, "")
    turned = F.regexp_replace(name, _FAMILY_FIRST, f"$2{_GAP}$3{_GAP}$1")
    no_comma = F.trim(F.replace(name, F.lit(","), F.lit("")))
    straight = F.regexp_replace(no_comma, _GIVEN_FIRST, f"$1{_GAP}$2{_GAP}$3")
    return F.split(F.when(name.rlike(_FAMILY_FIRST), turned).otherwise(straight), _GAP)


def given_name_root(given_name_match: Column) -> Column:
    """The formal name behind a nickname (sam, sammy, samuel → samuel), else the name itself.

    The first of several words decides unless the table has them all. One nickname of several names
    always stands for the same one, the most common, so that equal roots are a hint and no proof.
    """
    return F.coalesce(_roots(given_name_match), given_name_match)


def name_sound(name_match: Column) -> Column:
    """How a name in match form sounds, by American Soundex: a letter and three digits.

    Null where it does not begin with a letter, of which Soundex would say nothing.
    """
    return F.when(name_match.rlike("^[a-z]"), F.soundex(F.replace(name_match, F.lit(" "))))


def root_of(name: str) -> str | None:
    """The formal name behind a name in match form; None where the table does not have it."""
    roots = _root_by_name()
    return roots.get(name) or roots.get(name.split(" ", 1)[0])


_roots = lookup(root_of, TEXT)


@cache
def _root_by_name() -> dict[str, str]:
    formal_names: dict[str, set[str]] = {}
    for triplet in name_triplets():
        if triplet.relationship == "has_nickname":
            formal_names.setdefault(triplet.name2, set()).add(triplet.name1)
    return {name: _root(name, formal_names) for name in formal_names}


def _root(name: str, formal_names: Mapping[str, set[str]]) -> str:
    """Where the way up from a nickname ends; in a ring, the ring's first name by alphabet."""
    way = [name]
    while way[-1] not in _COMMON_NAMES and formal_names.get(way[-1]):
        above = _most_common(formal_names[way[-1]])
        if above in way:
            return min(way[way.index(above) :])
        way.append(above)
    return way[-1]


def _most_common(names: Iterable[str]) -> str:
    ranked = {name: rank for rank, name in enumerate(_COMMON_NAMES)}
    return min(names, key=lambda name: (ranked.get(name, len(ranked)), name))
