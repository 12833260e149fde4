"""What the two set-up commands do where pip gets no package, and what the wheel is made of."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[3]
NEEDED = (
    *("Makefile", ".ci/machine", "lakehouse/disk.py", "pyproject.toml"),
    *("constraints-build.txt", "constraints.txt"),
)
NO_NETWORK = """#!/bin/sh
case "$*" in
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip "*) echo "WARNING: Retrying after connection broken" >&2; exit 1 ;;
esac
"""
JAVA = "#!/bin/sh\necho 'openjdk version \"17.0.15\"' >&2\n"


def test_without_network_make_says_in_one_line_what_to_do_and_the_rest_is_in_a_file(
    tmp_path: Path,
) -> None:
    tools, checkout = tmp_path / "bin", tmp_path / "checkout"
    tools.mkdir()
    for name, script in (("python3.13", NO_NETWORK), ("java", JAVA)):
        (tools / name).write_text(script, encoding="utf-8")
        (tools / name).chmod(0o755)
    for name in NEEDED:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)

    ended = subprocess.run(
        [shutil.which("make") or "make", "demo"],
        cwd=checkout,
        env={"PATH": f"{tools}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    said, code = ended.stderr.splitlines()
    assert said == (
        "c360: the pinned packages could not be installed: check this machine's network and pip's "
        "settings, then run make again (.venv/install.log has pip's words)"
    )
    # Make ends with 2 whatever its recipe ended with, and says that.
    assert code.endswith("Error 3")
    assert "connection broken" in (checkout / ".venv" / "install.log").read_text(encoding="utf-8")
    assert not (checkout / ".venv" / ".installed").exists()


def test_the_wheel_holds_conf_and_expectations_whole_and_the_command(tmp_path: Path) -> None:
    for name in ("lakehouse", "jobs", "conf", "expectations"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("Makefile", "pyproject.toml", "README.md", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path / name)
    # The environment is the one that runs this test, and is not made anew.
    make = [shutil.which("make") or "make", "-o", f"{sys.prefix}/.installed", "dist"]
    subprocess.run([*make, f"VENV={sys.prefix}"], cwd=tmp_path, capture_output=True, check=True)

    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert (tmp_path / "dist" / "c360_lakehouse.zip").read_bytes() == wheel.read_bytes()
    with ZipFile(wheel) as files:
        names = {name for name in files.namelist() if not name.endswith("/")}
        (entry_points,) = (name for name in names if name.endswith("/entry_points.txt"))
        commands = files.read(entry_points).decode()

    for folder in ("conf", "expectations"):
        ours = {
            f"lakehouse/data/{path.relative_to(ROOT)}"
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "local" not in path.relative_to(ROOT).parts
        }
        assert len(ours) > 20
        assert {name for name in names if name.startswith(f"lakehouse/data/{folder}/")} == ours
    assert {"lakehouse/cli/__init__.py", "jobs/run_all.py"} <= names
    assert {name.split("/")[0] for name in names} - {"lakehouse", "jobs"} == {
        entry_points.split("/")[0]
    }
    assert "c360 = lakehouse.cli:main" in commands
