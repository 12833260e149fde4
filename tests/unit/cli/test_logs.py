import logging
import re
import sys
from pathlib import Path

import pytest

from lakehouse.logs import configure_logging


def test_the_log_file_has_plain_dated_lines_of_the_asked_level(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = configure_logging(tmp_path / "logs", "info")
    logging.getLogger("lakehouse.pipeline").info("gold.customer: 12 rows")
    logging.getLogger("lakehouse.pipeline").debug("not this")

    line = file.read_text("utf-8")

    dated = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO lakehouse\.pipeline: gold\.customer: 12 rows\n"
    assert re.fullmatch(dated, line)
    assert capsys.readouterr().err == line


def test_a_person_at_a_terminal_sees_the_bare_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    configure_logging(tmp_path, "info")
    logging.getLogger("lakehouse.pipeline").info("gold.customer: 12 rows")

    assert capsys.readouterr().err == "gold.customer: 12 rows\n"


def test_configuring_twice_does_not_log_twice(tmp_path: Path) -> None:
    configure_logging(tmp_path, "info")
    file = configure_logging(tmp_path, "info")
    logging.getLogger("lakehouse").warning("once")

    assert len(file.read_text("utf-8").splitlines()) == 1
