"""How many people share what is told of each: measured, and coarsened until they are enough.

What lets a person be told from others without a name are the year of birth, gender and places. A class
is everybody of whom the same is told; k is the size of the smallest class, l the fewest different
values of something else within one.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lakehouse.errors import InputError

BIRTH, GENDER, COUNTRY = "birth", "gender", "country"
REGION, CITY, POSTCODE = "region", "city", "postcode"
PLACES = frozenset({REGION, CITY, POSTCODE, COUNTRY})
QUASI_IDENTIFIERS = (BIRTH, GENDER, COUNTRY, REGION, CITY, POSTCODE)


@dataclass(frozen=True)
class Coarseness:
    """What is told: years of birth in steps of `years` (None for not at all), and what is hidden."""

    years: int | None
    hidden: frozenset[str] = frozenset()

    def tells(self, kind: str, value: str | None) -> str | None:
        """What is left of a value; a birth is given by its year."""
        if value is None or kind in self.hidden:
            return None
        if kind != BIRTH:
            return value
        return None if self.years is None else str(int(value) // self.years * self.years)


_NO_STREETS = frozenset({CITY, POSTCODE})
_NO_PLACE = frozenset({CITY, POSTCODE, REGION})
LADDER = (
    Coarseness(5),
    Coarseness(10),
    Coarseness(10, _NO_STREETS),
    Coarseness(10, _NO_PLACE),
    Coarseness(20, _NO_PLACE),
    Coarseness(20, _NO_PLACE | {GENDER}),
    Coarseness(None, _NO_PLACE | {GENDER}),
    Coarseness(None, _NO_PLACE | {GENDER, COUNTRY}),
)
"""From the finest to what tells nothing; who is one of too few goes down a step."""

Told = Mapping[str, str | None]
"""What is told of a person, by quasi-identifier."""


def coarsened(
    people: Mapping[str, Told], homes: Iterable[Collection[str]], k: int
) -> dict[str, Coarseness]:
    """For each person, how coarsely to tell of them so that no class has fewer than k.

    Who shares a home shares its place: what is hidden of the place of one is hidden of all.

    Raises InputError where there are fewer than k people.
    """
    if len(people) < k:
        raise InputError(
            f"{len(people)} customers are too few for groups of {k}.",
            "ask for more of them by --customers, or for smaller groups by --k.",
        )
    shared = [members for members in homes if len(members) > 1]
    steps = dict.fromkeys(people, 0)
    last = len(LADDER) - 1
    while True:
        levels = _levels(steps, shared)
        classes = _classes(people, levels)
        small = [one for members in classes if len(members) < k for one in members]
        if not small:
            return levels
        if all(steps[one] == last for one in small):
            # Too few to make a class even of nothing told: the smallest other one joins them.
            joining = min((c for c in classes if len(c) >= k), key=lambda c: (len(c), c))
            steps |= dict.fromkeys(joining, last)
        for one in small:
            steps[one] = min(steps[one] + 1, last)


def _levels(steps: Mapping[str, int], homes: Sequence[Collection[str]]) -> dict[str, Coarseness]:
    levels = {one: LADDER[step] for one, step in steps.items()}
    for members in homes:
        hidden = frozenset().union(*(levels[one].hidden & PLACES for one in members))
        for one in members:
            levels[one] = Coarseness(levels[one].years, levels[one].hidden | hidden)
    return levels


def _classes(people: Mapping[str, Told], levels: Mapping[str, Coarseness]) -> list[list[str]]:
    classes: dict[Hashable, list[str]] = defaultdict(list)
    for one, told in people.items():
        level = levels[one]
        classes[tuple(level.tells(q, told.get(q)) for q in QUASI_IDENTIFIERS)].append(one)
    return list(classes.values())


@dataclass(frozen=True)
class Anonymity:
    """What was measured: k, how many classes and people, and l by sensitive column."""

    k: int
    classes: int
    people: int
    told: Mapping[str, int]
    l: Mapping[str, int]  # noqa: E741 - the literature's letter


def measured(people: Sequence[tuple[Told, Mapping[str, str | None]]]) -> Anonymity:
    """The k and l of what is told of people; of each, quasi-identifiers and sensitive columns."""
    sizes: dict[Hashable, int] = defaultdict(int)
    values: dict[tuple[Hashable, str], set[str | None]] = defaultdict(set)
    given: dict[str, int] = dict.fromkeys(QUASI_IDENTIFIERS, 0)
    for told, sensitive in people:
        seen = _seen(told)
        sizes[seen] += 1
        for quasi in QUASI_IDENTIFIERS:
            given[quasi] += told.get(quasi) is not None
        for column, value in sensitive.items():
            values[seen, column].add(value)
    diversity: dict[str, int] = {}
    for (_, column), found in values.items():
        diversity[column] = min(diversity.get(column, len(found)), len(found))
    return Anonymity(min(sizes.values(), default=0), len(sizes), len(people), given, diversity)


def fewest_alike(people: Iterable[Told], rows: Iterable[Told]) -> int:
    """Of the row that fits the fewest people, how many it fits: all that it tells is told of each of them.

    0 without rows.
    """
    same = Counter(_seen(told) for told in people)
    return min(
        (
            sum(count for seen, count in same.items() if _fits(row, seen))
            for row in {_seen(told) for told in rows}
        ),
        default=0,
    )


def _seen(told: Told) -> tuple[str | None, ...]:
    return tuple(told.get(q) for q in QUASI_IDENTIFIERS)


def _fits(row: tuple[str | None, ...], person: tuple[str | None, ...]) -> bool:
    return all(one is None or one == other for one, other in zip(row, person, strict=True))
