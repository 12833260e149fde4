"""What a run needs of this machine, piece by piece, each with the command that fixes it."""

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from lakehouse.disk import free_space
from lakehouse.errors import LakehouseError, PrerequisiteError
from lakehouse.jars import jar_paths, probe_repository
from lakehouse.jvm import java_version
from lakehouse.settings.places import (
    checkout_dir,
    home_dir,
    memory_bytes,
    worker_python,
)

MINIMUM_PYTHON = (3, 11)
# The driver's heap (conf/base/spark.yml), DuckDB beside it (conf/base/linkage.yml), Python's workers.
MINIMUM_MEMORY_GB = 8
_INSTALL_PACKAGES = "run `make env` in the checkout, or install the package again with pip."


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `next_step` is empty when all is well."""

    subject: str
    found: str
    next_step: str = ""

    @property
    def ok(self) -> bool:
        """True when nothing needs doing."""
        return not self.next_step


def examine() -> list[Check]:
    """Every check of this machine, in the order in which to fix what fails."""
    return [_checked(subject, look) for subject, look in _LOOKS.items()]


def _checked(subject: str, look: Callable[[], str]) -> Check:
    try:
        return Check(subject, look())
    except LakehouseError as error:
        return Check(subject, error.what, error.next_step)


def _python() -> str:
    if sys.version_info[:2] < MINIMUM_PYTHON:
        raise PrerequisiteError(
            f"Python {platform.python_version()}; 3.11 or later is needed.",
            "install it: `sudo apt install python3.11-venv` or `brew install python@3.12`.",
        )
    return f"Python {platform.python_version()}"


def _packages() -> str:
    wrong = sorted(set(_wrong_packages()))
    if wrong:
        raise PrerequisiteError(f"Not as pinned: {', '.join(wrong)}.", _INSTALL_PACKAGES)
    return "as pinned"


def _wrong_packages() -> Iterator[str]:
    for requirement in _requirements():
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            yield f"{requirement.name} is missing"
        else:
            if not requirement.specifier.contains(installed, prereleases=True):
                yield f"{requirement.name} {installed} instead of {requirement.specifier}"


def _requirements() -> list[Requirement]:
    """The exact pins of a checkout; of an installed package the ranges that it declares."""
    checkout = checkout_dir()
    if checkout is None:
        return [Requirement(line) for line in requires("c360-lakehouse") or []]
    lines = (checkout / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = (line.rstrip("\\ ") for line in lines if line and not line.startswith((" ", "#")))
    return [Requirement(pin) for pin in pins]


def _java() -> str:
    return f"Java {java_version()}"


def _jars() -> str:
    try:
        return f"{len(jar_paths())} jars, sums right"
    except PrerequisiteError as error:
        missing = error
    probe_repository()
    raise missing


def _disk() -> str:
    return free_space(home_dir())


def _memory() -> str:
    # Decimal, as machines are sold: the kernel keeps a little, so that one of 8 GiB has less.
    total = memory_bytes() / 10**9
    if total < MINIMUM_MEMORY_GB:
        raise PrerequisiteError(
            f"{total:.1f} GB of memory; {MINIMUM_MEMORY_GB} GB are needed.",
            "use a machine with more memory.",
        )
    return f"{total:.1f} GB"


def _folders() -> str:
    for folder in (home_dir(), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError:
            raise PrerequisiteError(
                f"{folder} cannot be written to.",
                f"`chown $USER {folder}`, or set C360_HOME (TMPDIR) to a folder of yours.",
            ) from None
    return f"{home_dir()} can be written to"


def _worker_python() -> str:
    named = worker_python()
    if named is not None and shutil.which(named) is None:
        raise PrerequisiteError(
            f"PYSPARK_PYTHON is {named}, which does not run.", "unset PYSPARK_PYTHON."
        )
    return named or sys.executable


_LOOKS: dict[str, Callable[[], str]] = {
    "Python": _python,
    "Packages": _packages,
    "Java": _java,
    "Disk": _disk,
    "Memory": _memory,
    "Folders": _folders,
    "Spark's workers' Python": _worker_python,
    "Jars": _jars,
}
