"""Blocking rules are used for what they find and no worthier one does, not for being in conf."""

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


def test_a_rule_whose_new_pairs_are_many_and_next_to_none_true_is_left_out() -> None:
    found = pairs((200, SURE, {0}), (300, NEVER, {1}), (2, SURE, {1}), (50, SURE, {0, 1}))

    choice = chosen_blocking(found, [0, 1], TRAINING)

    assert choice.used == [0]
    told = choice.yields[1]
    assert (told.pairs, told.true_pairs) == (352, pytest.approx(52))
    assert (told.new_pairs, told.new_true_pairs) == (302, pytest.approx(2))


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
    choice = chosen_blocking(pairs((200, SURE, {0}), *its_own), [0, 1], TRAINING)

    assert choice.used == [0, 1]


@pytest.mark.parametrize(
    ("dear_rule_share", "used"),
    [
        pytest.param(0.1, [0, 1], id="200 are less than a tenth of 3400"),
        pytest.param(0.05, [0], id="and more than a twentieth"),
    ],
)
def test_what_is_a_small_share_of_all_pairs_is_not_dear(
    dear_rule_share: float, used: list[int]
) -> None:
    found = pairs((200, SURE, {0}), (3000, NEVER, {0}), (200, NEVER, {1}))
    training = TRAINING.model_copy(update={"dear_rule_share": dear_rule_share})

    assert chosen_blocking(found, [0, 1], training).used == used


def test_two_rules_that_find_the_same_useless_pairs_do_not_hide_each_other() -> None:
    found = pairs((200, SURE, {0}), (5000, NEVER, {1, 2}), (1, SURE, {1, 2}))

    assert chosen_blocking(found, [0, 1, 2], TRAINING).used == [0]


def test_of_two_rules_that_find_the_same_worthy_pairs_the_second_costs_nothing_and_stays() -> None:
    found = pairs((200, SURE, {0}), (300, NEVER, {1, 2}), (20, SURE, {1, 2}))

    choice = chosen_blocking(found, [0, 1, 2], TRAINING)

    assert choice.used == [0, 1, 2]
    assert [choice.yields[rule].new_pairs for rule in (1, 2)] == [320, 0]


def test_the_worthiest_rule_is_judged_first_whatever_its_place_in_conf() -> None:
    # The first of conf finds the same true pairs as the second, and a hundred times as many others.
    found = pairs((200, SURE, {0, 1}), (20_000, NEVER, {0}))

    choice = chosen_blocking(found, [0, 1], TRAINING)

    assert list(choice.yields) == [1, 0]
    assert choice.used == [1]


def test_where_next_to_no_true_pairs_are_expected_no_rule_is_left_out() -> None:
    few = pairs((90, SURE, {0}), (300, NEVER, {1}))
    enough = pairs((110, SURE, {0}), (300, NEVER, {1}))

    assert chosen_blocking(few, [0, 1], TRAINING).used == [0, 1]
    assert chosen_blocking(enough, [0, 1], TRAINING).used == [0]


def test_the_worthiest_rule_stays_even_if_it_is_not_worth_its_pairs() -> None:
    found = pairs((30_000, NEVER, {0}), (110, SURE, {0}), (40_000, NEVER, {1}), (1, SURE, {1}))

    assert chosen_blocking(found, [0, 1], TRAINING).used == [0]


def test_without_pairs_all_rules_stay() -> None:
    choice = chosen_blocking(pairs(), [0, 3], TRAINING)

    assert choice.used == [0, 3]
    assert choice.recall is None


def test_what_no_rule_finds_is_estimated_by_what_one_and_two_do() -> None:
    # Two rules that each find half of 160 pairs, by chance: 40 are found by neither.
    independent = pairs((40, SURE, {0}), (40, SURE, {1}), (40, SURE, {0, 1}))
    # Three that each find half of 160: 60 by one, 60 by two, 20 by all, 20 by none.
    three = pairs(
        *((20, SURE, {rule}) for rule in (0, 1, 2)),
        *((20, SURE, both) for both in ({0, 1}, {0, 2}, {1, 2}, {0, 1, 2})),
    )
    all_by_two = pairs((40, SURE, {0, 1}))
    all_by_three = pairs((40, SURE, {0, 1, 2}))

    assert chosen_blocking(independent, [0, 1], TRAINING).recall == pytest.approx(120 / 160)
    assert chosen_blocking(three, [0, 1, 2], TRAINING).recall == pytest.approx(140 / 160)
    assert chosen_blocking(all_by_two, [0, 1], TRAINING).recall == pytest.approx(1)
    assert chosen_blocking(all_by_three, [0, 1, 2], TRAINING).recall == pytest.approx(1)


def test_pairs_that_only_a_rule_finds_that_is_left_out_are_missed() -> None:
    found = pairs((200, SURE, {0, 1}), (4000, NEVER, {2}), (20, SURE, {2}))

    choice = chosen_blocking(found, [0, 1, 2], TRAINING)

    assert choice.used == [0, 1]
    # 20 by one, 200 by two, of three rules: one more is found by none.
    assert choice.recall == pytest.approx(200 / (220 + 2 / 3 * 20**2 / (2 * 200)))


@pytest.mark.parametrize(
    ("found", "rules"),
    [
        pytest.param([(40, NEVER, {0, 1})], [0, 1], id="no pair is true"),
        pytest.param([(40, SURE, {0}), (40, SURE, {1})], [0, 1], id="none is found twice"),
        pytest.param([(40, SURE, {0})], [0], id="there is one rule"),
    ],
)
def test_where_nothing_tells_what_is_missed_there_is_no_estimate(
    found: list[tuple[int, float, set[int]]], rules: list[int]
) -> None:
    assert chosen_blocking(pairs(*found), rules, TRAINING).recall is None
