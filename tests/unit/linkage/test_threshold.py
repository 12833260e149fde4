"""Pairs join from the lowest weight at which they, and the clusters that they make, are precise enough."""

import numpy as np

from lakehouse.linkage.sampled_pairs import NO_PAIRS, SampledPairs
from lakehouse.linkage.threshold import estimated_precision, join_weight
from lakehouse.settings.linkage import ThresholdSettings

AUTO = ThresholdSettings(join="auto", precision=0.95, cluster_precision=0.8, lowest_join=1.0)


def pairs(*rows: tuple[int, int, float]) -> SampledPairs:
    """Pairs of two numbered records and their match weight, in bits."""
    left, right, weights = zip(*rows, strict=True)
    numbers = (np.array(side, dtype=np.int64) for side in (left, right))
    return SampledPairs(np.array(weights), *numbers, np.ones(len(rows), dtype=np.int64))


def couples(first: int, count: int, weight: float) -> list[tuple[int, int, float]]:
    return [(first + 2 * n, first + 2 * n + 1, weight) for n in range(count)]


def test_sure_pairs_join_from_the_lowest_weight_on() -> None:
    assert join_weight(pairs(*couples(0, 50, 12.0)), AUTO) == 1.0


def test_doubtful_pairs_raise_the_threshold_above_them() -> None:
    doubtful = pairs(*couples(0, 50, 12.0), *couples(200, 50, 2.2))

    assert join_weight(doubtful, AUTO) == 2.5


def test_pairs_that_chain_people_who_are_unlike_raise_it_although_each_is_likely() -> None:
    # Households: five people, each like the next, all others scored and found unlike.
    chains = [
        (10 * n + a, 10 * n + b, 6.0 if b == a + 1 else -20.0)
        for n in range(20)
        for a in range(5)
        for b in range(a + 1, 5)
    ]
    found = pairs(*chains, *couples(1000, 50, 12.0))

    of_pairs, of_clusters = estimated_precision(found, 1.0)
    assert of_pairs > AUTO.precision
    assert of_clusters < AUTO.cluster_precision
    assert join_weight(found, AUTO) == 6.5


def test_a_number_in_conf_is_taken_as_it_is() -> None:
    assert join_weight(pairs(*couples(0, 5, -3.0)), ThresholdSettings(join=7.25)) == 7.25


def test_without_pairs_the_lowest_weight_holds() -> None:
    assert join_weight(NO_PAIRS, AUTO) == 1.0
