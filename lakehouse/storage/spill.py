"""Where a session puts what Spark spills and a preview works on: values of people, which must not outlive it.

Spark deletes its own when its process ends, and nobody's else. One that is killed leaves it behind.
"""

import fcntl
import shutil
import uuid
from functools import lru_cache
from pathlib import Path
from typing import TextIO

_LOCK = ".lock"
_held: list[TextIO] = []
"""Locks of this process: the kernel frees them when it dies."""


@lru_cache
def own_spill(folder: Path) -> Path:
    """A folder below this one for this process; those of processes that are dead are deleted first."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"*{_LOCK}"):
        with left.open("a") as lock:
            if _locked(lock):
                shutil.rmtree(left.with_suffix(""), ignore_errors=True)
                left.unlink(missing_ok=True)
    own = folder / uuid.uuid4().hex
    lock = own.with_suffix(_LOCK).open("a")
    _locked(lock)
    _held.append(lock)
    own.mkdir(mode=0o700)
    return own


def _locked(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
