"""The Java that Spark runs on: is it there, of a version that will do, and where does its chatter go."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lakehouse.errors import PrerequisiteError
from lakehouse.settings.places import INSTALL_JAVA, conf_dir, java_executable

MINIMUM_JAVA, MAXIMUM_JAVA = 17, 22
"""Spark 4.1 asks for the first; its Hadoop 3.4 calls Subject.getSubject, which fails from Java 23 on."""

_ANSWER_TIMEOUT_SECONDS = 60
LOCAL_TUNING = (
    "-XX:+UseParallelGC",
    # What Spark makes of a wide plan is more than 8,000 bytes long: interpreted, it took half as long again.
    "-XX:-DontCompileHugeMethods",
    "-XX:MetaspaceSize=512m",
    "-XX:ReservedCodeCacheSize=512m",
    "-XX:Tier4InvocationThreshold=30000",
    "-XX:Tier4MinInvocationThreshold=6000",
    "-XX:Tier4CompileThreshold=90000",
    "-XX:Tier4BackEdgeThreshold=200000",
)


def java_version() -> int:
    """The major version of the Java that Spark will use.

    Raises PrerequisiteError when there is none, it does not run, or Spark does not run on its version.
    """
    java = java_executable()
    try:
        ended = subprocess.run(
            [str(java), "-version"],
            capture_output=True,
            text=True,
            timeout=_ANSWER_TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        raise PrerequisiteError(f"{java} does not run.", INSTALL_JAVA) from None
    found = re.search(r'version "(?:1\.)?(\d+)', ended.stderr + ended.stdout)
    if found is None:
        raise PrerequisiteError(f"{java} does not say its version.", INSTALL_JAVA)
    major = int(found.group(1))
    if not MINIMUM_JAVA <= major <= MAXIMUM_JAVA:
        raise PrerequisiteError(
            f"{java} is Java {major}; Spark runs on {MINIMUM_JAVA} to {MAXIMUM_JAVA}.", INSTALL_JAVA
        )
    return major


def spark_java_options(log_file: Path) -> str:
    """Options of a local JVM: Spark logs to `log_file` alone, and few cores are spent on itself.

    A run plans and generates much code that it uses once. Java's second compiler would take a third
    of two cores for it, and the default collector another tenth: measured on the demo, a run with
    these options took a quarter less time. Where room for classes grows step by step, the whole heap is
    collected at each.
    """
    configuration = (conf_dir() / "base" / "log4j2.properties").as_uri()
    return " ".join(
        f'"{option}"' if " " in option else option
        for option in (
            *LOCAL_TUNING,
            f"-Dlog4j2.configurationFile={configuration}",
            f"-Dc360.log.file={log_file}",
        )
    )


@contextmanager
def jvm_stderr_in(log_file: Path) -> Iterator[None]:
    """A JVM that is started within writes its standard error to `log_file` all its life.

    The launcher and the JVM itself warn there before any logging is set up; no option stops them.
    """
    log_file.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.flush()
    terminal = os.dup(2)
    with log_file.open("ab") as log:
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(terminal, 2)
        os.close(terminal)
