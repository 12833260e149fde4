"""Attacks through data, on every surface that shows it: each is shown as the text that it is, or refused.

The table is HOSTILE × SURFACES. A surface says how it shows a text, and what it must not do.
"""

import csv
import io
import json
import logging
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from rich.console import Console
from sqlglot import exp

from jobs import ending
from lakehouse import logs
from lakehouse.cli.app import show
from lakehouse.cli.customer_view import inert
from lakehouse.errors import InputError
from lakehouse.linkage.explain import ScoredPair
from lakehouse.linkage.waterfall import waterfall_svg
from lakehouse.logs import configure_logging
from lakehouse.pipeline.explanation_page import _page
from lakehouse.pipeline.explanations import PairExplained
from lakehouse.privacy.archive_files import archive_files
from lakehouse.privacy.csv_cells import csv_text
from lakehouse.privacy.mask_sql import RowTables, row_condition
from lakehouse.quality.docs import data_docs
from lakehouse.quality.gate import GateOutcome, Verdict
from lakehouse.quality.rules import IN_SET, Rule, RuleResult, Severity
from lakehouse.report import Grid, Report
from lakehouse.settings.load import load_settings
from lakehouse.tables.gold import CUSTOMER
from tests.support.hostile import HOSTILE, STEERING

pytestmark = pytest.mark.exhaustive

AT = datetime(2026, 1, 5, tzinfo=UTC)
ATTACKS = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
_ACTIVE = {"script", "iframe", "object", "embed", "form", "link", "base", "img", "svg", "b", "a"}
_RUNS = re.compile(r"^on", re.IGNORECASE)


class Page(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: dict[str, str | None] = {}
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def data_docs_page(text: str) -> str:
    rule = Rule(IN_SET, {"column": text, "value_set": [text]}, Severity.QUARANTINE, text, text)
    result = RuleResult(rule, False, 3, 1)
    outcome = GateOutcome(text, Verdict.QUARANTINE, (result,), 3, 1, {text: 1})
    return data_docs(text, AT, [outcome])


def explanation_page(text: str) -> str:
    grid = Grid(text, (text, "n"), [(text, 1.5)])
    return _page(PairExplained(Report([grid], [text]), (), frozenset()), [])


def archive(text: str) -> dict[str, bytes]:
    """An archive in which the text stands wherever it is not ours."""
    table = {
        "name": "gold.customer",
        "description": text,
        "sources": [text],
        "purposes": ["service"],
        "retention_days": 1,
        "kept": text,
        "columns": [{"name": "name", "type": "string", "description": text}],
        "rows": [{"name": text}],
        "withheld": 0,
        "redacted": 0,
    }
    purpose = {"name": "service", "title": text, "text": text, "legal_basis": "contract"}
    request = {
        "id": "r1",
        "kind": "access",
        "scope": "exact",
        "received_at": "2026-01-05T00:00:00Z",
    }
    document: dict[str, Any] = {
        "schema_version": "1.1",
        "controller": {"name": text, "contact": text},
        "request": {**request, "law": text, "complaint": text},
        "release": {"number": 1, "made_for": None},
        "records": [{"record_key": "k1", "reason": text}],
        "purposes": [{**purpose, "recipients": [text]}],
        "tables": [table],
        "logic": [{"about": text, "text": text, "settings": {"name": text}}],
        "not_included": [text],
    }
    return archive_files(document)


PAGES: dict[str, Callable[[str], str]] = {
    "Data Docs": data_docs_page,
    "the page of an explanation": explanation_page,
    "the page of an archive": lambda text: archive(text)["README.html"].decode(),
}


@ATTACKS
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_a_page_shows_it_and_a_browser_finds_neither_tag_nor_handler_of_its(
    page: Callable[[str], str], text: str
) -> None:
    harmless, attacked = Page(page("Ann")), Page(page(text))

    assert attacked.tags == harmless.tags
    assert attacked.attributes.keys() == harmless.attributes.keys()
    assert not {name for name in attacked.attributes if _RUNS.match(name)}
    assert "default-src 'none'" in page(text)
    seen, shown = ("".join(t.split()).replace("\x00", "") for t in (attacked.text, text))
    assert shown in seen.replace("\ufffd", "")


def chart(text: str) -> str:
    weights = {text: 2.0}
    pair = ScoredPair("a", "b", 5.0, 1.0, None, {text: 0}, weights, text, "m1", 1, None)
    return waterfall_svg(pair, None)


@ATTACKS
def test_a_chart_is_a_drawing_without_script(text: str) -> None:
    drawn = chart(text[:200])
    # What XML has no sign for ends the reading of the file: a browser then shows nothing of it.
    root = ET.fromstring(re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", drawn))  # noqa: S314
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    attributes = {name for element in root.iter() for name in element.attrib}

    assert tags <= {
        "svg",
        "g",
        "path",
        "text",
        "line",
        "rect",
        "defs",
        "clipPath",
        "title",
        "style",
    }
    assert not {name for name in attributes if _RUNS.match(name)}
    assert "javascript:" not in "".join(
        v for e in root.iter() for k, v in e.attrib.items() if "href" in k
    )


def told_by_a_command(text: str, capsys: pytest.CaptureFixture[str], _: Path) -> str:
    show(Report([Grid(text, (text, "n"), [(text, 1)])], [text], [text]))
    told = capsys.readouterr()
    return told.out + told.err


def told_by_a_job(text: str, capsys: pytest.CaptureFixture[str], _: Path) -> str:
    def work(_: object) -> Report:
        return Report(lines=[text], warnings=[text])

    ending.finish("test", work)
    return capsys.readouterr().out


def told_by_an_error(text: str, capsys: pytest.CaptureFixture[str], _: Path) -> str:
    def work(_: object) -> Report:
        raise InputError(f"{text} cannot be read.", "name another.")

    with pytest.raises(SystemExit):
        ending.finish("test", work)
    return capsys.readouterr().err


def told_on_a_customers_page(text: str, capsys: pytest.CaptureFixture[str], _: Path) -> str:
    Console(force_terminal=True, color_system=None, width=80).print(inert(text))
    return capsys.readouterr().out


def told_by_the_log(text: str, capsys: pytest.CaptureFixture[str], folder: Path) -> str:
    file = configure_logging(folder, "info")
    logging.getLogger("lakehouse").warning("%s", text)
    return file.read_text("utf-8") + capsys.readouterr().err


TERMINALS = {
    "a command's report": told_by_a_command,
    "a job's report": told_by_a_job,
    "an error": told_by_an_error,
    "a customer's page": told_on_a_customers_page,
    "the log": told_by_the_log,
}


@pytest.fixture(autouse=True)
def _no_log_file_of_the_lake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "configure_logging", lambda *_: None)


@ATTACKS
@pytest.mark.parametrize("told", TERMINALS.values(), ids=TERMINALS.keys())
def test_a_terminal_gets_no_sign_that_it_would_obey(
    told: Callable[[str, pytest.CaptureFixture[str], Path], str],
    text: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    assert not STEERING & {*told(text, capsys, tmp_path)}


@ATTACKS
def test_a_line_of_the_log_stays_one_line(
    text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = configure_logging(tmp_path, "info")
    logging.getLogger("lakehouse").warning("%s", text)

    assert len(file.read_text("utf-8").splitlines()) == 1


def audience(text: str) -> str:
    return csv_text([{"customer_id": "c1", "name": text}], ["customer_id", "name"])


def archived_table(text: str) -> str:
    return archive(text)["tables/gold_customer.csv"].decode()


SHEETS = {"an audience": audience, "an archive": archived_table}
_RUN_BY_SPREADSHEETS = re.compile(r"^[\s\u00a0\u200b\ufeff]*[=+\-@|%\uff1d]|^[\t\r\n]")


@ATTACKS
@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS.keys())
def test_a_sheet_has_one_cell_of_it_and_no_formula(sheet: Callable[[str], str], text: str) -> None:
    rows = list(csv.reader(io.StringIO(sheet(text), newline="")))

    assert len(rows) == 2
    cell = rows[1][-1]
    assert cell in (text, f"'{text}")
    assert not _RUN_BY_SPREADSHEETS.match(cell)


@ATTACKS
def test_a_document_holds_it_as_one_text_in_signs_of_ascii(text: str) -> None:
    document = archive(text)["subject.json"]

    assert document.isascii()
    assert not STEERING & {*document.decode()}
    assert json.loads(document)["tables"][0]["rows"] == [{"name": text}]


@ATTACKS
def test_a_file_of_an_archive_is_named_by_no_value(text: str) -> None:
    assert archive(text).keys() == archive("Ann").keys()


@ATTACKS
def test_a_condition_in_sql_holds_it_as_one_text(text: str) -> None:
    role = (
        load_settings("test").roles.roles["agent"].model_copy(update={"rows": {"country": (text,)}})
    )

    condition = row_condition(CUSTOMER, role, RowTables("c"))
    (statement,) = sqlglot.parse(condition, dialect="databricks")

    assert statement is not None
    literals = [node.this for node in statement.find_all(exp.Literal) if node.is_string]
    assert literals == [text]
    assert not list(statement.find_all(exp.Drop))
