"""People of the demo company by its truth, those who are hard to erase first, and what they alone have."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tests.support.archive_truth import Truth, distinctive, words

_TELLING = re.compile(r"[0-9@]")
_NOT_TELLING = re.compile(r"\d{4}-?\d\d-?\d\d|\d\d[./-]\d\d[./-]\d{4}|u[0-9a-f]{4}")
"""Dates and moments, and what is left of a letter that JSON escapes."""
_THINGS = {"shop_order": "order_id", "pos_receipt": "receipt_id", "support_ticket": "ticket_id"}
"""By feed, the id of a thing that is somebody's and that other feeds tell of by that id."""
_OF_THE_RUN = {"content_hash", "file_hash", "run_id", "source_file", "ingested_at"}


def sharing(truth: Truth) -> list[list[str]]:
    """People of whom each has a record with the same e-mail address."""
    found = defaultdict(set)
    for person in truth.records:
        for row in _rows(truth, person):
            found[row["email_match"]].add(person)
    return [sorted(people) for email, people in found.items() if email and len(people) > 1]


def some_people(truth: Truth, count: int) -> list[str]:
    """The first of those who share an address, while the others stay, and whoever comes next."""
    groups = sharing(truth)
    first = {group[0] for group in groups}
    stay = {person for group in groups for person in group} - first
    known = [person for person in sorted(truth.records) if _rows(truth, person)]
    return sorted({*known} - stay, key=lambda person: (person not in first, person))[:count]


def record_keys(truth: Truth, person: str) -> list[str]:
    """The keys of her records that silver has."""
    return [row["record_key"] for row in _rows(truth, person)]


def _rows(truth: Truth, person: str) -> list[Mapping[str, Any]]:
    return [truth.silver[r] for r in sorted(truth.records[person]) if r in truth.silver]


def own_values(truth: Truth, people: list[str]) -> set[str]:
    """Words of their rows of bronze, with a digit or @ and no dates, that stand in no row but theirs.

    A row is theirs if an id or an address of theirs stands in it that no other person has.
    """
    ids = {w for person in people for w in distinctive(truth, person)}
    ids -= {w for other in truth.records.keys() - {*people} for w in distinctive(truth, other)}
    ids |= set(_things(truth, ids))
    theirs, others = set(ids), set()
    for _, _, told in _told(truth):
        if told & ids:
            theirs |= told
        else:
            others |= told
    # An id may be the beginning of somebody else's.
    rest = "\n".join(others)
    alone = {w for w in theirs if len(w) >= 8 and w not in rest}
    return {w for w in alone if _TELLING.search(w) and not _NOT_TELLING.match(w)}


def _things(truth: Truth, ids: set[str]) -> Iterator[str]:
    for feed, row, told in _told(truth):
        if feed in _THINGS and told & ids:
            yield str(row[_THINGS[feed]]).lower()


def _told(truth: Truth) -> Iterator[tuple[str, Mapping[str, Any], set[str]]]:
    """Every row of bronze with its feed and its words."""
    for feed, rows in truth.bronze.items():
        for row in rows:
            yield feed, row, words({k: v for k, v in row.items() if k not in _OF_THE_RUN})
