"""How well the model agrees with stewards: their decisions as labels of the pairs that it scored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse.linkage.refine import SAME

BOUNDS = (0.0, 0.01, 0.5, 0.9, 0.99, 0.999)
"""From which probability on each bin of the calibration begins."""


@dataclass(frozen=True)
class Label:
    """One decided pair. `margin` and `probability` are None where the model saw too little to keep it."""

    is_same: bool
    margin: float | None
    probability: float | None
    is_contradicted: bool

    @property
    def is_joined(self) -> bool:
        """True if the pair alone, without the decision, would join."""
        return self.margin is not None and self.margin >= 0 and not self.is_contradicted


@dataclass(frozen=True)
class CalibrationBin:
    """Decided pairs whose probability lies in [low, high)."""

    low: float
    high: float
    pairs: int
    mean_probability: float
    same_share: float


@dataclass(frozen=True)
class DecisionEvaluation:
    """What the model alone would say of pairs that stewards decided about.

    `brier` is the mean squared distance between probability and decision (Brier, 1950): 0 is best, and
    0.25 is what a coin would get. Pairs that were never scored count with a probability of 0.
    """

    same: int
    different: int
    joined_same: int
    joined_different: int
    unscored: int
    brier: float
    bins: Sequence[CalibrationBin]

    @property
    def precision(self) -> float | None:
        """Share of same among decided pairs that the model would join; None if it would join none."""
        joined = self.joined_same + self.joined_different
        return self.joined_same / joined if joined else None

    @property
    def recall(self) -> float | None:
        """Share of the pairs decided to be the same that the model would join; None if there are none."""
        return self.joined_same / self.same if self.same else None


def decision_labels(overrides: DataFrame, edges: DataFrame) -> list[Label]:
    """The labels of decided pairs. People made them one by one, so that they fit the driver.

    Args:
        overrides: record_key_l, record_key_r, decision (same or different).
        edges: linkage.scored_edge.
    """
    scored = edges.select(
        "record_key_l", "record_key_r", "join_margin", "match_probability", "contradiction"
    )
    rows = overrides.join(scored, on=["record_key_l", "record_key_r"], how="left").collect()
    return [
        Label(
            row.decision == SAME,
            row.join_margin,
            row.match_probability,
            row.contradiction is not None,
        )
        for row in rows
    ]


def decision_evaluation(labels: Iterable[Label]) -> DecisionEvaluation:
    """What the labels say of the model that scored them."""
    known = list(labels)
    squares = [((label.probability or 0.0) - label.is_same) ** 2 for label in known]
    return DecisionEvaluation(
        same=sum(label.is_same for label in known),
        different=sum(not label.is_same for label in known),
        joined_same=sum(label.is_same and label.is_joined for label in known),
        joined_different=sum(label.is_joined and not label.is_same for label in known),
        unscored=sum(label.probability is None for label in known),
        brier=sum(squares) / len(known) if known else 0.0,
        bins=_bins([(label.probability or 0.0, label.is_same) for label in known]),
    )


def _bins(known: Sequence[tuple[float, bool]]) -> list[CalibrationBin]:
    found = []
    for low, high in zip(BOUNDS, (*BOUNDS[1:], 1.0), strict=True):
        is_last = low == BOUNDS[-1]
        inside = [(p, same) for p, same in known if low <= p < high or (is_last and p >= low)]
        if inside:
            mean = sum(p for p, _ in inside) / len(inside)
            share = sum(same for _, same in inside) / len(inside)
            found.append(CalibrationBin(low, high, len(inside), mean, share))
    return found
