"""A secret is told by where it is, and is in no message, text or digest."""

import logging
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from lakehouse.errors import ConfigurationError
from lakehouse.settings.load import load_settings

CANARY = "canary-secret-of-this-test"


@pytest.fixture
def prod(conf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file lakehouse.yml of production, complete but for its secret."""
    file = conf / "prod" / "lakehouse.yml"
    file.write_text("root: /lake\nlanding: /landing\nwork_dir: work\n", encoding="utf-8")
    return file


def secret_of(file: Path, reference: str) -> str:
    text = file.read_text("utf-8")
    file.write_text(f"{text}secret: '{reference}'\n", encoding="utf-8")
    return load_settings("prod").lake.secret.get_secret_value()


def test_a_variable_holds_the_secret(prod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_SECRET", CANARY)

    assert secret_of(prod, "env:LAKE_SECRET") == CANARY


def test_c360_secret_may_hold_the_secret_or_a_reference(
    prod: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = tmp_path / "secret"
    held.write_text(CANARY + "\n", encoding="utf-8")
    held.chmod(0o600)
    monkeypatch.setenv("C360_SECRET", f"file:{held}")
    by_file = load_settings("prod").lake.secret.get_secret_value()
    monkeypatch.setenv("C360_SECRET", CANARY)

    assert by_file == load_settings("prod").lake.secret.get_secret_value() == CANARY


def test_a_file_that_everybody_may_read_is_refused(prod: Path, tmp_path: Path) -> None:
    held = tmp_path / "secret"
    held.write_text(CANARY, encoding="utf-8")
    held.chmod(0o644)

    with pytest.raises(ConfigurationError, match="everybody may read") as refused:
        secret_of(prod, f"file:{held}")

    assert CANARY not in str(refused.value)


def test_an_entry_of_the_keyring_is_the_secret(prod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {("c360", "lake"): CANARY}
    keyring = SimpleNamespace(get_password=lambda service, name: entries.get((service, name)))
    monkeypatch.setitem(sys.modules, "keyring", keyring)

    assert secret_of(prod, "keyring:c360/lake") == CANARY


def test_a_key_of_a_secret_scope_is_the_secret(prod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scope = SimpleNamespace(get=lambda scope, key: CANARY if (scope, key) == ("s", "k") else "")
    runtime = SimpleNamespace(dbutils=SimpleNamespace(secrets=scope))
    monkeypatch.setitem(sys.modules, "databricks.sdk.runtime", runtime)

    assert secret_of(prod, "databricks:s/k") == CANARY


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("env:NO_SUCH_VARIABLE", "no variable NO_SUCH_VARIABLE"),
        ("file:/no/such/file", "cannot be read"),
        ("file:secret", "whole path"),
        ("keyring:c360", "keyring:service/name"),
        ("databricks:scope", "databricks:scope/key"),
    ],
)
def test_a_reference_that_leads_nowhere_says_why(prod: Path, reference: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        secret_of(prod, reference)


@pytest.mark.parametrize(
    ("module", "reference", "told"),
    [
        ("keyring", "keyring:c360/lake", "package keyring"),
        ("databricks.sdk.runtime", "databricks:s/k", "on Databricks only"),
    ],
)
def test_what_is_not_installed_is_named(
    prod: Path, monkeypatch: pytest.MonkeyPatch, module: str, reference: str, told: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(ConfigurationError, match=told):
        secret_of(prod, reference)


def test_the_secret_is_in_no_text_of_the_settings_and_in_no_log(
    prod: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LAKE_SECRET", CANARY)
    monkeypatch.setenv("TOKEN_SECRET", f"{CANARY}-of-tokens")
    tokens = prod.parents[1] / "base" / "tokens.yml"
    tokens.write_text("versions: {1: null, 2: 'env:TOKEN_SECRET'}\n", encoding="utf-8")

    with caplog.at_level(logging.DEBUG):
        secret_of(prod, "env:LAKE_SECRET")
        settings = load_settings("prod")

    shown = (
        f"{settings!r} {settings} {settings.model_dump_json()} {settings.digest()} {caplog.text}"
    )
    assert CANARY not in shown
    assert CANARY not in settings.lake.secret_fingerprint()
    assert settings.tokens.secrets("x")[2] == f"{CANARY}-of-tokens"


def test_the_secret_of_a_refused_configuration_is_not_repeated(
    prod: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (prod.parents[1] / "base" / "tokens.yml").write_text(f"versions: {{1: {CANARY}}}\n", "utf-8")
    monkeypatch.setenv("C360_SECRET", CANARY)

    with pytest.raises(ConfigurationError, match=r"versions.*must be a reference") as refused:
        load_settings("prod")

    assert CANARY not in str(refused.value)
