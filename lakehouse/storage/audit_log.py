"""The file of the audit and the head beside it: one line at a time, by one process at a time.

A line is on the disk before whoever wrote it goes on, and only then the head. So a process that dies
leaves at most a line without end, which the head does not count: nobody was shown anything for it.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lakehouse.errors import AlreadyRunningError

_WAIT_SECONDS = 30
_TAIL_BYTES = 1 << 16


@dataclass(frozen=True)
class Tail:
    """The end of the file: its last whole line, without its end, and the bytes of a torn one after it."""

    last: bytes | None
    torn: int


class AuditLog:
    """The chain of one lake as a file of lines, and its head as another file."""

    def __init__(self, folder: Path, head_file: Path) -> None:
        self.path = folder / "audit.jsonl"
        self.head_path = head_file

    def append(self, make: Callable[[Tail, bytes | None], tuple[bytes, bytes]]) -> None:
        """Writes the line and the head that `make` gives for the file's end and the head as they are.

        Raises OSError if it cannot be written, AlreadyRunningError if others write for too long.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.head_path.parent.mkdir(parents=True, exist_ok=True)
        with self._alone(), _opened(self.path) as file:
            size = os.fstat(file).st_size
            tail = _tail(file, size)
            line, head = make(tail, self.head())
            if tail.torn:
                os.ftruncate(file, size - tail.torn)
            _write(file, line)
            _replace(self.head_path, head)

    def content(self) -> tuple[list[bytes], int, bytes | None]:
        """The whole lines, the bytes of a torn one after them, and the head, of one moment."""
        if not self.path.exists():
            return [], 0, self.head()
        with self._alone():
            *lines, torn = self.path.read_bytes().split(b"\n")
            return lines, len(torn), self.head()

    def head(self) -> bytes | None:
        """The head as it is kept; None if there is none."""
        return self.head_path.read_bytes() if self.head_path.exists() else None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with _opened(self.path.with_suffix(".lock")) as lock:
            deadline = time.monotonic() + _WAIT_SECONDS
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise _busy(self.path) from None
                    time.sleep(0.005)
            yield


def _busy(path: Path) -> AlreadyRunningError:
    return AlreadyRunningError(
        f"Another process has held the audit in {path.parent} for {_WAIT_SECONDS} seconds.",
        "try again, and look for a process that hangs.",
    )


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield file
    finally:
        os.close(file)


def _tail(file: int, size: int) -> Tail:
    """The end of the file, read backwards until it holds a whole line."""
    length = _TAIL_BYTES
    while True:
        start = max(0, size - length)
        content = os.pread(file, size - start, start)
        *whole, torn = content.split(b"\n")
        if len(whole) > 1 or (whole and start == 0):
            return Tail(whole[-1], len(torn))
        if start == 0:
            return Tail(None, len(torn))
        length *= 4


def _write(file: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]
    os.fsync(file)


def _replace(path: Path, content: bytes) -> None:
    """Puts the file in place of the old one as a whole, or not at all."""
    made = path.with_name(f"{path.name}.new")
    with made.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)
