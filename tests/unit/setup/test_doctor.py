"""Each thing that a run needs, missing once."""

import sys
from collections import namedtuple
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lakehouse import disk, doctor
from lakehouse.cli import app
from lakehouse.doctor import Check, examine
from lakehouse.errors import ExitCode, PrerequisiteError


def found(subject: str) -> Check:
    return next(check for check in examine() if check.subject == subject)


@pytest.fixture(autouse=True)
def quiet_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test of this file asks the network."""
    monkeypatch.setattr(doctor, "probe_repository", lambda: None)


@pytest.fixture
def pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose only pin is pydantic, as installed."""
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(f"pydantic=={version('pydantic')} \\\n    --hash=sha256:00\n", "utf-8")
    monkeypatch.setattr(doctor, "checkout_dir", lambda: tmp_path)
    return constraints


def test_a_machine_that_has_all_it_needs(pinned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "jar_paths", lambda: [Path("one.jar")])
    monkeypatch.delenv("PYSPARK_PYTHON", raising=False)

    result = CliRunner().invoke(app, ["doctor"])

    assert result.exit_code == 0, result.output
    assert "MISSING" not in result.stdout


def test_a_missing_java_ends_with_its_exit_code_and_the_command(
    pinned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("COLUMNS", "300")

    result = CliRunner().invoke(app, ["doctor"])

    assert result.exit_code == ExitCode.MISSING_PREREQUISITE
    assert "Java is not installed" in result.stdout
    assert "apt install openjdk-17-jre-headless" in result.stdout


def test_an_old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))

    assert "python3.11-venv" in found("Python").next_step


def test_packages_that_are_missing_or_of_another_version(pinned: Path) -> None:
    pinned.write_text("pydantic==1.0 \\\nno-such-package==1\nother==1 ; sys_platform == 'none'\n")

    check = found("Packages")

    assert "no-such-package is missing" in check.found
    assert "instead of ==1.0" in check.found
    assert "other" not in check.found.replace("another", "")


def test_an_installed_package_is_held_to_the_ranges_that_it_declares(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "checkout_dir", lambda: None)
    monkeypatch.setattr(doctor, "requires", lambda _name: ["pydantic>=99"])

    assert "instead of >=99" in found("Packages").found


def test_too_little_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _path: usage(10, 5, 5))

    assert "C360_HOME" in found("Disk").next_step


def test_too_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "memory_bytes", lambda: 4 * 10**9)

    assert found("Memory").found == "4.0 GB of memory; 8 GB are needed."


def test_a_home_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("C360_HOME", str(tmp_path / "file"))

    assert "cannot be written to" in found("Folders").found


def test_a_worker_python_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYSPARK_PYTHON", "python-of-yore")

    assert found("Spark's workers' Python").next_step == "unset PYSPARK_PYTHON."


def test_missing_jars_with_a_network_are_to_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("C360_HOME", str(tmp_path))

    assert found("Jars").next_step == "run `c360 jars fetch`."


def test_missing_jars_without_a_network_are_blamed_on_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable() -> None:
        raise PrerequisiteError("No answer.", "check the network.")

    monkeypatch.setenv("C360_HOME", str(tmp_path))
    monkeypatch.setattr(doctor, "probe_repository", unreachable)

    assert found("Jars").next_step == "check the network."
