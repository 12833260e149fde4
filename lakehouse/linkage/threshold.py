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


def join_weight(pairs: SampledPairs, thresholds: ThresholdSettings) -> float:
    """The lowest weight from which on the pairs, and their clusters, are precise by the model's estimate."""
    if thresholds.join != "auto":
        return thresholds.join
    join = thresholds.lowest_join
    while join < _HIGHEST_JOIN and not _is_precise(pairs, join, thresholds):
        join += _STEP
    return join


def _is_precise(pairs: SampledPairs, join: float, thresholds: ThresholdSettings) -> bool:
    of_pairs, of_clusters = estimated_precision(pairs, join)
    return of_pairs >= thresholds.precision and of_clusters >= thresholds.cluster_precision


def estimated_precision(pairs: SampledPairs, join: float) -> tuple[float, float]:
    """What share of the pairs from that weight on are true, and of all pairs within their clusters.

    The shape of clusters shows in the latter: where weak pairs chain people together, their records were
    scored against each other too, and found unlike. 1 where there are none.
    """
    joined = pairs.weights[pairs.weights >= join]
    within = pairs.within_clusters(join).weights
    return (
        float(probabilities(joined).mean()) if len(joined) else 1.0,
        float(probabilities(within).mean()) if len(within) else 1.0,
    )
