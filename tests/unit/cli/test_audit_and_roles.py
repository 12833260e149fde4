"""The commands of the audit and of roles."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lakehouse.cli import app
from lakehouse.errors import ExitCode
from lakehouse.pipeline.audit import audit_log, record
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings

Call = Callable[..., Result]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("C360_LAKE_ROOT", str(tmp_path / "lake"))
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("C360_ACTOR", "maria")
    monkeypatch.setenv("COLUMNS", "200")
    return load_settings("test")


@pytest.fixture
def call(settings: Settings) -> Call:
    return lambda *words: CliRunner().invoke(app, [*words, "--env", "test"])


def test_the_audit_lists_who_did_what_and_is_whole(settings: Settings, call: Call) -> None:
    record(settings, action="export", surface="request", subjects=["a"], reason="request 7")

    listed, verified = call("audit", "list", "--subject", "a"), call("audit", "verify")

    assert all(
        word in listed.stdout for word in ("maria", "privacy_officer", "export", "request 7")
    )
    assert verified.stdout == "The audit is whole: 1 rows.\n"
    assert "no such row" in call("audit", "list", "--subject", "b").stdout


def test_an_audit_that_was_changed_ends_as_failed(settings: Settings, call: Call) -> None:
    record(settings, action="read", surface="show", subjects=["a"])
    path = audit_log(settings).path
    path.write_bytes(path.read_bytes().replace(b"maria", b"peter"))

    verified = call("audit", "verify")

    assert verified.exit_code == ExitCode.FAILED
    assert "[C360-101]" in verified.stderr
    assert "Line 1 was changed" in verified.stderr


def test_a_lake_that_is_no_folder_must_say_where_its_audit_lies(
    call: Call, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    far = settings.lake.model_copy(update={"root": "s3a://bucket/lake"})
    monkeypatch.setattr(
        "lakehouse.cli.commands.audit.loaded",
        lambda _env: settings.model_copy(update={"lake": far}),
    )

    refused = call("audit", "verify")

    assert refused.exit_code == ExitCode.BAD_CONFIGURATION
    assert "set audit.folder and audit.head_file" in refused.stderr


def test_roles_are_listed_with_the_one_of_the_session(call: Call) -> None:
    listed = call("roles", "list").stdout

    (now,) = [line for line in listed.splitlines() if " yes " in line]
    assert now.startswith("privacy_officer")


def test_roles_are_printed_as_sql_for_a_catalog_and_as_views(call: Call) -> None:
    catalog = call("roles", "sql", "--prefix", "main.c360_").stdout
    views = call("roles", "sql", "--views", "--prefix", "x_").stdout

    assert "GRANT SELECT ON TABLE main.c360_gold.customer TO `c360_agent`;\n" in catalog
    assert "CREATE SCHEMA IF NOT EXISTS x_c360_marketer;\n" in views


def test_who_reads_and_who_acts_are_no_part_of_a_run_s_identity(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("C360_ROLE", "agent")
    monkeypatch.setenv("C360_ACTOR", "peter")
    other = load_settings("test")

    assert (other.roles.current.name, other.audit.actor) == ("agent", "peter")
    assert other.digest() == settings.digest()
