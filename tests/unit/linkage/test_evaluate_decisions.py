"""The model against stewards' decisions, on pairs that can be counted by hand."""

import pytest

from lakehouse.linkage.evaluate_decisions import Label, decision_evaluation
from lakehouse.pipeline.reviews import decision_report


def label(is_same: bool, margin: float | None, probability: float | None) -> Label:
    return Label(is_same, margin, probability, is_contradicted=False)


LABELS = [
    label(True, 2.0, 0.995),
    label(True, 1.0, 0.991),
    label(True, -3.0, 0.6),
    label(True, None, None),
    label(False, 0.5, 0.992),
    label(False, -4.0, 0.3),
    Label(False, 3.0, 0.9995, is_contradicted=True),
]


def test_precision_and_recall_are_of_the_model_alone() -> None:
    found = decision_evaluation(LABELS)
    assert (found.same, found.different, found.unscored) == (4, 3, 1)
    assert (found.joined_same, found.joined_different) == (2, 1)
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 4)


def test_calibration_says_per_bin_what_was_claimed_and_what_was_so() -> None:
    bins = {b.low: (b.high, b.pairs, b.same_share) for b in decision_evaluation(LABELS).bins}
    assert bins == {
        0.0: (0.01, 1, 1.0),
        0.01: (0.5, 1, 0.0),
        0.5: (0.9, 1, 1.0),
        0.99: (0.999, 3, pytest.approx(2 / 3)),
        0.999: (1.0, 1, 0.0),
    }


def test_a_model_that_is_always_right_has_a_brier_score_of_0_and_a_coin_a_quarter() -> None:
    sure = [label(True, 9.0, 1.0), label(False, -9.0, 0.0)]
    coin = [label(True, 0.0, 0.5), label(False, 0.0, 0.5)]
    assert decision_evaluation(sure).brier == 0.0
    assert decision_evaluation(coin).brier == 0.25
    assert sum(b.pairs for b in decision_evaluation(sure).bins) == 2


def test_without_decisions_there_is_nothing_to_tell() -> None:
    found = decision_evaluation([])
    assert (found.precision, found.recall, found.bins) == (None, None, [])
    assert "nothing to hold links against" in decision_report(found).lines[0]
