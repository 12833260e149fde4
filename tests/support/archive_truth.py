"""Holds archives of a demo lake against the truth: all of a person's records, and no stranger's value.

It shares no code with what makes the archives: it looks for ids and addresses in their text.
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
_PERSON = ("feed", "source_record_id", "person_id")


@dataclass(frozen=True)
class Truth:
    """By person, her records as (feed, id); by record, its row of silver; by id, the person."""

    records: dict[str, set[tuple[str, str]]]
    silver: dict[tuple[str, str], dict[str, Any]]
    attributes: dict[str, dict[str, Any]]
    bronze: dict[str, list[dict[str, Any]]]


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


def strangers(truth: Truth, person: str, document: Any) -> set[str]:
    """Words of the document that are of other people and not hers."""
    hers = set(distinctive(truth, person))
    theirs = {w for other in truth.records if other != person for w in distinctive(truth, other)}
    return words(document) & (theirs - hers)


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
