"""What a model leaves out stays out only as long as conf has what made it needless."""

import pytest

from lakehouse.linkage.blocking import used_blocking
from lakehouse.linkage.model import TrainedModel
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.settings.load import load_settings

EMAIL, TOWN, PHONE = ("email_match",), ("city_match",), ("phone_match",)
MODEL = TrainedModel(
    "of a test",
    "of a test",
    ("email_match", "city_match"),
    {},
    1e-4,
    0.0,
    0.0,
    unused_blocking=("city_match",),
    card={
        "blocking": [
            {"rule": "email_match", "is_used": True},
            {"rule": "city_match", "is_used": False},
        ]
    },
)


@pytest.fixture(scope="module")
def settings() -> LinkageSettings:
    return load_settings("test").linkage


def rules(settings: LinkageSettings, *blocking: tuple[str, ...]) -> dict[int, tuple[str, ...]]:
    asked = settings.model_copy(update={"blocking": blocking})
    return {n: tuple(rule) for n, rule in used_blocking(MODEL, asked).items()}


def test_a_rule_that_the_model_leaves_out_is_not_used(settings: LinkageSettings) -> None:
    assert rules(settings, TOWN, EMAIL) == {1: EMAIL}


def test_it_is_used_when_conf_has_lost_a_rule_that_the_model_uses(
    settings: LinkageSettings,
) -> None:
    assert rules(settings, TOWN) == {0: TOWN}


def test_a_rule_that_is_new_in_conf_changes_nothing_about_the_others(
    settings: LinkageSettings,
) -> None:
    name = ("substr(email_match, 1, 5)",)
    assert rules(settings, EMAIL, TOWN, name) == {0: EMAIL, 2: name}


def test_a_rule_whose_columns_the_data_lacks_is_not_used(settings: LinkageSettings) -> None:
    assert rules(settings, PHONE, EMAIL, TOWN) == {1: EMAIL}
