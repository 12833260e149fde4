"""Blocking rules are used for what they find and no other does, not for being in conf."""

import numpy as np
import pytest

from lakehouse.linkage.blocking_choice import chosen_blocking
from lakehouse.linkage.sampled_pairs import SampledPairs
from lakehouse.settings.linkage import TrainingSettings

SURE, NEVER = 40.0, -40.0
"""Match weights, in bits, of pairs that are one person, and that are not."""
TRAINING = TrainingSettings(blocking=(("x",),), dear_rule_share=0.1, pairs_per_true_pair=100)


def pairs(*found: tuple[int, float, set[int]]) -> SampledPairs:
    """So many pairs of such a weight that these rules find, each of two records of its own."""
    rows = [
        (weight, sum(1 << rule for rule in rules)) for n, weight, rules in found for _ in range(n)
    ]
    numbers = np.arange(len(rows), dtype=np.int64)
    return SampledPairs(
        np.array([weight for weight, _ in rows]),
        2 * numbers,
        2 * numbers + 1,
        np.array([bits for _, bits in rows], dtype=np.int64),
    )


def test_a_rule_that_alone_finds_many_pairs_and_next_to_none_true_is_left_out() -> None:
    found = pairs((100, SURE, {0}), (300, NEVER, {1}), (2, SURE, {1}))

    choice = chosen_blocking(found, [0, 1], TRAINING)

    assert choice.used == [0]
    assert (choice.yields[1].own_pairs, choice.yields[1].own_true_pairs) == (302, pytest.approx(2))


@pytest.mark.parametrize(
    "its_own",
    [
        pytest.param([(300, NEVER, {1}), (4, SURE, {1})], id="some are true"),
        pytest.param([(9, NEVER, {1})], id="they cost next to nothing"),
        pytest.param([(90, NEVER, {1})], id="of so few nothing can be said"),
        pytest.param([(300, NEVER, {0, 1})], id="another rule finds them anyway"),
    ],
)
def test_a_rule_stays_that_is_worth_its_pairs_or_costs_none(
    its_own: list[tuple[int, float, set[int]]],
) -> None:
    choice = chosen_blocking(pairs((100, SURE, {0}), *its_own), [0, 1], TRAINING)

    assert choice.used == [0, 1]


def test_of_two_rules_that_find_the_same_one_stays_if_the_true_ones_are_worth_it() -> None:
    # Together they are dear: each alone finds nothing as long as the other is there.
    twice = (300, NEVER, {1, 2})
    worth_it = pairs((100, SURE, {0}), twice, (20, SURE, {1, 2}))
    not_worth_it = pairs((100, SURE, {0}), twice, (150, NEVER, {2}), (1, SURE, {1, 2}))

    assert chosen_blocking(worth_it, [0, 1, 2], TRAINING).used == [0, 1, 2]
    # First goes the one with pairs of its own; what is left to the other is not worth it either.
    assert chosen_blocking(not_worth_it, [0, 1, 2], TRAINING).used == [0]


def test_what_no_rule_finds_is_estimated_by_what_one_and_two_do() -> None:
    independent = pairs((40, SURE, {0}), (40, SURE, {1}), (40, SURE, {0, 1}))
    all_by_two = pairs((40, SURE, {0, 1}))
    none_true = pairs((40, NEVER, {0, 1}))

    # 80 by one, 40 by two: Chao's estimate of those that are not seen is 80² / (2 · 40).
    assert chosen_blocking(independent, [0, 1], TRAINING).recall == pytest.approx(120 / 200)
    assert chosen_blocking(all_by_two, [0, 1], TRAINING).recall == pytest.approx(1)
    assert chosen_blocking(none_true, [0, 1], TRAINING).recall is not None


def test_without_pairs_all_rules_stay() -> None:
    choice = chosen_blocking(pairs(), [0, 3], TRAINING)

    assert choice.used == [0, 3]
    assert choice.recall is None
