"""The notice tells persons what is held of them and why, from specs and conf alone."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lakehouse.cli import app
from lakehouse.errors import ExitCode
from lakehouse.privacy.notice import privacy_notice
from lakehouse.privacy.processing_record import processing_record
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.settings.purposes import Controller


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings("test")


def notice(settings: Settings, regime: str) -> str:
    return privacy_notice(
        processing_record(settings),
        settings.purposes.purposes,
        settings.sources,
        Controller(name="Acme", contact="privacy@acme.example"),
        settings.regimes.regimes[regime],
    )


def test_it_says_who_why_with_whom_how_long_and_how_to_ask(settings: Settings) -> None:
    text = notice(settings, "gdpr")

    assert "Acme. Write to: privacy@acme.example." in text
    for purpose in settings.purposes.purposes.values():
        assert f"| {purpose.title} | {purpose.text} |" in text
    assert "article 6(1)(a), your consent | providers that send e-mail" in text
    assert "| Payment or refund. | payment id" not in text
    assert "| Payment or refund. | source record id, corrections, paid at, method, status" in text
    assert "| as long as a source tells it, then 1,095 days |" in text
    assert "Only if you agreed: Telling you of offers." in text
    assert "answer within 30 days, or 60 more if it is complex." in text


def test_it_names_the_sources_that_tell_of_persons_and_no_other(settings: Settings) -> None:
    text = notice(settings, "gdpr")
    described = {source.name: source.description for source in settings.sources}

    assert f"- {described['crm_contact']}" in text
    assert described["weather_store"] not in text


def test_each_law_has_its_own_words_rights_and_days(settings: Settings) -> None:
    gdpr, ccpa = notice(settings, "gdpr"), notice(settings, "ccpa")

    assert "forbid that it is sold" in ccpa
    assert "forbid that it is sold" not in gdpr
    assert "answer within 45 days, or 45 more" in ccpa
    assert "If you ask to forbid that it is sold or shared for advertising, within 15 days." in ccpa
    assert "article 6" not in ccpa


def test_every_table_about_persons_stands_in_it(settings: Settings) -> None:
    text = notice(settings, "uk_gdpr")
    held = [held for held in processing_record(settings) if held.path]

    rows = [line for line in text.splitlines() if line.endswith((" days |", "not by age |"))]
    assert len(rows) == len(held)


def test_the_command_writes_it_for_the_law_that_is_named() -> None:
    result = CliRunner().invoke(app, ["privacy", "notice", "--regime", "ccpa", "--env", "test"])

    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("# What we hold of you, and why\n\nUnder the California")


def test_a_law_that_conf_lacks_is_refused() -> None:
    result = CliRunner().invoke(app, ["privacy", "notice", "--regime", "utopia", "--env", "test"])

    assert result.exit_code == ExitCode.BAD_INPUT
    assert "gdpr, uk_gdpr, ccpa" in result.stderr


def test_no_notice_is_written_where_nobody_answers_for_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("C360_SECRET", "a-secret-of-production")
    monkeypatch.setenv("C360_LAKE_ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("C360_LANDING", str(tmp_path / "landing"))
    monkeypatch.setenv("C360_WORK_DIR", str(tmp_path / "work"))
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))

    result = CliRunner().invoke(app, ["privacy", "notice", "--env", "prod"])

    assert result.exit_code == ExitCode.BAD_CONFIGURATION
    assert "controller" in result.stderr
