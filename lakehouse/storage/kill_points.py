"""Named moments at which a test can kill the process, to prove that a run survives it.

`C360_KILL=<name>` (or `<name>:<n>` for the n-th time) makes the process send itself SIGKILL there,
and its JVM with it. Without the variable a kill point does nothing.
"""

import os
import signal
from collections import Counter

BEFORE_WRITE = "before_write"
AFTER_COMMIT = "after_commit"
AFTER_RECORD = "after_record"
BEFORE_DELETE = "before_delete"
AFTER_DELETE = "after_delete"


class KillPoints:
    """Counts how often each point was passed and kills at the chosen one."""

    def __init__(self, chosen: str | None) -> None:
        # A subject may hold a colon itself, as ops.quarantine:silver.order does.
        name, _, nth = (chosen or "").rpartition(":")
        self._name, self._nth = (name, int(nth)) if nth.isdigit() else (chosen, 1)
        self._passed: Counter[str] = Counter()

    @property
    def names(self) -> tuple[str, ...]:
        """The points that were passed so far, each once, in order of their first time."""
        return tuple(self._passed)

    def passed(self, subject: str, moment: str) -> None:
        """Marks that `subject` (a table or a record of the run) has come to `moment`."""
        name = f"{subject}.{moment}"
        self._passed[name] += 1
        if name == self._name and self._passed[name] == self._nth:
            _kill_process_group()


def _kill_process_group() -> None:
    # The JVM is a child in the same group when the run was started as a group leader.
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
