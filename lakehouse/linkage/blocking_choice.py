"""Which blocking rules are worth their pairs, and what share of true pairs they find, as the model has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lakehouse.linkage.sampled_pairs import Integers, SampledPairs, probabilities
from lakehouse.linkage.training_session import Floats
from lakehouse.settings.linkage import TrainingSettings

_LEAST_TRUE_PAIRS = 100
"""Of fewer true pairs nothing is left out: a rule that finds one in thirty may find none of so few."""


@dataclass(frozen=True)
class RuleYield:
    """What a blocking rule finds in the sample: pairs, and how many of them are expected to be true.

    `new_pairs` and `new_true_pairs` count those that no rule finds that was judged before it and is used.
    """

    pairs: int
    true_pairs: float
    new_pairs: int
    new_true_pairs: float

    @property
    def worth(self) -> float:
        """What share of its new pairs is expected to be true."""
        return self.new_true_pairs / max(self.new_pairs, 1)


@dataclass(frozen=True)
class BlockingChoice:
    """Rules by their place in conf: what each yields, in the order of judgement, and which are used.

    `recall` is what share of the true pairs of the sample the rules that are used are estimated to find;
    None where that cannot be estimated.
    """

    yields: Mapping[int, RuleYield]
    used: Sequence[int]
    recall: float | None


class _Tally(NamedTuple):
    """Pairs, and how many of them are expected to be true, by the set of rules that find them."""

    found_by: Integers
    pairs: Integers
    true_pairs: Floats

    def found(self, rules: Sequence[int], but_not_by: Sequence[int] = ()) -> tuple[int, float]:
        """How many pairs, and true ones, any of the rules finds and none of the others."""
        which = (self.found_by & _bits(rules)) != 0
        which &= (self.found_by & _bits(but_not_by)) == 0
        return int(self.pairs[which].sum()), float(self.true_pairs[which].sum())


def chosen_blocking(
    pairs: SampledPairs, rules: Sequence[int], training: TrainingSettings
) -> BlockingChoice:
    """Takes the rules one by one, the worthiest first, and leaves out whose new pairs cost too much.

    Of the rules that are left that one is next of whose pairs, those not counted that a rule in use finds
    already, the largest share is true. It is left out if these are more than `dear_rule_share` of all
    pairs, and more than `pairs_per_true_pair` for each that is expected to be true, or for one where
    fewer are: of a few pairs nothing can be said. The first one is always used.

    Args:
        pairs: of the sample, by all of the rules, under the model's prior.
        rules: places in conf.
        training: conf.
    """
    tally = _tallied(pairs)
    judged: dict[int, RuleYield] = {}
    used: list[int] = []
    while len(judged) < len(rules):
        left = {rule: _yield(tally, rule, used) for rule in rules if rule not in judged}
        best = max(left, key=lambda rule: (left[rule].worth, -rule))
        judged[best] = left[best]
        if not used or not _is_too_dear(left[best], tally, training):
            used.append(best)
    return BlockingChoice(judged, sorted(used), _recall(tally, rules, used))


def _bits(rules: Sequence[int]) -> int:
    return sum(1 << rule for rule in rules)


def _tallied(pairs: SampledPairs) -> _Tally:
    found_by, place = np.unique(pairs.found_by, return_inverse=True)
    true = np.bincount(place, weights=probabilities(pairs.weights), minlength=len(found_by))
    return _Tally(found_by, np.bincount(place, minlength=len(found_by)), true.astype(np.float64))


def _yield(tally: _Tally, rule: int, used: Sequence[int]) -> RuleYield:
    return RuleYield(*tally.found([rule]), *tally.found([rule], but_not_by=used))


def _is_too_dear(found: RuleYield, tally: _Tally, training: TrainingSettings) -> bool:
    if tally.true_pairs.sum() < _LEAST_TRUE_PAIRS:
        return False
    most = training.pairs_per_true_pair
    dear = max(training.dear_rule_share * int(tally.pairs.sum()), most)
    return found.new_pairs > dear and found.new_true_pairs * most < found.new_pairs


def _recall(tally: _Tally, rules: Sequence[int], used: Sequence[int]) -> float | None:
    """What share of the true pairs the rules in use are estimated to find.

    How many no rule at all finds is told by those that one finds and those that two do, with each rule as
    one sample of the pairs (Chao 1987, Estimating the population size for capture-recapture data with
    unequal catchability, Biometrics 43). Rules that tend to find the same pairs make it high, rules of
    unequal reach make it low: it bounds nothing. What only a rule finds that is left out is missed.

    None where there are not two rules, no true pair is expected, or some that one rule finds and none that
    two do.
    """
    finders = sum((tally.found_by >> rule) & 1 for rule in rules)
    once, twice = (float(tally.true_pairs[finders == number].sum()) for number in (1, 2))
    seen = float(tally.true_pairs.sum())
    if len(rules) < 2 or seen < 1 or twice < 1 <= once:
        return None
    unseen = (len(rules) - 1) / len(rules) * once**2 / (2 * max(twice, 1.0))
    return tally.found(used)[1] / (seen + unseen)
