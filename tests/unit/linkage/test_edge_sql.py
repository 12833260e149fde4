"""What is asked of a pair, by conf and the model: scored by DuckDB alone."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.linkage.model import TrainedModel, expected_parameters, frequency_columns
from lakehouse.linkage.score_duckdb import pairs
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.settings.load import load_settings

TWIN = {
    "given_name_match": "anna",
    "given_name_root": "anna",
    "family_name_match": "rossini",
    "birth_date": "1990-05-05",
    "email_match": "rossini@home.org",
    "street_match": "1 elm st",
    "postcode_match": "99991",
    "city_match": "rome",
    "name_suffix": "jr",
    "national_id": "123456671",
}
JOIN, REVIEW = 3.0, 1.0


@pytest.fixture(scope="module")
def settings() -> LinkageSettings:
    return load_settings("test").linkage


@pytest.fixture(scope="module")
def model(settings: LinkageSettings) -> TrainedModel:
    columns = tuple(TWIN)
    expected = expected_parameters(settings, frozenset(columns))
    return TrainedModel("m", "conf", columns, expected, 1e-4, JOIN, REVIEW)


def scored(
    model: TrainedModel,
    settings: LinkageSettings,
    changed: Mapping[str, str | None],
    first: Mapping[str, str | None] = TWIN,
) -> dict[str, Any]:
    """The pair of `TWIN`, who has the values of `first`, and one who differs in what is `changed`."""
    frequencies = {f"tf_{c}": 0.01 for c in frequency_columns(settings, model.present)}
    own = {"single_system": None, **frequencies}
    left = {"record_key": "a", **TWIN, **first, **own}
    rows = [left, {**left, "record_key": "b", **changed}]
    text = [(c, pa.string()) for c in ("record_key", *TWIN, "single_system")]
    schema = pa.schema([*text, *((c, pa.float64()) for c in frequencies)])
    (found,) = pairs(pa.Table.from_pylist(rows, schema=schema), model, settings)
    return found


def with_thresholds(settings: LinkageSettings, **changed: Any) -> LinkageSettings:
    thresholds = settings.thresholds.model_copy(update=changed)
    return settings.model_copy(update={"thresholds": thresholds})


def test_a_threshold_of_conf_goes_before_that_of_the_model(
    settings: LinkageSettings, model: TrainedModel
) -> None:
    by_model = scored(model, settings, {})
    by_conf = scored(model, with_thresholds(settings, join=12.0), {})
    assert by_model["match_weight"] - by_model["join_margin"] == pytest.approx(JOIN)
    assert by_conf["match_weight"] - by_conf["join_margin"] == pytest.approx(12.0)


def test_pairs_are_kept_as_far_below_joining_as_conf_says(
    settings: LinkageSettings, model: TrainedModel
) -> None:
    auto, fixed = settings.thresholds, with_thresholds(settings, join=12.0, review=10.0).thresholds
    assert model.kept_from(auto) == JOIN - auto.review
    assert model.kept_from(fixed) == 2.0


@pytest.mark.parametrize(
    ("differing", "contradiction"),
    [
        # The ids of twins lie one or two digits apart.
        ({"given_name_match": "greta", "given_name_root": "greta", "national_id": "123456672"},
         "other_given_name"),
        ({"given_name_match": "greta", "given_name_root": "greta", "national_id": "123456627"},
         "other_given_name"),
        ({"birth_date": "1960-02-17", "national_id": "123456672"}, "parent_and_child"),
        # One id is one person, by whatever name; an id that was mistyped is no second person.
        ({"given_name_match": "greta", "given_name_root": "greta"}, None),
        ({"national_id": "123456672"}, None),
        ({"national_id": "987654321"}, "other_national_id"),
        ({"name_suffix": "sr"}, "generation_suffix"),
        ({"name_suffix": None}, None),
    ],
)  # fmt: skip
def test_what_makes_two_people_of_a_pair(
    settings: LinkageSettings,
    model: TrainedModel,
    differing: dict[str, str | None],
    contradiction: str | None,
) -> None:
    assert scored(model, settings, differing)["contradiction"] == contradiction


@pytest.mark.parametrize(
    ("differing", "contradiction"),
    [
        ({}, "twins_of_similar_name"),
        # Under one number, or of another day or family, nothing says that they are twins.
        ({"national_id": "800101123"}, None),
        ({"birth_date": "1980-01-02"}, None),
        ({"family_name_match": "novotna"}, None),
        ({"given_name_match": "jan", "given_name_root": "jan"}, None),
    ],
)
def test_twins_named_alike_whose_numbers_follow_each_other_are_two_people(
    settings: LinkageSettings,
    model: TrainedModel,
    differing: dict[str, str | None],
    contradiction: str | None,
) -> None:
    common = {"family_name_match": "novak", "birth_date": "1980-01-01"}
    jan = {**common, "given_name_match": "jan", "given_name_root": "jan"}
    jana = {**common, "given_name_match": "jana", "given_name_root": "jana"}
    found = scored(
        model,
        settings,
        {**jana, "national_id": "800101124", **differing},
        {**jan, "national_id": "800101123"},
    )
    assert found["contradiction"] == contradiction
