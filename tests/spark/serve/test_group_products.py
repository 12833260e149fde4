"""No group that is too small is told, and none follows from what is: seen from outside, by algebra."""

import random
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

import pytest
from pyspark.sql import SparkSession

from lakehouse.serve.group_product import told_groups
from lakehouse.settings.products import Groups
from lakehouse.tables.local_frame import local_frame

SMALLEST = 4
GROUPS = Groups(by=("world", "area", "stage"), sums=("spent",), smallest=SMALLEST)
DDL = "world string, area string, stage string, spent bigint"
WORLDS = 120

Cell = tuple[str, ...]


def people() -> list[tuple[str, str | None, str, int]]:
    """Small worlds of all sizes, half of whose people spent nothing."""
    rng = random.Random(7)  # noqa: S311
    rows = []
    for world in range(WORLDS):
        areas = rng.randint(1, 5)
        for _ in range(rng.randint(SMALLEST, 40)):
            area = rng.choice([None, *"abcde"[:areas]])
            spent = rng.choice([0, 0, rng.randint(1, 99)])
            rows.append((f"w{world:03}", area, rng.choice("xyz"[: rng.randint(1, 3)]), spent))
    return rows


PEOPLE = people()


@pytest.fixture(scope="module")
def told(spark: SparkSession) -> list[dict[str, object]]:
    frame = told_groups(local_frame(spark, PEOPLE, DDL), GROUPS)
    return [row.asDict() for row in frame.collect()]


def leaves() -> Counter[Cell]:
    return Counter((world, area or "unknown", stage) for world, area, stage, _ in PEOPLE)


def of(row: dict[str, object]) -> Cell:
    return tuple(str(row[name]) for name in GROUPS.by if row[name] is not None)


def test_what_is_told_is_true_and_nothing_is_left_out(told: list[dict[str, object]]) -> None:
    parts: dict[tuple[str, Cell], int] = {}
    for row in told:
        if row["level"] != "total":
            depth = GROUPS.by.index(str(row["level"]))
            key = (str(row["level"]), of(row)[:depth])
            parts[key] = parts.get(key, 0) + int(str(row["customer_count"]))
        if not row["is_rest"]:
            own = [n for cell, n in leaves().items() if cell[: len(of(row))] == of(row)]
            assert row["customer_count"] == sum(own)

    whole = {of(r): r["customer_count"] for r in told if not r["is_rest"]}
    assert len(parts) > WORLDS
    assert {key: n for key, n in parts.items() if whole[key[1]] != n} == {}


def test_no_group_or_rest_is_small_and_no_sum_is_of_few(told: list[dict[str, object]]) -> None:
    assert min(int(str(row["customer_count"])) for row in told) >= SMALLEST
    givers = Counter(
        (world, area or "unknown", stage)[:n]
        for world, area, stage, spent in PEOPLE
        for n in range(4)
        if spent
    )
    assert [of(r) for r in told if not r["is_rest"] and 0 < givers[of(r)] < SMALLEST] == []


def test_some_worlds_have_groups_that_are_told_and_some_that_are_not(
    told: list[dict[str, object]],
) -> None:
    count = Counter((row["level"], row["is_rest"]) for row in told)
    assert min(count[level, rest] for level in ("area", "stage") for rest in (True, False)) >= 10


def test_nobody_can_compute_a_group_that_is_not_told(told: list[dict[str, object]]) -> None:
    """Every row is an equation over the leaves, a rest being all of its level that is not told."""
    cells = leaves()
    for world in sorted({cell[0] for cell in cells}):
        own = sorted(cell for cell in cells if cell[0] == world)
        rows = [row for row in told if of(row)[:1] == (world,)]
        named = {of(row) for row in rows if not row["is_rest"]}
        equations = [[int(c[: len(group)] == group) for c in own] for group in named]
        for row in (r for r in rows if r["is_rest"]):
            above, depth = of(row), GROUPS.by.index(str(row["level"])) + 1
            hidden = [c[: len(above)] == above and c[:depth] not in named for c in own]
            equations.append([int(h) for h in hidden])
        basis = echelon(equations)
        for depth in (2, 3):
            for group in {c[:depth] for c in own} - named:
                wanted = [int(c[:depth] == group) for c in own]
                assert not follows(basis, wanted), group


def echelon(rows: Iterable[list[int]]) -> list[list[Fraction]]:
    basis: list[list[Fraction]] = []
    for row in rows:
        left = reduced(basis, row)
        if any(left):
            basis.append(left)
    return basis


def reduced(basis: list[list[Fraction]], row: list[int]) -> list[Fraction]:
    left = [Fraction(x) for x in row]
    for known in basis:
        pivot = next(i for i, x in enumerate(known) if x)
        factor = left[pivot] / known[pivot]
        left = [x - factor * y for x, y in zip(left, known, strict=True)]
    return left


def follows(basis: list[list[Fraction]], wanted: list[int]) -> bool:
    return not any(reduced(basis, wanted))
