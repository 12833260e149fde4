"""Cells that no spreadsheet runs, and rows that every reader finds whole."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.privacy.csv_cells import cell, csv_text, harmless


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+1+1", "'+1+1"),
        ("-1", "-1"),
        ("-12.50", "-12.50"),
        ("-1-1", "'-1-1"),
        (" =1", "' =1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("＝1", "'＝1"),
        ("|calc", "'|calc"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("+442079460018", "+442079460018"),
        ("+44 207=1", "'+44 207=1"),
        ("ann@post.org", "ann@post.org"),
        (-1, "-1"),
        (Decimal("-1.50"), "-1.50"),
        (date(2026, 1, 5), "2026-01-05"),
        (True, "true"),
        (None, ""),
        (["=a"], '["=a"]'),
        ({"b": "ü", "a": None}, '{"a": null, "b": "ü"}'),
    ],
)
def test_a_text_that_a_spreadsheet_would_run_is_quoted_and_nothing_else_is(
    value: object, shown: str
) -> None:
    assert cell(value) == shown


@given(st.text())
def test_no_text_begins_as_a_formula_unless_it_is_a_number(text: str) -> None:
    shown = cell(text)
    assert not shown.lstrip().startswith(("=", "@", "|", "%", "＝", "＋", "－", "＠"))
    assert not shown.startswith(("\t", "\r", "\n"))
    assert shown[:1] not in ("+", "-") or float(shown) == float(text)


@given(st.lists(st.text() | st.text("=+-@\r\n\t\0\"',; a", max_size=9), min_size=1, max_size=4))
def test_whatever_cells_hold_a_reader_finds_them_one_by_one(values: list[str]) -> None:
    row = {f"c{n}": value for n, value in enumerate(values)}

    text = csv_text([row, row], list(row))

    shown = [cell(value) for value in values]
    assert list(csv.reader(io.StringIO(text, newline=""))) == [[*row], shown, shown]


@pytest.mark.parametrize("lines", ["Ann\r=1+1", "Ann\n=1+1", "Ann\u2028=1+1"])
def test_a_line_end_in_a_value_begins_no_row(lines: str) -> None:
    text = csv_text([{"name": lines}], ["name"])

    assert text == f'"name"\r\n"{lines}"\r\n'


def test_a_text_that_a_spreadsheet_s_cell_cannot_hold_is_cut_and_shows_it() -> None:
    shown = cell("=" + 40_000 * "a")

    assert shown[:3] == "'=a"
    assert shown.endswith("a …")
    # What is beyond this goes on in rows of its own.
    assert len(shown) <= 32_767
    assert cell(32_000 * "a") == 32_000 * "a"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1", "+", "-"],
)
def test_a_cell_is_no_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["+442079460018", "-12.50", "Ann", "a=b", ""])
def test_numbers_and_words_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text
