"""Which blocking rules are worth their pairs, and what share of true pairs they find, as the model has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lakehouse.linkage.sampled_pairs import SampledPairs, probabilities
from lakehouse.linkage.training_session import Floats
from lakehouse.settings.linkage import TrainingSettings


@dataclass(frozen=True)
class RuleYield:
    """What a blocking rule finds in the sample: pairs, and how many of them are expected to be true.

    `own_pairs` and `own_true_pairs` count those that no other rule that is used finds.
    """

    pairs: int
    true_pairs: float
    own_pairs: int
    own_true_pairs: float


@dataclass(frozen=True)
class BlockingChoice:
    """Rules by their place in conf: what each yields, and which are worth it.

    `recall` is what share of the true pairs of the sample the rules that are used are expected to find,
    at most; None where none is expected.
    """

    yields: Mapping[int, RuleYield]
    used: Sequence[int]
    recall: float | None


def chosen_blocking(
    pairs: SampledPairs, rules: Sequence[int], training: TrainingSettings
) -> BlockingChoice:
    """Leaves out, the least worthy first, the rules whose own pairs are many and next to none of them true.

    A rule is left out if the pairs that it alone finds are more than `dear_rule_share` of all, and more
    than `pairs_per_true_pair` for each that is expected to be true, or for one where fewer are: of a few
    pairs nothing can be said. What a rule alone finds is counted again whenever another has gone.

    Args:
        pairs: of the sample, by all of the rules, under the model's prior.
        rules: places in conf.
        training: conf.
    """
    true = probabilities(pairs.weights)
    used = list(rules)
    while (unworthy := _least_worthy(pairs, true, used, training)) is not None:
        used.remove(unworthy)
    yields = {rule: _yield(pairs, true, rule, used) for rule in rules}
    return BlockingChoice(yields, used, _recall(pairs, true, used))


def _least_worthy(
    pairs: SampledPairs, true: Floats, used: Sequence[int], training: TrainingSettings
) -> int | None:
    """The rule to leave out next; None if all are worth their pairs."""
    most = training.pairs_per_true_pair
    dear = max(training.dear_rule_share * len(pairs.weights), most)
    found = {rule: _yield(pairs, true, rule, used) for rule in used}
    worth = {
        rule: y.own_true_pairs / y.own_pairs
        for rule, y in found.items()
        if y.own_pairs > dear and y.own_true_pairs * most < y.own_pairs
    }
    return min(worth, key=lambda rule: (worth[rule], rule), default=None)


def _yield(pairs: SampledPairs, true: Floats, rule: int, used: Sequence[int]) -> RuleYield:
    others = sum(1 << other for other in used if other != rule)
    found = (pairs.found_by & (1 << rule)) != 0
    own = found & ((pairs.found_by & others) == 0)
    return RuleYield(
        int(found.sum()), float(true[found].sum()), int(own.sum()), float(true[own].sum())
    )


def _recall(pairs: SampledPairs, true: Floats, used: Sequence[int]) -> float | None:
    """What share of the true pairs the rules find, at most.

    By those that one rule finds and those that two do it is known how many there are that none does, at
    least (Chao 1987, Estimating the population size for capture-recapture data with unequal
    catchability, Biometrics 43): rules that tend to find the same pairs leave more.
    """
    finders = sum(((pairs.found_by >> rule) & 1) for rule in used)
    found, once, twice = (
        float(true[which].sum()) for which in (finders > 0, finders == 1, finders == 2)
    )
    unseen = once**2 / (2 * twice) if twice else 0.0
    return found / (found + unseen) if found else None
