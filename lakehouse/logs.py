"""Where the product's own log lines go: a file, and the person who waits at a terminal.

Messages are made of names and counts. Should one hold more, what looks like a person's value is taken out
of it, and so is every secret that this process knows.
"""

import logging
import re
import sys
import time
from collections.abc import Collection
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from lakehouse.errors import without_words
from lakehouse.report import inert
from lakehouse.settings.models import Settings

_FILE_BYTES = 20_000_000
_FILES = 5
_WITHHELD = "‹withheld›"
_VALUES = re.compile(
    r"[^\s@<>\"'(),;:=]+@[\w-]+(?:\.[\w-]+)+"  # e-mail addresses
    r"|(?<![\w.])\+\d[\d ()./-]{6,}\d"  # international telephone numbers
    r"|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"  # IBANs
    r"|(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w.-])"  # numbers of cards and the like
)


class _Line(logging.Formatter):
    """A line without values, secrets and characters that would begin a line of their own."""

    converter = staticmethod(time.gmtime)

    def __init__(self, form: str, secrets: Collection[str]) -> None:
        super().__init__(form, "%Y-%m-%dT%H:%M:%S")
        longest_first = sorted(secrets, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        said = self._secrets.sub(_WITHHELD, _VALUES.sub(_WITHHELD, inert(record.message)))
        record.message = said
        return super().formatMessage(record)

    def formatException(  # noqa: N802 - the library's name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        return "" if ei[1] is None else inert(without_words(ei[1]), keep="\n\t")


def with_logging(settings: Settings) -> Settings:
    """The settings; from now on the log goes where they say, without the secrets that they hold."""
    told = settings.logging
    configure_logging(told.folder, told.level, settings.secret_values())
    return settings


def configure_logging(folder: Path, level: str, secrets: Collection[str] = ()) -> Path:
    """Sends the log of `lakehouse` to `<folder>/c360.log` and to stderr; returns the file.

    On a terminal a line is the bare message; elsewhere it carries time, level and module. Nothing that
    `secrets` has stands in a line.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "c360.log"
    line = _Line("%(asctime)sZ %(levelname)s %(name)s: %(message)s", secrets)
    file = RotatingFileHandler(path, maxBytes=_FILE_BYTES, backupCount=_FILES, encoding="utf-8")
    file.setFormatter(line)
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(_Line("%(message)s", secrets) if sys.stderr.isatty() else line)
    logger = logging.getLogger("lakehouse")
    for old in list(logger.handlers):
        logger.removeHandler(old)
        old.close()
    logger.setLevel(level.upper())
    logger.propagate = False
    logger.addHandler(file)
    logger.addHandler(stream)
    return path
