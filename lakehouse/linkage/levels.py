"""The ladders of levels behind each kind of comparison, with how often true pairs stand on each
rung.

A level's `expected` is the share of true pairs that we expect on it before seeing any data.
Training starts there, and a level that training saw little of stays near it. Conditions are DuckDB
SQL over match forms (ASCII), because every engine scores with Splink's DuckDB backend.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lakehouse.settings.level_labels import threshold_label
from lakehouse.settings.linkage import ComparisonKind, ComparisonRule


@dataclass(frozen=True)
class Level:
    """One rung: agreement as SQL over `_l` and `_r` columns, best first.

    `frequency_column` names the column whose value frequency refines the level.
    """

    label: str
    condition: str
    expected: float
    frequency_column: str | None = None


_GENERATION_YEARS = 15
_SAME_ADDRESS = 0.9

Columns = Sequence[str]
"""Names of the columns of a comparison that this data has, in the order of the rule; "" for
absent.
"""


def _equal(column: str) -> str:
    return f"{column}_l = {column}_r"


def _similar(column: str, least: float) -> str:
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {least}"


def edits(column: str, most: int) -> str:
    """At most so many letters are inserted, left out, replaced or swapped with their neighbour.

    What follows from that and costs a fifth is asked first: a swap is two replacements.
    """
    left, right = f"{column}_l", f"{column}_r"
    return (
        f"abs(length({left}) - length({right})) <= {most}"
        f" and levenshtein({left}, {right}) <= {2 * most}"
        f" and damerau_levenshtein({left}, {right}) <= {most}"
    )


def _nearly_equal(column: str) -> str:
    """Alike by Jaro-Winkler, or one slip of the pen apart where the name is long enough to tell."""
    long = f"least(length({column}_l), length({column}_r)) >= 4"
    return f"{_similar(column, 0.92)} or ({long} and {edits(column, 1)})"


def _swapped(first: str, second: str) -> str:
    return f"{first}_l = {second}_r and {second}_l = {first}_r"


def _crossed(first: str, second: str) -> str:
    """One side's first name is the other's second name, or nearly so."""
    return (
        f"jaro_winkler_similarity({first}_l, {second}_r) >= 0.92"
        f" or jaro_winkler_similarity({second}_l, {first}_r) >= 0.92"
    )


def _initial(column: str) -> str:
    return (
        f"least(length({column}_l), length({column}_r)) = 1"
        f" and substr({column}_l, 1, 1) = substr({column}_r, 1, 1)"
    )


def _prefix(column: str) -> str:
    return (
        f"least(length({column}_l), length({column}_r)) >= 3"
        f" and (starts_with({column}_l, {column}_r) or starts_with({column}_r, {column}_l))"
    )


def _given_name(columns: Columns) -> list[Level]:
    name, root, family, sound = columns
    levels = [Level("exact", _equal(name), 0.72, name)]
    if family:
        levels.append(Level("swapped", _swapped(name, family), 0.02))
    if root:
        levels.append(Level("same root", _equal(root), 0.05, root))
    levels += [
        Level("prefix", _prefix(name), 0.03),
        Level("initial", _initial(name), 0.03),
        Level("nearly equal", _nearly_equal(name), 0.05),
    ]
    if sound:
        levels.append(Level("same sound", _equal(sound), 0.02))
    levels.append(Level("similar 0.8", _similar(name, 0.8), 0.04))
    if family:
        levels.append(Level("crossed", _crossed(name, family), 0.01))
    return levels


def _family_name(columns: Columns) -> list[Level]:
    name, given, sound = columns
    levels = [Level("exact", _equal(name), 0.75, name)]
    if given:
        levels.append(Level("swapped", _swapped(name, given), 0.02))
    levels.append(Level("nearly equal", _nearly_equal(name), 0.07))
    if sound:
        levels.append(Level("same sound", _equal(sound), 0.02))
    return [
        *levels,
        Level("similar 0.8", _similar(name, 0.8), 0.05),
        Level("shared part", f"{_prefix(name)} or {_shares_word(name)}", 0.03),
    ]


def _shares_word(column: str) -> str:
    return f"list_has_any(string_split({column}_l, ' '), string_split({column}_r, ' '))"


def _middle_name(columns: Columns) -> list[Level]:
    (name,) = columns
    return [
        Level("exact", _equal(name), 0.7, name),
        Level("initial", f"substr({name}_l, 1, 1) = substr({name}_r, 1, 1)", 0.2),
    ]


def _birth_date(columns: Columns) -> list[Level]:
    """Dates as text, yyyy-mm-dd."""
    (date,) = columns

    def part(side: str, start: int, length: int) -> str:
        return f"substr({date}_{side}, {start}, {length})"

    def same(start: int, length: int) -> str:
        return f"{part('l', start, length)} = {part('r', start, length)}"

    years_apart = f"abs(cast({part('l', 1, 4)} as integer) - cast({part('r', 1, 4)} as integer))"
    day_month_swapped = (
        f"{same(1, 4)} and {part('l', 6, 2)} = {part('r', 9, 2)}"
        f" and {part('l', 9, 2)} = {part('r', 6, 2)}"
    )
    return [
        Level("exact", _equal(date), 0.85, date),
        Level("day and month swapped", day_month_swapped, 0.01),
        Level("one edit", edits(date, 1), 0.06),
        Level("two edits", edits(date, 2), 0.02),
        Level(
            "two parts equal",
            f"({same(1, 7)}) or ({same(6, 5)}) or ({same(1, 4)} and {same(9, 2)})",
            0.01,
        ),
        Level("same year", same(1, 4), 0.02),
        Level("within a generation", f"{years_apart} < {_GENERATION_YEARS}", 0.03),
    ]


def _email(columns: Columns) -> list[Level]:
    """Near misses must agree in their digits: anna.lee7 and anna.lee8 are two people, not a
    typo.
    """
    (email,) = columns
    local = f"split_part({email}_l, '@', 1) = split_part({email}_r, '@', 1)"
    digits = " = ".join(f"regexp_replace({email}_{side}, '[^0-9]', '', 'g')" for side in "lr")
    return [
        Level("exact", _equal(email), 0.7, email),
        Level("same name part", local, 0.05),
        Level("two edits", f"{edits(email, 2)} and {digits}", 0.05),
        Level("four edits", f"{edits(email, 4)} and {_similar(email, 0.88)} and {digits}", 0.03),
    ]


def _phone(columns: Columns) -> list[Level]:
    (phone,) = columns
    return [
        Level("exact", _equal(phone), 0.7, phone),
        Level("one edit", edits(phone, 1), 0.05),
        Level("two edits", edits(phone, 2), 0.03),
    ]


def _address(columns: Columns) -> list[Level]:
    """One ladder for the whole address, as its parts agree together for all who live there."""
    street, postcode, city = columns
    levels: list[Level] = []
    place = " or ".join(_equal(c) for c in (postcode, city) if c)
    if street and place:
        levels += [
            Level("street and place", f"{_equal(street)} and ({place})", 0.4, street),
            Level("similar street and place", f"{_similar(street, 0.85)} and ({place})", 0.15),
        ]
    if street:
        levels.append(Level("street", _equal(street), 0.05, street))
        levels.append(Level("similar street", _similar(street, 0.9), 0.05))
    if postcode and city:
        levels.append(
            Level("postcode and town", f"{_equal(postcode)} and {_equal(city)}", 0.05, postcode)
        )
    if postcode:
        levels.append(Level("postcode", _equal(postcode), 0.1, postcode))
        levels.append(Level("near postcode", edits(postcode, 1), 0.05))
    if city:
        levels.append(Level("town", _equal(city), 0.1, city))
        levels.append(Level("similar town", _similar(city, 0.9), 0.03))
    total = sum(level.expected for level in levels)
    return [replace(level, expected=level.expected / total * _SAME_ADDRESS) for level in levels]


def _exact(columns: Columns) -> list[Level]:
    (column,) = columns
    return [Level("exact", _equal(column), 0.9, column)]


_LADDERS: dict[ComparisonKind, Callable[[Columns], list[Level]]] = {
    ComparisonKind.GIVEN_NAME: _given_name,
    ComparisonKind.FAMILY_NAME: _family_name,
    ComparisonKind.MIDDLE_NAME: _middle_name,
    ComparisonKind.BIRTH_DATE: _birth_date,
    ComparisonKind.EMAIL: _email,
    ComparisonKind.PHONE: _phone,
    ComparisonKind.ADDRESS: _address,
    ComparisonKind.EXACT: _exact,
}


def _threshold_ladder(rule: ComparisonRule) -> list[Level]:
    (column,) = rule.columns
    step = 0.2 / len(rule.thresholds)
    near = []
    for threshold in rule.thresholds:
        is_distance = rule.kind is ComparisonKind.LEVENSHTEIN
        condition = edits(column, int(threshold)) if is_distance else _similar(column, threshold)
        near.append(Level(threshold_label(rule.kind, threshold), condition, step))
    return [Level("exact", _equal(column), 0.7, column), *near]


def ladder(rule: ComparisonRule, present: frozenset[str]) -> list[Level]:
    """Levels of the rule, best first, without the null and the else level.

    Columns that are not `present` are left out; the list is empty if nothing is left to compare.
    """
    if rule.kind in (ComparisonKind.LEVENSHTEIN, ComparisonKind.JARO_WINKLER):
        return _threshold_ladder(rule) if rule.columns[0] in present else []
    columns = [c if c in present else "" for c in rule.columns]
    if rule.kind is ComparisonKind.ADDRESS:
        return _address(columns) if any(columns) else []
    return _LADDERS[rule.kind](columns) if columns[0] else []


def null_condition(rule: ComparisonRule, present: frozenset[str]) -> str:
    """When nothing can be compared: for an address no common part, else the first column
    missing.
    """
    compared = [c for c in rule.columns if c in present]
    if rule.kind is not ComparisonKind.ADDRESS:
        compared = compared[:1]
    return " and ".join(f"({c}_l is null or {c}_r is null)" for c in compared)
