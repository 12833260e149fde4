"""Personal names: parts, generation suffixes, and the root that nicknames share."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

import pyarrow as pa
from nicknames import name_triplets
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import StringType

from lakehouse.columns.arrow import looked_up
from lakehouse.columns.text import not_blank

_SUFFIX = r"(?i)^(.*\S)[\s,]+(jr|sr|iii|ii|iv)\.?$"
_WRITTEN_OUT = r"(?i)^(.*\S\s+\S*\S|.*\S,)\s*\b(junior|senior)$"
_TITLE = r"(?i)^(?:(?:mr|mrs|ms|miss|mx|dr|prof|sir|herr|frau|mme|mlle)\.?\s+)+(?=\S)"
_PARTICLES = (
    "van von vom zu zum zur de der den del della di da das do dos du des la le las los el al bin"
    " ibn ter ten te af av st st\\."
).split()
_FAMILY = rf"(?:(?:{'|'.join(_PARTICLES)})\s+)*\S+"
_GIVEN_FIRST = rf"(?i)^(\S+)(?:\s+(.*?))??(?:\s+({_FAMILY}))?$"
_FAMILY_FIRST = r"^([^,]*\S)\s*,\s*(\S+)(?:\s+(.*))?$"

_COMMON_NAMES = (
    "james mary william john patricia robert jennifer michael elizabeth linda david barbara"
    " richard susan joseph jessica thomas margaret christopher karen charles sarah daniel"
    " matthew nancy anthony sandra mark ashley donald emily steven kimberly andrew michelle"
    " joshua amanda kenneth melissa kevin deborah brian stephanie george rebecca timothy laura"
    " ronald sharon jason cynthia edward dorothy jeffrey amy ryan kathleen jacob angela gary"
    " shirley nicholas emma eric brenda jonathan pamela stephen nicole samuel anna justin"
    " samantha scott katherine brandon christine benjamin helen gregory rachel alexander carolyn"
    " patrick janet francis maria raymond catherine heather dennis diane olivia tyler julie aaron"
    " joyce jose victoria adam ruth henry virginia nathan lauren douglas zachary christina peter"
    " joan walter evelyn harold judith abigail frederick leonard albert lawrence theodore philip"
    " gerald arthur eugene gabriel dominic charlotte eleanor caroline frances jacqueline"
    " josephine theresa isabella penelope jean jane lee erin ada adele heidi inez"
).split()
"""Names that people are baptised by, the most common first: a nickname of several means this."""


class NameParts(NamedTuple):
    """The parts of a name; each null where it is not there."""

    given: Column
    middle: Column
    family: Column


def without_suffix(name: Column) -> Column:
    """The name without its generation suffix and without the comma before it."""
    bare = F.regexp_replace(name, _SUFFIX, "$1")
    bare = F.regexp_replace(bare, _WRITTEN_OUT, "$1")
    return not_blank(F.regexp_replace(bare, r"[\s,]+$", ""))


def name_suffix(name: Column) -> Column:
    """The generation suffix at the end of a name: jr, sr, ii, iii or iv; null without one."""
    short = not_blank(F.lower(F.regexp_extract(name, _SUFFIX, 2)))
    long = not_blank(F.lower(F.regexp_extract(name, _WRITTEN_OUT, 2)))
    return F.coalesce(short, stated_suffix(long))


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


def name_parts(full_name: Column) -> NameParts:
    """The parts of a whole name without suffix: "Given Middle Family" or "Family, Given Middle".

    Particles (van der, de la) belong to the family name, titles to nobody. One word alone is a
    given name.
    """
    name = F.regexp_replace(full_name, _TITLE, "")
    comma = name.rlike(_FAMILY_FIRST)

    def part(family_first: int, given_first: int) -> Column:
        turned = F.regexp_extract(name, _FAMILY_FIRST, family_first)
        straight = F.regexp_extract(name, _GIVEN_FIRST, given_first)
        return not_blank(F.when(comma, turned).otherwise(straight))

    return NameParts(given=part(2, 1), middle=part(3, 2), family=part(1, 3))


def given_name_root(given_name_match: Column) -> Column:
    """The formal name behind a nickname (sam, sammy, samuel → samuel), else the name itself.

    The first of several words decides unless the table has them all. One nickname of several names
    always stands for the same one, the most common, so that equal roots are a hint and no proof.
    """
    return F.coalesce(_roots(given_name_match), given_name_match)


@F.arrow_udf(returnType=StringType())
def _roots(names: pa.Array) -> pa.Array:
    roots = _root_by_name()

    def root(name: str) -> str | None:
        return roots.get(name) or roots.get(name.split(" ", 1)[0])

    return looked_up(names, root, pa.string())


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
