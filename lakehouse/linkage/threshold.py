"""Prior and threshold, read off the scored pairs of the sample."""

import numpy as np

from lakehouse.linkage.training_session import Floats
from lakehouse.settings.linkage import ThresholdSettings

FIRST_PRIOR = 1e-4
"""That two people are one, before anything is known."""
_HIGHEST_JOIN = 20.0


def probabilities(weights: Floats) -> Floats:
    """That the pairs of these match weights, in bits, are one person each."""
    return np.asarray(1 / (1 + np.exp2(-np.clip(weights, -500, 500))))


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


def join_weight(weights: Floats, thresholds: ThresholdSettings) -> float:
    """The lowest weight from which on the pairs reach the precision, by the model's own
    estimate.
    """
    if thresholds.join != "auto":
        return thresholds.join
    join = thresholds.lowest_join
    while join < _HIGHEST_JOIN:
        above = probabilities(weights[weights >= join])
        if not len(above) or above.mean() >= thresholds.precision:
            break
        join += 0.5
    return join
