"""One writer: locks between processes.

On a plain file system two Delta writers can both be told that they succeeded while one commit is
lost (Delta's documentation on storage; seen once in 2,000 head-on commits), so every write holds its
table's lock and every run holds the lake's. `flock` is released by the kernel when its process dies,
so a killed run leaves nothing to clean. An object store has no flock: there the lake must say what
takes its place (`lake.lock: external`, a scheduler that never starts two), or it is refused.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from lakehouse.errors import AlreadyRunningError, ConfigurationError
from lakehouse.settings.places import is_uri, local_path

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCKS = "_locks"
"""The folder of locks below a lake's root."""

_TABLE_WAIT_SECONDS = 600


def require_same_file_system(spark: "SparkSession", root: str) -> None:
    """Returns if Spark and `flock` mean the same place by `root`.

    Raises:
        ConfigurationError: the root has no scheme, and Spark's default file system is an object
            store or the like: the lock would be on this machine alone.
    """
    # SET tells of Hadoop's configuration too, core-site.xml included.
    default = spark.sql("SET fs.defaultFS").collect()[0].value
    if not is_uri(root) and local_path(default) is None:
        raise ConfigurationError(
            f"conf: lake.lock is flock, but Spark looks for lake.root {root} on {default}, where no "
            "lock of this machine keeps anyone out.",
            "set lake.lock to external and let the scheduler run one job at a time, or write the root as "
            "file:/… if it is a folder that all machines mount.",
        )


class Locks:
    """The locks of one lake, as files below `<root>/_locks`."""

    def __init__(self, root: str, kind: str) -> None:
        """Settings have seen to it that the root of a lake with `kind` flock is on a file system."""
        folder = local_path(root) if kind == "flock" else None
        self._folder = None if folder is None else folder / LOCKS

    @contextmanager
    def run(self) -> Iterator[None]:
        """Holds the lake for one run. Raises AlreadyRunningError at once if another has it."""
        with self._held("run", wait_seconds=0):
            yield

    @contextmanager
    def table(self, table: str) -> Iterator[None]:
        """Holds one table for one write, waiting for another writer's to end."""
        with self._held(table, wait_seconds=_TABLE_WAIT_SECONDS):
            yield

    @contextmanager
    def _held(self, name: str, wait_seconds: float) -> Iterator[None]:
        if self._folder is None:
            yield
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with held_file(self._folder / f"{name}.lock", wait_seconds):
            yield


@contextmanager
def held_file(path: Path, wait_seconds: float = 0) -> Iterator[None]:
    """Holds this file, made if need be, as a lock. Raises AlreadyRunningError if another keeps it so long."""
    with path.open("a+", encoding="utf-8") as file:
        _acquire(file, path.stem, wait_seconds)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def _acquire(file: TextIO, name: str, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                file.seek(0)
                owner = file.read(20).strip() or "unknown"
                raise AlreadyRunningError(
                    f"The lock '{name}' of this lake is held by process {owner}; nothing was touched.",
                    "wait until that run has ended, then start this one again.",
                ) from None
            time.sleep(0.05)
        else:
            return
