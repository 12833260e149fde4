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


def logged(tmp_path: Path, message: str, *parts: object, secrets: tuple[str, ...] = ()) -> str:
    file = configure_logging(tmp_path, "info", secrets)
    logging.getLogger("lakehouse").warning(message, *parts)
    return file.read_text("utf-8").split("lakehouse: ")[1].removesuffix("\n")


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("held for ana.muller+x@mail.example.de, twice", "held for ‹withheld›, twice"),
        ("called +49 (0)157 3103-5126.", "called ‹withheld›."),
        ("account DE89 3704 0044 0532 0130 00 is", "account ‹withheld› is"),
        ("card 4111 1111 1111 1111 is", "card ‹withheld› is"),
    ],
)
def test_what_looks_like_a_value_of_a_person_is_taken_out_of_a_line(
    tmp_path: Path, message: str, line: str
) -> None:
    assert logged(tmp_path, message) == line
    assert logged(tmp_path / "by_argument", "%s", message) == line


@pytest.mark.parametrize(
    "message",
    [
        "gold.customer_360: 1,234,567 rows in 12.5 s",
        "run day-2026-01-05 began at 2026-01-05T03:00:00.123456Z",
        "crm_contact-2026-01-05.csv has 1234567890 bytes",
        "5f0c2e7a9b1d4c3e8f6a0b2d4c6e8f0a is version 41",
        "/data/lake/gold/customer, conf/base/roles.yml, C360-030",
        "listens on 127.0.0.1:10000",
    ],
)
def test_names_counts_and_moments_stay(tmp_path: Path, message: str) -> None:
    assert logged(tmp_path, message) == message


def test_no_secret_is_in_a_line_whole_or_within_another(tmp_path: Path) -> None:
    secrets = ("canary-secret", "canary-secret-of-tokens")

    line = logged(tmp_path, "conf says canary-secret-of-tokens and canary-secret", secrets=secrets)

    assert line == "conf says ‹withheld› and ‹withheld›"


def test_no_message_begins_a_line_of_its_own_or_steers_a_terminal(tmp_path: Path) -> None:
    line = logged(tmp_path, "feed\n2026-01-05T00:00:00Z INFO all is well\x1b[2J\u202e")

    assert line == "feed\\n2026-01-05T00:00:00Z INFO all is well\\x1b[2J\\u202e"


def test_an_error_is_logged_without_its_words(tmp_path: Path) -> None:
    file = configure_logging(tmp_path, "info")
    try:
        int("ann@example.org")
    except ValueError:
        logging.getLogger("lakehouse").exception("a step failed")

    told = file.read_text("utf-8")

    assert "ann@example.org" not in told.replace('int("ann@example.org")', "")
    assert "a step failed\nTraceback" in told
    assert "ValueError" in told
    assert "test_logs.py" in told
