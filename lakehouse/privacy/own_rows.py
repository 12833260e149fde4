"""What of a row may be shown to the person that it is about: hers, and nothing of anybody else's.

Derived from specs: which columns hold keys of records and customers, and which are personal.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakehouse.privacy.subject_paths import SubjectKeys, SubjectPath
from lakehouse.tables.spec import Column, Layer, TableSpec

Row = dict[str, Any]

REDACTED = "[somebody else's]"
"""What stands where another person's key or value stood."""

_PAIR = ("record_key_l", "record_key_r")
_KEYS_OF_LINKAGE = ("record_key", "cluster_id", "component_id")
_KEY = re.compile(r"[0-9a-f]{64}")
_STAFF = ("decided_by", "actor")
"""Columns that name the company's own people, who are others too."""


@dataclass(frozen=True)
class Own:
    """Whose rows are asked for.

    Attributes:
        records: her person records.
        customers: customers to whom they belong today.
        whole: those of them that are made of her records alone.
        former: ids that are no more and whose records are in `whole` now.
        rows: record_keys of rows of silver that are hers.
        attributes: by customer, golden attributes whose value comes from her records.
    """

    records: frozenset[str]
    customers: frozenset[str]
    whole: frozenset[str]
    former: frozenset[str] = frozenset()
    rows: frozenset[str] = frozenset()
    attributes: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def keys(self, path: SubjectPath) -> frozenset[str]:
        """Her keys of the kind that a path compares."""
        if path.keys is SubjectKeys.CUSTOMER_ID:
            return self.customers | self.former
        return self.records if path.keys is SubjectKeys.PERSON_RECORD_KEY else self.rows


def own_row(
    spec: TableSpec, path: SubjectPath, row: Mapping[str, Any], own: Own
) -> tuple[Row | None, int]:
    """The row as she may see it, and how many values of others were left out of it; None if it is not hers.

    A row of a customer who is made of others' records too is hers if it comes from her own records.
    In a row that names another person nothing personal is shown, as it may be that person's.
    """
    if not _is_own(path, row, own):
        return None, 0
    shown = dict(row)
    if path.keys is SubjectKeys.CUSTOMER_ID and not _is_whole(path, row, own):
        if spec.primary_key == ("customer_id",):
            return _own_attributes(spec, row, own)
        if not _comes_from(row, own):
            return None, 0
    others = sum(_without_others(column, shown, own) for column in spec.columns)
    if spec.layer is Layer.LINKAGE:
        others += sum(_without_anothers_key(name, shown, own) for name in _KEYS_OF_LINKAGE)
    if names_another(row, own):
        others += sum(_without_values(column, shown) for column in spec.columns)
    return shown, others


def _is_own(path: SubjectPath, row: Mapping[str, Any], own: Own) -> bool:
    keys = own.keys(path)
    said = [row.get(column) for column in path.columns]
    if not any(not keys.isdisjoint(s if isinstance(s, list) else [s]) for s in said if s):
        return False
    person = row.get("person_record_key")
    return person is None or person in own.records


def _is_whole(path: SubjectPath, row: Mapping[str, Any], own: Own) -> bool:
    return any(row.get(column) in own.whole | own.former for column in path.columns)


def _comes_from(row: Mapping[str, Any], own: Own) -> bool:
    keys = {row.get("person_record_key"), row.get("record_key"), *(row.get("record_keys") or ())}
    return not keys.isdisjoint(own.records | own.rows)


def _own_attributes(spec: TableSpec, row: Mapping[str, Any], own: Own) -> tuple[Row | None, int]:
    known = own.attributes.get(row["customer_id"], frozenset()) & {*spec.column_names}
    if not known:
        return None, 0
    shown = {name: row[name] if name in known else None for name in spec.column_names}
    shown["customer_id"] = row["customer_id"]
    return shown, sum(row[n] is not None for n in spec.column_names if n not in known) - 1


def names_another(row: Mapping[str, Any], own: Own) -> bool:
    """True if the row names another record or customer beside hers."""
    keys = own.records | own.rows
    customers = own.customers | own.former
    for name, value in row.items():
        if not isinstance(value, str):
            continue
        if name in _PAIR and value not in keys:
            return True
        if "customer_id" in name and value not in customers:
            return True
    return False


def _without_others(column: Column, row: Row, own: Own) -> int:
    """Takes keys of others out of one value of the row, and says how many these were."""
    name, value = column.name, row.get(column.name)
    if value is None:
        return 0
    if name in _STAFF:
        row[name] = REDACTED
        return 1
    if isinstance(value, str):
        is_record = name in _PAIR and value not in own.records
        is_customer = "customer_id" in name and value not in own.customers | own.former
        if is_record or is_customer:
            row[name] = REDACTED
        return int(is_record or is_customer)
    if isinstance(value, list | dict):
        kept = _own_elements(value, own)
        row[name] = kept
        left_out = len(value) - len(kept)
        if left_out and "sources" in row:
            row["sources"] = None
        return left_out
    return 0


def _without_anothers_key(name: str, row: Row, own: Own) -> int:
    """Of a cluster named by another's record, or an event that one came to her customer by mistake."""
    if row.get(name) is None or row[name] in own.records:
        return 0
    row[name] = REDACTED
    return 1


def _own_elements(value: list[Any] | dict[str, Any], own: Own) -> list[Any] | dict[str, Any]:
    if isinstance(value, dict):
        return {k: v for k, v in value.items() if not _is_others(k, own)}
    return [
        element
        for element in value
        if not _is_others(element.get("record_key") if isinstance(element, dict) else element, own)
    ]


def _is_others(key: Any, own: Own) -> bool:
    is_key = isinstance(key, str) and _KEY.fullmatch(key) is not None
    return is_key and key not in own.records | own.rows


def _without_values(column: Column, row: Row) -> int:
    is_comparison = column.type in ("map<string,double>", "map<string,int>")
    if not (column.sensitivity.is_personal or is_comparison) or row.get(column.name) is None:
        return 0
    is_told = row[column.name] == REDACTED
    row[column.name] = REDACTED
    return int(not is_told)


class Redactor:
    """Takes values out of texts, however they are written there.

    Made for what a person's own records hold and is another's as well, such as a telephone number
    that a bridging record carries.
    """

    _FEWEST_DIGITS = 6
    _LAST_DIGITS = 8

    def __init__(self, values: Iterable[str]) -> None:
        patterns = sorted(
            {self._pattern(value) for value in values if value}, key=len, reverse=True
        )
        self._found = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None

    def _pattern(self, value: str) -> str:
        digits = re.sub(r"\D", "", value)
        if (
            "@" not in value
            and len(digits) >= self._FEWEST_DIGITS
            and not re.search("[a-z]", value, re.I)
        ):
            last = digits[-self._LAST_DIGITS :]
            return r"[+(]?(?:\d[\s().\-/]*)*" + r"[\s().\-/]*".join(last)
        return r"(?<![\w.+-])" + re.escape(value) + r"(?![\w-])"

    def of(self, value: Any) -> tuple[Any, int]:
        """The value without them, at any depth, and how many were taken out."""
        if self._found is None:
            return value, 0
        if isinstance(value, str):
            return self._found.subn(REDACTED, value)
        if isinstance(value, dict):
            done = {key: self.of(held) for key, held in value.items()}
            return {k: v for k, (v, _) in done.items()}, sum(n for _, n in done.values())
        if isinstance(value, list):
            listed = [self.of(held) for held in value]
            return [v for v, _ in listed], sum(n for _, n in listed)
        return value, 0
