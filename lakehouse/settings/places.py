"""Where things lie on this machine: conf, expectations, jars, Java.

A checkout is used as it stands; an installed package brings conf and expectations inside itself.
`C360_CONF`, `C360_EXPECTATIONS` and `C360_HOME` override what is found.
"""

import atexit
import os
import re
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path, PurePath, PurePosixPath
from zipfile import ZipFile

from lakehouse.errors import ConfigurationError, PrerequisiteError

_PACKAGE = Path(__file__).resolve().parents[1]
# As Hadoop has it, one slash is enough: `dbfs:/mnt/lake` is as absolute as `s3a://bucket/lake`.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")


def is_uri(place: str) -> bool:
    """True if the place names its file system, as `s3a://bucket/lake` and `file:/data/lake` do."""
    return _URI.match(place) is not None


def local_path(place: str) -> Path | None:
    """The path of a place without scheme or with `file:`; None if it lies on an object store or the like."""
    path = re.sub(r"^file:/+", "/", place)
    return None if is_uri(path) else Path(path)


def overlap(one: str, other: str) -> bool:
    """True if the places are the same, or one of them lies in the other."""
    first, second = _as_path(one), _as_path(other)
    return first.is_relative_to(second) or second.is_relative_to(first)


def is_same(one: str, other: str) -> bool:
    """True if both name the same place."""
    return _as_path(one) == _as_path(other)


def _as_path(place: str) -> PurePath:
    """A path that is like another's where the places are the same; of a URI it is nowhere."""
    local = local_path(place)
    return PurePosixPath(place) if local is None else local.resolve()


def checkout_dir() -> Path | None:
    """The root of the checkout that this package runs from; None when it is installed."""
    root = _PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() else None


def home_dir() -> Path:
    """The folder for what the product keeps on this machine: jars, logs, the demo's lake."""
    if home := os.environ.get("C360_HOME"):
        return Path(home).expanduser().absolute()
    if checkout := checkout_dir():
        return checkout / ".c360"
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache).expanduser().absolute() / "c360"


def jars_dir() -> Path:
    """The folder of verified jars."""
    return home_dir() / "jars"


def conf_dir() -> Path:
    """The folder that holds base/ and one folder per environment.

    Raises ConfigurationError when `C360_CONF` names no such folder.
    """
    return _data_dir("conf", "C360_CONF")


def expectations_dir() -> Path:
    """The folder of expectation suites, one JSON file per table.

    Raises ConfigurationError when `C360_EXPECTATIONS` names no such folder.
    """
    return _data_dir("expectations", "C360_EXPECTATIONS")


def _data_dir(name: str, variable: str) -> Path:
    if value := os.environ.get(variable):
        named = Path(value).expanduser().absolute()
        if not named.is_dir():
            raise ConfigurationError(
                f"{variable} names {named}, which is not a folder.",
                f"Set {variable} to a folder like this project's {name}/, or unset it.",
            )
        return named
    checkout = checkout_dir()
    if checkout:
        return checkout / name
    packaged = _PACKAGE / "data" / name
    return packaged if packaged.is_dir() else _unpacked(name)


@cache
def _unpacked(name: str) -> Path:
    """The folder from the archive that `spark-submit --py-files` runs the package from."""
    archive = next((p for p in _PACKAGE.parents if p.is_file()), None)
    if archive is None:
        raise ConfigurationError(
            f"The installed package has no {name} folder.",
            "install a wheel made by `make dist`, or name the folder by C360_CONF and "
            "C360_EXPECTATIONS.",
        )
    target = Path(tempfile.mkdtemp(prefix="c360-"))
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    with ZipFile(archive) as files:
        prefix = f"lakehouse/data/{name}/"
        files.extractall(target, [n for n in files.namelist() if n.startswith(prefix)])
    return target / prefix


def java_executable() -> Path:
    """The `java` that Spark will start: the one of JAVA_HOME, else the first on PATH.

    Raises PrerequisiteError when there is none.
    """
    if home := os.environ.get("JAVA_HOME"):
        java = Path(home) / "bin" / "java"
        if not java.is_file():
            raise PrerequisiteError(
                f"JAVA_HOME is {home}, and there is no Java in it.",
                "unset JAVA_HOME, or set it to a Java 17 or 21.",
            )
        return java
    if found := shutil.which("java"):
        return Path(found)
    raise PrerequisiteError("Java is not installed.", INSTALL_JAVA)


def worker_python() -> str | None:
    """The interpreter that PYSPARK_PYTHON names for Spark's workers; None if it names none."""
    return os.environ.get("PYSPARK_PYTHON")


def memory_bytes() -> int:
    """The memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


INSTALL_JAVA = (
    "install Java 17 or 21 and point JAVA_HOME at it: "
    "`sudo apt install openjdk-17-jre-headless` (Debian, Ubuntu), "
    "`sudo dnf install java-21-openjdk-headless` (Fedora) or `brew install openjdk@21` (macOS)."
)


def is_submitted() -> bool:
    """True under spark-submit, whose master, memory and jars are the submitter's to say."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


def use_this_python_for_workers() -> None:
    """Makes Spark start its Python workers with this interpreter, so that they find its packages.

    A local session reads this from the environment alone. A choice made by the user stands.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
