"""Pairs join from the lowest weight at which they, and the clusters that they make, are precise enough."""

import numpy as np
import pytest

from lakehouse.linkage.sampled_pairs import NO_PAIRS, SampledPairs
from lakehouse.linkage.threshold import estimated_precision, join_weight
from lakehouse.settings.linkage import ThresholdSettings

USED, LEFT_OUT = 0, 1
"""Places of two blocking rules, of which runs use the first."""
AUTO = ThresholdSettings(join="auto", precision=0.95, cluster_precision=0.8, lowest_join=1.0)


def pairs(*rows: tuple[int, int, float], found_by: int = USED) -> SampledPairs:
    """Pairs of two numbered records and their match weight, in bits, that this rule finds."""
    left, right, weights = zip(*rows, strict=True)
    numbers = (np.array(side, dtype=np.int64) for side in (left, right))
    return SampledPairs(np.array(weights), *numbers, np.full(len(rows), 1 << found_by))


def together(*parts: SampledPairs) -> SampledPairs:
    columns = ("weights", "left", "right", "found_by")
    return SampledPairs(*(np.concatenate([getattr(p, name) for p in parts]) for name in columns))


def joins_from(found: SampledPairs, thresholds: ThresholdSettings = AUTO) -> float:
    return join_weight(found.found_by_any([USED]), found, thresholds)


def couples(first: int, count: int, weight: float) -> list[tuple[int, int, float]]:
    return [(first + 2 * n, first + 2 * n + 1, weight) for n in range(count)]


def test_sure_pairs_join_from_the_lowest_weight_on() -> None:
    assert joins_from(pairs(*couples(0, 50, 12.0))) == 1.0


def test_doubtful_pairs_raise_the_threshold_above_them() -> None:
    doubtful = pairs(*couples(0, 50, 12.0), *couples(200, 50, 2.2))

    assert joins_from(doubtful) == 2.5


def test_pairs_that_chain_people_who_are_unlike_raise_it_although_each_is_likely() -> None:
    # Households: five people, each like the next, all others scored and found unlike.
    chains = [
        (10 * n + a, 10 * n + b, 6.0 if b == a + 1 else -20.0)
        for n in range(20)
        for a in range(5)
        for b in range(a + 1, 5)
    ]
    found = pairs(*chains, *couples(1000, 50, 12.0))

    of_pairs, of_clusters = estimated_precision(found, found, 1.0)
    assert of_pairs is not None
    assert of_clusters is not None
    assert of_pairs > AUTO.precision
    assert of_clusters < AUTO.cluster_precision
    assert joins_from(found) == 6.5


def test_a_number_in_conf_is_taken_as_it_is() -> None:
    assert joins_from(pairs(*couples(0, 5, -3.0)), ThresholdSettings(join=7.25)) == 7.25


def test_without_pairs_the_lowest_weight_holds() -> None:
    assert joins_from(NO_PAIRS) == 1.0


def test_a_pair_that_only_a_left_out_rule_finds_joins_nobody_but_tells_of_a_cluster() -> None:
    # Two chains of three whose ends no rule in use finds together: they are two people each time.
    chains = pairs((0, 1, 6.0), (1, 2, 6.0), (3, 4, 6.0), (4, 5, 6.0))
    ends = pairs((0, 2, -20.0), (3, 5, -20.0), found_by=LEFT_OUT)
    likely_elsewhere = pairs(*couples(10, 50, 30.0), found_by=LEFT_OUT)
    found = together(chains, ends, likely_elsewhere)

    of_pairs, of_clusters = estimated_precision(found.found_by_any([USED]), found, 1.0)

    assert of_pairs == pytest.approx(64 / 65)
    assert of_clusters == pytest.approx(2 / 3 * 64 / 65, abs=0.001)
    assert joins_from(found) == 6.5


def test_where_nothing_joins_no_precision_is_claimed() -> None:
    unlike = pairs(*couples(0, 5, -3.0))

    assert estimated_precision(unlike, unlike, 1.0) == (None, None)
    assert estimated_precision(NO_PAIRS, NO_PAIRS, 1.0) == (None, None)
