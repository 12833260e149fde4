"""The commands that show and check settings, on a conf folder of the test's own."""

import json
import logging
from pathlib import Path

from typer.testing import CliRunner

from lakehouse.cli import app
from lakehouse.cli.app import _environments
from lakehouse.cli.commands.data import loaded


def test_a_right_configuration_is_told_to_be_right(conf: Path) -> None:
    result = CliRunner().invoke(app, ["config", "check", "--env", "test"])

    assert result.exit_code == 0, result.output
    assert result.stdout == "Environment test is right: 2 sources.\n"


def test_settings_are_shown_as_json_without_the_secret(conf: Path) -> None:
    result = CliRunner().invoke(app, ["config", "show", "--env", "test"])

    shown = json.loads(result.stdout)
    assert shown["env"] == "test"
    assert shown["lake"]["secret"] == "**********"


def test_the_shell_completes_environments(conf: Path) -> None:
    assert list(_environments()) == ["demo", "prod", "test"]


def test_an_argument_of_a_command_overrides_conf_and_sets_up_the_log(
    conf: Path, tmp_path: Path
) -> None:
    settings = loaded("test", {"lake.landing": str(tmp_path / "drop")})

    assert settings.lake.landing == str(tmp_path / "drop")
    assert (settings.logging.folder / "c360.log").is_file()
    logging.getLogger("lakehouse").handlers.clear()
    logging.getLogger("lakehouse").propagate = True
