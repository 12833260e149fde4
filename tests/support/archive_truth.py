"""Holds archives of a demo lake against the truth: all of a person's records, and no stranger's value.

It shares no code with what makes the archives: it looks for ids, addresses, telephone numbers, and names
beside birth dates in their text.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from deltalake import DeltaTable

_WORD = re.compile(r"[\w.@+-]+")
_NUMBER = re.compile(r"(?<![\w.])\+?\d[\d\s()/.-]{5,}\d(?!\w)")
_PERSON = ("feed", "source_record_id", "person_id")
_PHONES = ("phone", "phone_match", "secondary_phone", "secondary_phone_match")
_LAST_DIGITS = 8
"""So many end a telephone number, however its country and area are written."""
_DATE = re.compile(r"(?<!\d)(?:\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}|\d\d\.\d\d\.\d{4}|\d{8})(?!\d)")
_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d")


@dataclass(frozen=True)
class Truth:
    """By person, her records as (feed, id); by record, its row of silver; by id, the person."""

    records: dict[str, set[tuple[str, str]]]
    silver: dict[tuple[str, str], dict[str, Any]]
    attributes: dict[str, dict[str, Any]]
    bronze: dict[str, list[dict[str, Any]]]
    tables: dict[str, list[dict[str, Any]]]
    """Those of silver and gold, and linkage.identity_map."""


def read_truth(root: Path, truth: Path) -> Truth:
    """What the generator knows, and what the lake at `root` has in bronze and silver."""
    people = pq.read_table(truth / "person.parquet").select(_PERSON).to_pylist()
    attributes = pq.read_table(truth / "attribute.parquet").to_pylist()
    silver = _rows(root / "silver" / "person_record")
    records: dict[str, set[tuple[str, str]]] = {}
    for row in people:
        records.setdefault(row["person_id"], set()).add((row["feed"], row["source_record_id"]))
    return Truth(
        records,
        {(r["source_feed"], r["source_record_id"]): r for r in silver},
        {row["person_id"]: row for row in attributes},
        {p.name: _rows(p) for p in sorted((root / "bronze").iterdir())},
        {
            f"{p.parent.name}.{p.name}": _rows(p)
            for p in sorted(
                [*root.glob("silver/*"), *root.glob("gold/*"), root / "linkage" / "identity_map"]
            )
        },
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = DeltaTable(str(path)).to_pyarrow_table().to_pylist()
    return rows


def words(told: Any) -> set[str]:
    """The words of a row or document, among them ids and addresses, in lower case."""
    return {w.strip(".") for w in _WORD.findall(json.dumps(told, default=str).lower())}


def distinctive(truth: Truth, person: str) -> Iterator[str]:
    """Ids and addresses of e-mail of somebody's records: the words by which a stranger would show."""
    for feed, record_id in truth.records[person]:
        row = truth.silver.get((feed, record_id))
        yield record_id.lower()
        if row is not None:
            yield row["record_key"]
            yield from (row[c].lower() for c in ("email", "secondary_email") if row[c])


def phones(told: Any) -> set[str]:
    """The last digits of all that may be a telephone number in a row or document."""
    found = (re.sub(r"\D", "", text) for text in _NUMBER.findall(json.dumps(told, default=str)))
    return {digits[-_LAST_DIGITS:] for digits in found if len(digits) >= _LAST_DIGITS}


def _phones_of(truth: Truth, person: str) -> set[str]:
    rows = [truth.silver[r] for r in truth.records[person] if r in truth.silver]
    return phones([row[c] for row in rows for c in _PHONES if row[c]])


Named = tuple[str, frozenset[str]]
"""A birth date in one of its forms, and the words of the name beside it."""


def _births_of(truth: Truth, person: str) -> Iterator[Named]:
    for row in (truth.silver[r] for r in truth.records[person] if r in truth.silver):
        name = words([row["given_name"], row["family_name"]])
        if row["birth_date"] and row["given_name"] and row["family_name"]:
            yield from ((f"{row['birth_date']:{form}}", frozenset(name)) for form in _DATES)


@dataclass(frozen=True)
class Strangers:
    """What tells somebody of the truth: by person the words, endings of numbers, and births with names."""

    words: dict[str, set[str]]
    phones: dict[str, set[str]]
    births: dict[str, set[Named]]

    def told(self, person: str, document: Any) -> set[str]:
        """What the document tells of other people that is not hers too."""
        found = words(document) & _others(self.words, person)
        found |= phones(document) & _others(self.phones, person)
        names: dict[str, set[frozenset[str]]] = {}
        for born, name in _others(self.births, person):
            names.setdefault(born, set()).add(name)
        for row in (row for table in document["tables"] for row in table["rows"]):
            dates = names.keys() & {*_DATE.findall(json.dumps(row, default=str))}
            told = words(row) if dates else set()
            found |= {born for born in dates if any(name <= told for name in names[born])}
        return found


def _others(told: dict[str, set[Any]], person: str) -> set[Any]:
    return {value for other in told if other != person for value in told[other]} - told[person]


def strangers(truth: Truth) -> Strangers:
    """What would show each of these people in an archive that is not theirs."""
    return Strangers(
        {person: set(distinctive(truth, person)) for person in truth.records},
        {person: _phones_of(truth, person) for person in truth.records},
        {person: set(_births_of(truth, person)) for person in truth.records},
    )


def missing_bronze_rows(truth: Truth, ids: set[str], document: Any) -> list[tuple[str, str, int]]:
    """Rows of bronze in which an id of hers stands and that the archive lacks."""
    told = {
        (table["name"].removeprefix("bronze."), row["source_file"], row["source_row_number"])
        for table in document["tables"]
        if table["name"].startswith("bronze.")
        for row in table["rows"]
    }
    wanted = {i.lower() for i in ids}
    return [
        (feed, row["source_file"], row["source_row_number"])
        for feed, rows in truth.bronze.items()
        for row in rows
        if wanted & words({k: v for k, v in row.items() if k != "source_file"})
        and (feed, row["source_file"], row["source_row_number"]) not in told
    ]


def missing_rows(truth: Truth, keys: set[str], document: Any) -> dict[str, int]:
    """By table of silver or gold, how many rows of her records or of customers wholly hers it lacks."""
    told = {table["name"]: table["rows"] for table in document["tables"]}
    owners: dict[str, set[str]] = {}
    for row in truth.tables["linkage.identity_map"]:
        if row["valid_to"] is None:
            owners.setdefault(row["customer_id"], set()).add(row["record_key"])
    whole = {customer for customer, records in owners.items() if records <= keys}
    lacking = {}
    for name, rows in truth.tables.items():
        column = "person_record_key" if name.startswith("silver.") else "customer_id"
        column = "record_key" if name == "silver.person_record" else column
        wanted = whole if column == "customer_id" else keys
        hers = [row for row in rows if row.get(column) in wanted]
        shown = [row for row in told.get(name, ()) if row.get(column) in wanted]
        if not name.startswith("linkage.") and len(shown) < len(hers):
            lacking[name] = len(hers) - len(shown)
    return lacking
