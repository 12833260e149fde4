"""The commands that show and check settings, on a conf folder of the test's own."""

import json
import logging
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lakehouse.cli import app
from lakehouse.cli.app import loaded
from lakehouse.settings.places import expectations_dir


def test_a_right_configuration_is_told_to_be_right(conf: Path) -> None:
    result = CliRunner().invoke(app, ["config", "check", "--env", "test"])

    assert result.exit_code == 0, result.output
    suites = len(list(expectations_dir().rglob("*.json")))
    assert result.stdout == (
        f"Environment test is right: 2 sources, {suites} suites, 3 data products, 5 metric views.\n"
    )


@pytest.mark.parametrize("command", ["config check", "run"])
def test_faults_of_conf_of_suites_and_of_products_gates_are_told_together(
    command: str, conf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(expectations_dir(), tmp_path / "expectations")
    (tmp_path / "expectations" / "silver" / "order.json").write_text("{")
    monkeypatch.setenv("C360_EXPECTATIONS", str(tmp_path / "expectations"))

    def said() -> str:
        result = CliRunner().invoke(app, [*command.split(), "--env", "test"])
        assert result.exit_code == 2
        return result.stderr

    suite = "silver/order.json: not JSON"
    product = conf / "base" / "products" / "care_customer.yml"
    right = product.read_text(encoding="utf-8")
    wrong = right.replace("{column: is_active}", "{column: shoe_size}")
    product.write_text(wrong, encoding="utf-8")
    both = said()
    assert suite in both
    assert "care_customer.yml: gate[0]" in both
    product.write_text(right, encoding="utf-8")
    (conf / "test" / "logging.yml").write_text("level: loud\n", encoding="utf-8")
    both = said()
    assert suite in both
    assert "conf/test/logging.yml: level" in both


def test_settings_are_shown_as_json_without_the_secret(conf: Path) -> None:
    result = CliRunner().invoke(app, ["config", "show", "--env", "test"])

    shown = json.loads(result.stdout)
    assert shown["env"] == "test"
    assert shown["lake"]["secret"] == "**********"


def test_the_shell_gets_a_script_by_which_it_completes_environments(
    conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    script = CliRunner().invoke(app, ["--show-completion", "bash"], prog_name="c360")
    asked = {"_C360_COMPLETE": "complete_bash", "COMP_CWORD": "3"}
    for name, value in (asked | {"COMP_WORDS": "c360 run --env "}).items():
        monkeypatch.setenv(name, value)
    completed = CliRunner().invoke(app, [], prog_name="c360")

    assert "_C360_COMPLETE=complete_bash" in script.stdout
    assert completed.stdout.split() == ["demo", "prod", "test"]


def test_an_argument_of_a_command_overrides_conf_and_sets_up_the_log(
    conf: Path, tmp_path: Path
) -> None:
    settings = loaded("test", {"lake.landing": str(tmp_path / "drop")})

    assert settings.lake.landing == str(tmp_path / "drop")
    assert (settings.logging.folder / "c360.log").is_file()
    logging.getLogger("lakehouse").handlers.clear()
    logging.getLogger("lakehouse").propagate = True
