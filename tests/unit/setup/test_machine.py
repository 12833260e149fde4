"""What `make` says before any download on a machine that lacks something: one line, one command."""

import shutil
import subprocess
from pathlib import Path

import pytest

from lakehouse.disk import LEAST_FREE_GIB

SCRIPT = Path(__file__).resolve().parents[3] / ".ci" / "machine"
GOOD_PYTHON = "#!/bin/sh\nexit 0\n"
GOOD_JAVA = "#!/bin/sh\necho 'openjdk version \"17.0.15\"' >&2\n"
OLD_JAVA = "#!/bin/sh\necho 'java version \"1.8.0_292\"' >&2\n"
JAVA_22 = "#!/bin/sh\necho 'openjdk version \"22.0.2\" 2024-07-16' >&2\n"
JAVA_24 = "#!/bin/sh\necho 'openjdk version \"24\" 2025-03-18' >&2\n"
NO_VENV = "#!/bin/sh\ncase $2 in *ensurepip*) exit 1;; *print*) echo python3.12-venv;; esac\n"
FREE = "#!/bin/sh\nprintf 'h\\nd 1 1 %s 1 /\\n'\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The only folder on PATH: a machine that has all it needs, made of stand-ins."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "sed", "awk", "head"):
        real = next(p for p in (Path("/bin", tool), Path("/usr/bin", tool)) if p.exists())
        (folder / tool).symlink_to(real)
    put(folder, "python3.12", GOOD_PYTHON)
    put(folder, "java", GOOD_JAVA)
    put(folder, "df", FREE % 99999999)
    return folder


def put(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(script, encoding="utf-8")
    (folder / name).chmod(0o755)


def asked(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(folder), **variables}
    return subprocess.run(
        ["/bin/sh", str(SCRIPT)], env=environment, capture_output=True, text=True, check=False
    )


def test_a_good_machine_is_answered_with_its_python(machine: Path) -> None:
    answer = asked(machine)

    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "python3.12\n", "")


def test_the_newest_java_that_spark_runs_on_will_do(machine: Path) -> None:
    put(machine, "java", JAVA_22)

    assert asked(machine).returncode == 0


def test_a_newer_named_python_wins_over_python3(machine: Path) -> None:
    put(machine, "python3", GOOD_PYTHON)

    assert asked(machine).stdout == "python3.12\n"


@pytest.mark.parametrize(
    ("name", "script", "told"),
    [
        ("python3.12", None, "Python 3.11 or later is missing: sudo apt install python3"),
        ("python3.12", "#!/bin/sh\nexit 1\n", "Python 3.11 or later is missing"),
        ("python3.12", NO_VENV, "venv module is missing: sudo apt install python3.12-venv"),
        ("java", None, "Java is missing: install Java 17 or 21"),
        ("java", OLD_JAVA, "Java 8 is too old, Spark runs on 17 to 22: install Java 17 or 21"),
        ("java", JAVA_24, "Java 24 is too new, Spark runs on 17 to 22: install Java 17 or 21"),
        ("df", FREE % 2048, "2 MiB are free here and 4096 MiB are needed"),
    ],
    ids=[
        "no Python",
        "an old Python",
        "no venv",
        "no Java",
        "an old Java",
        "a new Java",
        "no disk",
    ],
)
def test_what_is_missing_is_said_in_one_line(
    name: str, script: str | None, told: str, machine: Path
) -> None:
    (machine / name).unlink()
    if script is not None:
        put(machine, name, script)

    answer = asked(machine)

    assert answer.returncode == 3
    assert told in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stdout == ""


def test_the_disk_is_to_hold_the_packages_and_what_a_run_needs(machine: Path) -> None:
    (machine / "df").unlink()
    put(machine, "df", FREE % (LEAST_FREE_GIB * 1024**2))

    assert f"{(LEAST_FREE_GIB + 2) * 1024} MiB are needed" in asked(machine).stderr


def test_a_java_home_without_java_is_named(machine: Path) -> None:
    assert "in JAVA_HOME (/nowhere)" in asked(machine, JAVA_HOME="/nowhere").stderr


MAKE = shutil.which("make")


@pytest.mark.skipif(MAKE is None, reason="needs make")
def test_make_clean_removes_the_lakes_of_the_demo_and_of_the_bench() -> None:
    assert MAKE is not None
    said = subprocess.run(
        [MAKE, "--dry-run", "clean"],
        cwd=SCRIPT.parents[1],
        capture_output=True,
        text=True,
        check=True,
    )

    assert {".c360/demo", ".c360/bench"} <= set(said.stdout.split())
