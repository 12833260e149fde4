"""Delta's jars: downloaded once by their Maven coordinates, checked by sum, then loaded from disk.

Left alone, Spark would resolve them through Ivy on each start, which needs the network and prints
pages. The Ivy that ships inside pyspark does the one download here, and knows Maven Central itself.
"""

import hashlib
import subprocess
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from lakehouse.errors import PrerequisiteError
from lakehouse.settings.jar_list import Jar, load_jar_list
from lakehouse.settings.places import jars_dir, java_executable

_DOWNLOAD_TIMEOUT_SECONDS = 600
_FETCH = "run `c360 jars fetch`."
_INSTALL = "install the pinned packages: `pip install --require-hashes -r constraints.txt`."


def jar_paths() -> list[Path]:
    """The local jars for the installed Spark, in a fixed order, every sum checked.

    Needs no network. Raises PrerequisiteError when one is missing or altered.
    """
    return [_verified(jar, jars_dir() / jar.file_name) for jar in _needed()]


def fetch_jars() -> list[Path]:
    """The same list, after downloading what is missing or altered from the Maven repository.

    Raises PrerequisiteError without Java or network, or when what arrives has another sum.
    """
    jars_dir().mkdir(parents=True, exist_ok=True)
    return [_present(jar) for jar in _needed()]


def pyspark_dir() -> Path:
    """The folder of the installed pyspark, whose `jars` folder holds Spark.

    Raises PrerequisiteError when it is not installed.
    """
    pyspark = find_spec("pyspark")
    folders = pyspark.submodule_search_locations if pyspark else None
    if not folders:
        raise PrerequisiteError("pyspark is not installed.", _INSTALL)
    return Path(folders[0])


def probe_repository() -> None:
    """Downloads one small jar and drops it. Raises PrerequisiteError if that cannot be done."""
    smallest = load_jar_list().every_spark[-1]
    with tempfile.TemporaryDirectory(prefix="c360-probe-") as folder:
        _download(smallest, Path(folder))


def _needed() -> tuple[Jar, ...]:
    return load_jar_list().for_spark(version("pyspark"))


def _present(jar: Jar) -> Path:
    path = jars_dir() / jar.file_name
    if path.is_file() and _sha256(path) == jar.sha256:
        return path
    with tempfile.TemporaryDirectory(dir=jars_dir(), prefix="fetch-") as folder:
        arrived = _download(jar, Path(folder))
        if _sha256(arrived) != jar.sha256:
            raise PrerequisiteError(
                f"{jar.coordinates} arrived with another SHA-256 than conf/base/jars.yml names.",
                "do not use it: check the Maven repository that this machine reaches.",
            )
        arrived.replace(path)
    return path


def _verified(jar: Jar, path: Path) -> Path:
    if not path.is_file():
        raise PrerequisiteError(f"The jar {jar.file_name} is not in {path.parent}.", _FETCH)
    if _sha256(path) != jar.sha256:
        raise PrerequisiteError(
            f"The jar {path} does not have the SHA-256 that conf/base/jars.yml names.", _FETCH
        )
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(jar: Jar, folder: Path) -> Path:
    command = [
        *(str(java_executable()), "-cp", str(_ivy_jar()), "org.apache.ivy.Main"),
        *("-notransitive", "-m2compatible", "-types", "jar", "-cache", str(folder / "cache")),
        *("-dependency", *jar.coordinates.split(":")),
        *("-retrieve", str(folder / "[artifact]-[revision].[ext]")),
    ]
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=_DOWNLOAD_TIMEOUT_SECONDS, check=False
        )
        output, failed = ended.stdout + ended.stderr, ended.returncode != 0
    except subprocess.TimeoutExpired:
        output, failed = f"No answer within {_DOWNLOAD_TIMEOUT_SECONDS} seconds.", True
    arrived = folder / jar.file_name
    if failed or not arrived.is_file():
        raise PrerequisiteError(
            f"{jar.coordinates} could not be downloaded from the Maven repository. {_gist(output)}",
            "check this machine's network (a proxy goes into JAVA_TOOL_OPTIONS), then "
            "run `c360 jars fetch` again.",
        )
    return arrived


def _gist(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "not found" in line or "exception" in line.lower()]
    return (telling or lines or ["It did not say why."])[0]


def _ivy_jar() -> Path:
    found = sorted((pyspark_dir() / "jars").glob("ivy-*.jar"))
    if not found:
        raise PrerequisiteError(
            "pyspark is not installed whole: its jars folder has no Ivy.", _INSTALL
        )
    return found[-1]
