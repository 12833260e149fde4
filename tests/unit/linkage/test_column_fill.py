"""What a model knows nothing of is told by the columns that records have and had not when it was trained."""

from collections.abc import Mapping

import pytest

from lakehouse.linkage.column_fill import ColumnFill, Unlearnt, unlearnt
from lakehouse.linkage.model import TrainedModel, expected_parameters
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.settings.load import load_settings

NAMES = ("given_name_match", "family_name_match")
KNOWN = (*NAMES, "birth_date")
NOTHING = Unlearnt((), ())


@pytest.fixture(scope="module")
def settings() -> LinkageSettings:
    return load_settings("test").linkage


def model_of(settings: LinkageSettings, *columns: str) -> TrainedModel:
    shares = expected_parameters(settings, frozenset(columns))
    return TrainedModel("a", "b", columns, shares, 1e-4, 3.0, -3.0)


def fill(filled: Mapping[str, int], differing: tuple[str, ...] | None = None) -> ColumnFill:
    """Of a thousand records."""
    return ColumnFill(1_000, filled, frozenset(filled if differing is None else differing))


def test_a_column_that_came_after_training_is_named_with_the_contradictions_that_ask_it(
    settings: LinkageSettings,
) -> None:
    model = model_of(settings, *KNOWN)
    now = fill(dict.fromkeys(KNOWN, 1_000) | {"national_id": 300, "city_match": 900})

    found = unlearnt(now, model, settings)

    off = ("twins_of_similar_name", "other_national_id")
    assert found == Unlearnt(("national_id", "city_match"), off)


def test_a_birth_date_brings_back_what_parent_and_child_are_told_by(
    settings: LinkageSettings,
) -> None:
    now = fill(dict.fromkeys(KNOWN, 1_000))

    found = unlearnt(now, model_of(settings, *NAMES), settings)

    assert found == Unlearnt(("birth_date",), ("parent_and_child",))


def test_a_column_that_training_would_not_take_either_is_not_named(
    settings: LinkageSettings,
) -> None:
    model = model_of(settings, *KNOWN)
    rare = int(settings.least_fill * 1_000) - 1
    names = dict.fromkeys(KNOWN, 1_000)

    assert unlearnt(fill(names | {"national_id": rare}), model, settings) == NOTHING
    # All live in one town.
    assert unlearnt(fill(names | {"city_match": 900}, KNOWN), model, settings) == NOTHING


def test_a_model_that_knows_every_column_is_left_in_peace_also_where_one_has_gone(
    settings: LinkageSettings,
) -> None:
    model = model_of(settings, *KNOWN, "national_id")

    assert (
        unlearnt(fill(dict.fromkeys(KNOWN, 1_000) | {"national_id": 0}), model, settings) == NOTHING
    )


def test_a_column_that_pairs_are_only_looked_for_by_is_named_too(
    settings: LinkageSettings,
) -> None:
    added = settings.model_copy(update={"blocking": (*settings.blocking, ("secondary_phone",))})
    now = fill(dict.fromkeys(KNOWN, 1_000) | {"secondary_phone": 500})

    assert unlearnt(now, model_of(settings, *KNOWN), added) == Unlearnt(("secondary_phone",), ())
