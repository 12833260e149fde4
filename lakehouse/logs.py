"""Where the product's own log lines go: a file, and the person who waits at a terminal."""

import logging
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

_FILE_BYTES = 20_000_000
_FILES = 5


class _UtcFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)


def configure_logging(folder: Path, level: str) -> Path:
    """Sends the log of `lakehouse` to `<folder>/c360.log` and to stderr; returns the file.

    On a terminal a line is the bare message; elsewhere it carries time, level and module.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "c360.log"
    line = _UtcFormatter("%(asctime)sZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    file = RotatingFileHandler(path, maxBytes=_FILE_BYTES, backupCount=_FILES, encoding="utf-8")
    file.setFormatter(line)
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(logging.Formatter("%(message)s") if sys.stderr.isatty() else line)
    logger = logging.getLogger("lakehouse")
    for old in list(logger.handlers):
        logger.removeHandler(old)
        old.close()
    logger.setLevel(level.upper())
    logger.propagate = False
    logger.addHandler(file)
    logger.addHandler(stream)
    return path
