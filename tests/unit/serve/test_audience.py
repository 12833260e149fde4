"""What leaves the lakehouse as files: cells that no spreadsheet runs, and who must be added and removed."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.serve.audience import cell, csv_text, delta, members, row_hashes


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+1+1", "'+1+1"),
        ("-1", "'-1"),
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
    ],
)
def test_a_text_that_a_spreadsheet_would_run_is_quoted_and_nothing_else_is(
    value: object, shown: str
) -> None:
    assert cell(value) == shown


@given(st.text())
def test_no_text_begins_as_a_formula_unless_it_is_a_telephone_number(text: str) -> None:
    shown = cell(text)
    assert not shown.startswith(("=", "-", "@", "\t", "\r"))
    assert not shown.startswith("+") or shown[1:].isdigit()


def test_rows_are_in_order_whatever_order_they_come_in_and_read_back_whole() -> None:
    rows = [{"customer_id": "b", "name": 'O"Neil, Ann\nLee'}, {"customer_id": "a", "name": None}]

    text = csv_text(rows, ["customer_id", "name"])

    assert text == csv_text(reversed(rows), ["customer_id", "name"])
    assert list(csv.reader(io.StringIO(text))) == [
        ["customer_id", "name"],
        ["a", ""],
        ["b", 'O"Neil, Ann\nLee'],
    ]


IDS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["h1", "h2", "h3"]))


@given(st.lists(IDS, min_size=1, max_size=5))
def test_a_destination_that_follows_every_delta_has_what_the_last_release_has(
    releases: list[dict[str, str]],
) -> None:
    log: list[dict[str, object]] = []
    for number, now in enumerate(releases, start=1):
        has, _ = members(log, "p", "d")
        change = delta(has, now)
        log += [
            row_of(number, customer, now.get(customer))
            for customer in (*change.added, *change.changed, *change.removed)
        ]

    assert members(log, "p", "d")[0] == releases[-1]
    assert delta(members(log, "p", "d")[0], releases[-1]).is_empty
    assert members(log, "p", "elsewhere") == ({}, 0)


def row_of(number: int, customer: str, row_hash: str | None) -> dict[str, object]:
    return {
        "product": "p",
        "destination": "d",
        "release_number": number,
        "customer_id": customer,
        "row_hash": row_hash,
        "exported_at": number,
    }


def test_hashes_are_keyed_and_tell_any_value_apart() -> None:
    rows = [{"customer_id": "a", "email": "a@post.org"}, {"customer_id": "b", "email": None}]

    found = row_hashes(rows, ["email"], "a secret")

    assert found.keys() == {"a", "b"}
    assert found["a"] != found["b"]
    assert found != row_hashes(rows, ["email"], "another secret")
