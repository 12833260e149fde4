"""What is doubtful about a model is said, by rule and comparison."""

import pytest

from lakehouse.linkage.doubts import doubtful
from lakehouse.linkage.model import TrainedModel, expected_parameters
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.settings.load import load_settings

COLUMNS = ("given_name_match", "family_name_match", "birth_date", "national_id")


@pytest.fixture(scope="module")
def settings() -> LinkageSettings:
    loaded = load_settings("test").linkage
    return loaded.model_copy(update={"least_fill": 0.002})


@pytest.fixture(scope="module")
def model(settings: LinkageSettings) -> TrainedModel:
    expected = expected_parameters(settings, frozenset(COLUMNS))
    return TrainedModel("none", "none", COLUMNS, expected, 1e-4, 0.0, 0.0)


def test_a_contradiction_by_a_column_that_few_records_have_is_said_to_hold_for_nothing(
    settings: LinkageSettings, model: TrainedModel
) -> None:
    assert doubtful(model, frozenset({"name_suffix"}), [], settings) == [
        "the contradiction generation_suffix holds for nothing: fewer than 0.2 % of the records have"
        " name_suffix"
    ]


def test_of_a_column_that_no_record_has_nothing_is_said(
    settings: LinkageSettings, model: TrainedModel
) -> None:
    assert doubtful(model, frozenset(), [], settings) == []


def test_a_rare_column_that_no_contradiction_asks_for_is_not_worth_a_word(
    settings: LinkageSettings, model: TrainedModel
) -> None:
    assert doubtful(model, frozenset({"social_handle", "given_name_sound"}), [], settings) == []


def test_a_blocking_rule_that_is_not_used_is_named_with_the_reason(
    settings: LinkageSettings, model: TrainedModel
) -> None:
    counts = {"new_pairs": 9000, "new_true_pairs": 1.5}
    told = [
        {"rule": "phone_match", "is_used": True, **counts},
        {"rule": "city_match", "is_used": False, **counts},
    ]

    assert doubtful(model, frozenset(), told, settings) == [
        "the blocking rule city_match is not used: of 9000 pairs that no worthier rule finds 1.5 are"
        " expected to be true"
    ]


def test_a_contradiction_that_is_set_aside_is_named(
    settings: LinkageSettings, model: TrainedModel
) -> None:
    misspelt = TrainedModel(
        *("none", "none", COLUMNS, model.comparisons, 1e-4, 0.0, 0.0), unlike={"given_name": 0.5}
    )
    assert doubtful(misspelt, frozenset(), [], settings) == [
        f"the contradiction {name} is set aside: more than 0.02 of true pairs are unlike in given_name"
        for name in ("other_given_name", "relative_of_similar_name", "twins_of_similar_name")
    ]
