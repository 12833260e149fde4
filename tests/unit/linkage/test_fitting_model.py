"""A model fits the conf that it was trained by, also where the data had nothing of what conf asks."""

import pytest

from lakehouse.errors import LinkageError
from lakehouse.linkage.artefact import load_model, save_model
from lakehouse.linkage.model import TrainedModel, expected_parameters
from lakehouse.linkage.score import check_model
from lakehouse.settings.linkage import ComparisonKind, ComparisonRule, LinkageSettings
from lakehouse.settings.load import load_settings

SECOND_PHONE = ComparisonRule(
    name="second_phone", kind=ComparisonKind.EXACT, columns=("secondary_phone",)
)


@pytest.fixture(scope="module")
def settings() -> LinkageSettings:
    return load_settings("test").linkage


def gained(settings: LinkageSettings, *rules: ComparisonRule) -> LinkageSettings:
    return settings.model_copy(update={"comparisons": (*settings.comparisons, *rules)})


def of_emails(settings: LinkageSettings) -> TrainedModel:
    """A model trained by this conf on records that had nothing but an e-mail address."""
    shares = expected_parameters(settings, frozenset({"email_match"}))
    asked = {rule.name: rule.columns for rule in settings.comparisons}
    return TrainedModel("a", "b", ("email_match",), shares, 1e-4, 3.0, -3.0, asked=asked)


def test_a_comparison_that_conf_has_gained_is_refused_though_training_would_have_found_it_empty(
    settings: LinkageSettings,
) -> None:
    model = of_emails(settings)

    check_model(model, settings)
    with pytest.raises(LinkageError, match="comparisons second_phone differ"):
        check_model(model, gained(settings, SECOND_PHONE))
    check_model(of_emails(gained(settings, SECOND_PHONE)), gained(settings, SECOND_PHONE))


def test_a_comparison_of_another_column_is_another_comparison(settings: LinkageSettings) -> None:
    by_phone = SECOND_PHONE.model_copy(update={"columns": ("phone_match",)})

    with pytest.raises(LinkageError, match="second_phone"):
        check_model(of_emails(gained(settings, by_phone)), gained(settings, SECOND_PHONE))


def test_what_was_asked_is_kept_with_a_model_and_a_file_from_before_tells_nothing_of_it(
    settings: LinkageSettings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = save_model(of_emails(settings), tmp_path_factory.mktemp("models"), "2026-01-05")
    kept = load_model(path)
    path.write_text(path.read_text().replace('"asked"', '"of another version"'))
    from_before = load_model(path)

    assert kept.asked == of_emails(settings).asked
    assert from_before.asked is None
    check_model(from_before, gained(settings, SECOND_PHONE))
