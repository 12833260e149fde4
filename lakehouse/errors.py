"""Every error a user can meet: a stable code, what happened and where, and what to do next.

No message ever holds a person's value: callers pass names, counts and paths only.
"""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any


class ExitCode(IntEnum):
    """What a job's exit status says to a scheduler."""

    OK = 0
    FAILED = 1
    BAD_CONFIGURATION = 2
    MISSING_PREREQUISITE = 3
    QUALITY_GATE = 4
    ALREADY_RUNNING = 5
    BAD_INPUT = 6
    SEVERAL_FOUND = 7
    PRODUCT_STOPPED = 8


class LakehouseError(Exception):
    """Base of all errors that a user is shown without a traceback.

    `what` says what is wrong and where, `next_step` what to do about it.
    """

    code = "C360-000"
    exit_code = ExitCode.FAILED

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(f"[{self.code}] {what} Next: {next_step}")
        self.what = what
        self.next_step = next_step


class ConfigurationError(LakehouseError):
    """conf/ or a command's arguments are wrong; every fault is listed at once."""

    code = "C360-010"
    exit_code = ExitCode.BAD_CONFIGURATION


class PrerequisiteError(LakehouseError):
    """Java, disk, network, a jar or a package is missing on this machine."""

    code = "C360-020"
    exit_code = ExitCode.MISSING_PREREQUISITE


class QualityGateError(LakehouseError):
    """A rule of severity `fail` was broken, or two counts of one rule differ; nothing is published."""

    code = "C360-030"
    exit_code = ExitCode.QUALITY_GATE


class SuiteError(LakehouseError):
    """An expectation suite cannot be read, or names what is not there."""

    code = "C360-031"
    exit_code = ExitCode.BAD_CONFIGURATION


class PersonalDataError(LakehouseError):
    """Columns that are declared free of personal data hold some; the release stands."""

    code = "C360-032"
    exit_code = ExitCode.QUALITY_GATE


class SchemaError(LakehouseError):
    """A frame or a stored table does not have the columns that its spec declares."""

    code = "C360-040"


class AlreadyRunningError(LakehouseError):
    """Another run holds the lock; this one touched nothing."""

    code = "C360-050"
    exit_code = ExitCode.ALREADY_RUNNING


class WriteConflictError(LakehouseError):
    """A write's idempotence key was used before for other input, or is lower than the last."""

    code = "C360-051"


class BooksError(LakehouseError):
    """Rows in do not equal good + quarantined + duplicate + rejected."""

    code = "C360-060"


class InputError(LakehouseError):
    """A file or table that the user named cannot be used as it is."""

    code = "C360-070"
    exit_code = ExitCode.BAD_INPUT


class LinkageError(LakehouseError):
    """Training, scoring or clustering cannot go on."""

    code = "C360-080"


class ConflictError(LakehouseError):
    """A steward's decision contradicts others that hold; nothing was written."""

    code = "C360-081"
    exit_code = ExitCode.BAD_INPUT


class NotFoundError(LakehouseError):
    """What was asked for (a release, a model) does not exist."""

    code = "C360-090"
    exit_code = ExitCode.BAD_INPUT


class NotErasedError(LakehouseError):
    """The search after an erasure has found something; the files are named, and no value."""

    code = "C360-110"


class SeveralFoundError(LakehouseError):
    """What was asked for fits several; they are listed, and one has to be named."""

    code = "C360-091"
    exit_code = ExitCode.SEVERAL_FOUND


class AccessError(LakehouseError):
    """The role of the session may not see, or the audit could not record, what was asked for."""

    code = "C360-100"
    exit_code = ExitCode.BAD_INPUT


class AuditError(LakehouseError):
    """The audit is not whole: somebody has changed, left out or cut what was recorded."""

    code = "C360-101"


def read_together(*reads: Callable[[], Any]) -> list[Any]:
    """What each of them gives. Raises what one of them raises; a ConfigurationError where several do."""
    given, errors = [], []
    for read in reads:
        try:
            given.append(read())
        except LakehouseError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ConfigurationError(
            "\n".join(error.what for error in errors),
            "correct them, then try `c360 config check`.",
        )
    return given


class TaskError(Exception):
    """What went wrong in Python in a task of Spark: the kind of error and its place, without its words."""


@contextmanager
def words_withheld() -> Iterator[None]:
    """What fails within ends as a TaskError.

    An error of a task travels to the driver, into Spark's log and its event log; the words of a
    library's may quote the row that it stumbled over.
    """
    try:
        yield
    except TaskError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a library raises
        raise TaskError(f"{type(error).__name__} at {_place(error)}") from None


def without_words(error: BaseException) -> str:
    """The traceback of an error, and of those that led to it, without the words of any but our own.

    Those of other libraries may quote a row. Of Spark's the error class is told.
    """
    told: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = "".join(traceback.format_tb(current.__traceback__))
        told.append(f"Traceback (most recent call last):\n{frames}{_named(current)}\n")
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return "\nThis came of the error above:\n\n".join(reversed(told))


def _named(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, LakehouseError | TaskError):
        return f"{name}: {error}"
    return f"{name}: ({_error_class(error)}its words are withheld, as they may quote data)"


def _error_class(error: BaseException) -> str:
    """What Spark calls the error, a name of a fixed list; asking it needs the JVM, which may be gone."""
    try:
        return f"{error.getCondition()}, "  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - no error of Spark's, or no JVM
        return ""


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    inside = [f for f in frames if f.filename != __file__]
    own = [f for f in inside if Path(__file__).parent.name in Path(f.filename).parts] or inside
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}"
