"""The Java on this machine, good, old, broken or missing."""

import os
import subprocess
from pathlib import Path

import pytest

from lakehouse.errors import PrerequisiteError
from lakehouse.jvm import java_version, jvm_stderr_in, spark_java_options


def java_that(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a program called java the only one on PATH."""
    folder.mkdir()
    (folder / "java").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "java").chmod(0o755)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "22-ea"', 22),
    ],
)
def test_the_version_is_read_from_what_java_says(
    said: str, version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java_that(f"echo '{said}' >&2", tmp_path / "bin", monkeypatch)

    assert java_version() == version


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo 'openjdk version \"11.0.2\"' >&2", "is Java 11; Spark runs on 17 to 22"),
        ("echo 'java version \"1.8.0_292\"' >&2", "is Java 8; Spark runs on 17 to 22"),
        ("echo 'openjdk version \"23.0.1\"' >&2", "is Java 23; Spark runs on 17 to 22"),
        ("echo 'java version \"25-ea\"' >&2", "is Java 25; Spark runs on 17 to 22"),
        ("exit 1", "does not run"),
        ("echo hello", "does not say its version"),
    ],
)
def test_a_java_that_will_not_do_is_told_with_the_command_that_installs_one(
    script: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java_that(script, tmp_path / "bin", monkeypatch)

    with pytest.raises(PrerequisiteError, match=told) as refused:
        java_version()

    assert "apt install openjdk-17" in refused.value.next_step


def test_no_java_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PrerequisiteError, match="Java is not installed"):
        java_version()


def test_a_java_home_without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(PrerequisiteError, match=r"JAVA_HOME is .*no Java in it"):
        java_version()


def test_spark_s_log_goes_to_the_file_even_with_a_space_in_its_path() -> None:
    plain = spark_java_options(Path("/logs/spark.log")).split()[-1]
    spaced = spark_java_options(Path("/my logs/spark.log"))

    assert plain == "-Dc360.log.file=/logs/spark.log"
    assert spaced.endswith('"-Dc360.log.file=/my logs/spark.log"')


def test_what_a_child_says_on_stderr_goes_to_the_file_and_later_words_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "logs" / "spark.log"
    with jvm_stderr_in(log):
        subprocess.run(["/bin/sh", "-c", "echo chatter >&2"], check=True)
    os.write(2, b"words\n")

    assert log.read_text("utf-8") == "chatter\n"
    assert capfd.readouterr().err == "words\n"
