"""Prior and threshold, read off the scored pairs of the sample."""

import numpy as np

from lakehouse.linkage.sampled_pairs import SampledPairs, probabilities
from lakehouse.linkage.training_session import Floats
from lakehouse.settings.linkage import ThresholdSettings

FIRST_PRIOR = 1e-4
"""That two people are one, before anything is known."""
_HIGHEST_JOIN = 20.0
_STEP = 0.5


def fitted_prior(evidence_weights: Floats, all_pairs: float) -> float:
    """The prior under which the model expects as many true pairs as the prior says there are.

    This is the maximum-likelihood prior for the given levels, with pairs that no blocking rule
    found taken as no match. At least one true pair is assumed.
    """
    prior = FIRST_PRIOR
    for _ in range(500):
        expected = probabilities(evidence_weights + np.log2(prior / (1 - prior))).sum()
        before, prior = prior, float(min(max(expected, 1.0) / all_pairs, 0.5))
        if abs(prior - before) <= 1e-10 * before:
            break
    return prior


def join_weight(used: SampledPairs, scored: SampledPairs, thresholds: ThresholdSettings) -> float:
    """The lowest weight from which on the pairs, and their clusters, are precise by the model's estimate.

    Args:
        used: the pairs that the blocking rules in use find.
        scored: these and all others that were scored.
        thresholds: conf.
    """
    if thresholds.join != "auto":
        return thresholds.join
    join = thresholds.lowest_join
    while join < _HIGHEST_JOIN and not _is_precise(used, scored, join, thresholds):
        join += _STEP
    return join


def _is_precise(
    used: SampledPairs, scored: SampledPairs, join: float, thresholds: ThresholdSettings
) -> bool:
    of_pairs, of_clusters = estimated_precision(used, scored, join)
    return (of_pairs is None or of_pairs >= thresholds.precision) and (
        of_clusters is None or of_clusters >= thresholds.cluster_precision
    )


def estimated_precision(
    used: SampledPairs, scored: SampledPairs, join: float
) -> tuple[float | None, float | None]:
    """What share of the used pairs from that weight on are true, and of all scored within their clusters.

    The shape of clusters shows in the latter: where weak pairs chain people together, their records were
    scored against each other too, and found unlike. A run scores all pairs of a group, whatever rule
    finds them. None where nothing joins.
    """
    joined = used.from_weight(join)
    within = scored.within_clusters(joined)
    return _mean_probability(joined), _mean_probability(within)


def _mean_probability(pairs: SampledPairs) -> float | None:
    return float(probabilities(pairs.weights).mean()) if len(pairs.weights) else None
