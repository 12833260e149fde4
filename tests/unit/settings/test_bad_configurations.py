"""Wrong settings are refused before any work, by file and key, whatever command was called."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from lakehouse.cli import app
from lakehouse.errors import ExitCode

pytestmark = pytest.mark.exhaustive

CASES = yaml.safe_load(Path(__file__).with_name("bad_configurations.yml").read_text("utf-8"))


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the command did: the names of the functions it called to do its work."""
    done: list[str] = []
    commands = ModuleType("lakehouse.pipeline.commands")
    commands.run = lambda *_args, **_kwargs: done.append("run")  # type: ignore[attr-defined]
    package = ModuleType("lakehouse.pipeline")
    package.commands = commands  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lakehouse.pipeline", package)
    monkeypatch.setitem(sys.modules, "lakehouse.pipeline.commands", commands)
    return done


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_is_refused_by_file_and_key_and_touches_nothing(
    case: dict[str, Any], conf: Path, work: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(conf, case)
    for name, value in case.get("variables", {}).items():
        monkeypatch.setenv(name, value)
    before = files_below(conf.parent)

    result = CliRunner().invoke(app, ["run", "--env", case.get("env", "test")])

    assert result.exit_code == ExitCode.BAD_CONFIGURATION, result.output
    told = [line for line in result.stderr.splitlines() if case["file"] in line]
    assert any(case["key"] in line for line in told), result.stderr
    assert case.get("never", "no such word") not in result.output
    assert work == []
    assert files_below(conf.parent) == before


def test_there_are_at_least_fifty_bad_configurations_each_of_its_own_name() -> None:
    names = [case["name"] for case in CASES]

    assert len(names) >= 50
    assert len(set(names)) == len(names)


def test_all_faults_are_told_at_once(conf: Path, work: list[str]) -> None:
    for case in CASES:
        if case["name"] in ("no release is kept", "a log level that does not exist"):
            spoil(conf, case)
    spoil(conf, {"edit": "base/sources/crm_contact.yml", "set": {"key": ["id"], "sequence": "no"}})

    result = CliRunner().invoke(app, ["run", "--env", "test"])

    assert "has 4 faults" in result.stderr
    for place in ("keep_releases", "level", "key[0]", "sequence"):
        assert place in result.stderr
    assert work == []


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def spoil(conf: Path, case: dict[str, Any]) -> None:
    path = conf / case["edit"]
    if case.get("delete"):
        path.unlink()
        return
    if "text" in case:
        path.parent.mkdir(exist_ok=True)
        path.write_text(case["text"], encoding="utf-8")
        return
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    for key, value in case.get("set", {}).items():
        holder, last = holder_of(content, key)
        holder[last] = value
    if "remove" in case:
        holder, last = holder_of(content, case["remove"])
        del holder[last]
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def holder_of(content: Any, key: str) -> tuple[Any, str | int]:
    *parts, last = [int(p) if p.isdigit() else p for p in re.findall(r"[^.\[\]]+", key)]
    for part in parts:
        content = content[part]
    return content, last
