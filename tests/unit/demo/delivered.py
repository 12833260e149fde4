"""Reads the demo company's landing files without any of its code."""

import csv
import functools
import json
from dataclasses import dataclass
from pathlib import Path

FEEDS_OF_PEOPLE = (
    "crm_contact",
    "shop_account",
    "pos_loyalty_member",
    "newsletter_subscriber",
    "support_ticket",
    "social_profile",
)
HEADERLESS = {
    "pos_loyalty_member": [
        "loyalty_number",
        "full_name",
        "birth_date",
        "gender",
        "phone",
        "email",
        "street",
        "city",
        "postcode",
        "country",
        "tier",
        "points",
        "joined_on",
        "snapshot_at",
    ],
    "pos_receipt": [
        "receipt_id",
        "store_id",
        "till",
        "sold_at",
        "loyalty_number",
        "currency",
        "total",
        "exported_at",
    ],
    "pos_receipt_line": (
        [
            "receipt_id",
            "line_no",
            "sku",
            "quantity",
            "unit_price",
            "amount",
            "currency",
            "loyalty_number",
            "exported_at",
        ]
    ),
}


@dataclass(frozen=True)
class Person:
    """What a source says of a person, as text."""

    name: str
    birth_date: str
    email: str
    phone: str


def files(landing: Path, feed: str) -> list[Path]:
    """The feed's files, by drop."""
    return sorted(landing.glob(f"*/{feed}-*"))


@functools.cache
def sound_rows(path: Path, feed: str) -> list[dict[str, object]]:
    """Records of a text file that can be read at all, by column."""
    if path.suffix == ".json":
        return list(json.loads(path.read_bytes()))
    encoding = "windows-1252" if feed == "crm_contact" else "utf-8"
    rows: list[dict[str, object]] = []
    names = HEADERLESS.get(feed)
    for line in path.read_bytes().split(b"\n")[:-1]:
        try:
            text = line.decode(encoding)
            if path.suffix == ".jsonl":
                rows.append(json.loads(text))
                continue
        except ValueError:
            continue
        cells = next(csv.reader([text], delimiter="|" if path.suffix == ".txt" else ","))
        if names is None:
            names = cells
        elif len(cells) == len(names):
            rows.append(dict(zip(names, cells, strict=True)))
    return rows


def people(landing: Path) -> dict[tuple[str, str], Person]:
    """The last delivered version of each person record, by feed and id, rejected files left out."""
    found: dict[tuple[str, str], tuple[str, Person]] = {}
    for feed in FEEDS_OF_PEOPLE:
        for path in files(landing, feed):
            for row in sound_rows(path, feed):
                entry = _PERSON_OF[feed](row)
                if entry is None or not entry[0]:
                    continue
                key, sequence, person = (feed, entry[0]), entry[1], entry[2]
                if key not in found or found[key][0] <= sequence:
                    found[key] = (sequence, person)
    return {key: person for key, (_, person) in found.items()}


_Entry = tuple[str, str, Person] | None


def _text(row: dict[str, object], name: str) -> str:
    return str(row.get(name) or "")


def _contact(row: dict[str, object]) -> _Entry:
    name = f"{_text(row, 'first_name')} {_text(row, 'last_name')}"
    person = Person(name, _text(row, "birth_date"), _text(row, "email"), _text(row, "phone"))
    return _text(row, "contact_id"), _text(row, "snapshot_at"), person


def _account(row: dict[str, object]) -> _Entry:
    if row.get("op") == "delete":
        return None
    name = f"{_text(row, 'given_name')} {_text(row, 'family_name')}"
    person = Person(name, _text(row, "birth_date"), _text(row, "email"), _text(row, "phone"))
    return _text(row, "account_id"), _text(row, "updated_at"), person


def _member(row: dict[str, object]) -> _Entry:
    person = Person(
        _text(row, "full_name"), _text(row, "birth_date"), _text(row, "email"), _text(row, "phone")
    )
    return _text(row, "loyalty_number"), _text(row, "snapshot_at"), person


def _subscriber(row: dict[str, object]) -> _Entry:
    if "email" not in row:
        return None
    person = Person(_text(row, "first_name"), "", _text(row, "email"), "")
    return _text(row, "subscriber_id"), _text(row, "updated_at"), person


def _requester(row: dict[str, object]) -> _Entry:
    asked = row["requester"]
    assert isinstance(asked, dict)
    if "ticket_id" not in row:
        return None
    person = Person(_text(asked, "name"), "", _text(asked, "email"), _text(asked, "phone"))
    return _text(asked, "requester_id"), _text(row, "updated_at"), person


def _profile(row: dict[str, object]) -> _Entry:
    person = Person(_text(row, "display_name"), "", _text(row, "email"), "")
    return _text(row, "profile_id"), _text(row, "updated_at"), person


_PERSON_OF = {
    "crm_contact": _contact,
    "shop_account": _account,
    "pos_loyalty_member": _member,
    "newsletter_subscriber": _subscriber,
    "support_ticket": _requester,
    "social_profile": _profile,
}
