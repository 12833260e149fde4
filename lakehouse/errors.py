"""Every error a user can meet: a stable code, what happened and where, and what to do next.

No message ever holds a person's value: callers pass names, counts and paths only.
"""

from enum import IntEnum


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
