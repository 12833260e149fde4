"""A masked copy of a slice of the lake for test environments: who goes in, and how it is written.

Two passes without Spark: the first finds the customers, their records and what may be told of them;
the second streams table after table through the mask. The key of all made-up values is random and never
leaves this process.
"""

import hashlib
import hmac
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from lakehouse.pipeline.audit import record
from lakehouse.pipeline.masked_report import QUASI_COLUMNS, copy_report
from lakehouse.privacy.copied_rows import (
    copied_tables,
    kept_rows,
    people_columns,
    quasi_values,
    worded_columns,
)
from lakehouse.privacy.fakes import Fakes, real_words
from lakehouse.privacy.k_anonymity import coarsened
from lakehouse.privacy.masked_dataset import DatasetMask, Subject
from lakehouse.report import Report
from lakehouse.settings.models import Settings
from lakehouse.storage.copied_tables import CopiedTables, require_apart, require_free
from lakehouse.storage.released_tables import ReleasedTables, Row, released_tables
from lakehouse.tables.gold import CUSTOMER, HOUSEHOLD_MEMBER
from lakehouse.tables.linkage import CUSTOMER_ALIAS, IDENTITY_MAP
from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.spec import TableSpec

_MOST_DAYS = 60


@dataclass(frozen=True)
class Slice:
    """The customers of a copy, and by customer id and record key which of them it belongs to."""

    customers: frozenset[str]
    owners: Mapping[str, str]
    homes: list[list[str]]


def mask_dataset(
    settings: Settings, to: Path, *, customers: int, k: int, seed: str | None
) -> Report:
    """Writes the copy below `to` and returns what it holds and how anonymous it is.

    `seed` chooses the same customers again; what they become is random each time.

    Raises:
        AccessError: it cannot be recorded in the audit.
        InputError: `to` is not empty or within the lake, or there are fewer customers than k.
    """
    require_free(to)
    require_apart(settings.lake, str(to))
    source = released_tables(settings.lake)
    chosen = _slice(source, customers, seed or secrets.token_hex(16))
    record(
        settings,
        action="export",
        surface="mask-dataset",
        count=len(chosen.customers),
        release=source.number,
    )
    copy = CopiedTables(to)
    mask = _mask(source, chosen, k)
    people = pa.array(list(chosen.owners))
    rows: list[tuple[str, int, int]] = []
    for spec in copied_tables(STATIC_TABLES):
        counted = _copied(source, copy, spec, mask, people)
        if counted is not None:
            rows.append((spec.name, *counted))
    copy.release("masked-copy", source.as_of, datetime.now(UTC))
    return copy_report(settings.lake, to, rows, k)


def _slice(source: ReleasedTables, customers: int, seed: str) -> Slice:
    """The first customers by a hash with the seed, with everybody of their households."""

    def place(customer_id: str) -> bytes:
        return hmac.new(seed.encode(), customer_id.encode(), hashlib.sha256).digest()

    everybody = sorted(
        (r["customer_id"] for r in _rows(source, CUSTOMER, "customer_id")), key=place
    )
    known = set(everybody)
    homes: dict[str, list[str]] = defaultdict(list)
    for row in _rows(source, HOUSEHOLD_MEMBER, "household_id", "customer_id"):
        if row["customer_id"] in known:
            homes[row["household_id"]].append(row["customer_id"])
    wanted = set(everybody[:customers])
    chosen = wanted.union(*(m for m in homes.values() if wanted & set(m)))
    owners = {one: one for one in chosen}
    for row in _rows(source, IDENTITY_MAP, "record_key", "customer_id", "valid_to"):
        if row["valid_to"] is None and row["customer_id"] in chosen:
            owners[row["record_key"]] = row["customer_id"]
    for row in _rows(source, CUSTOMER_ALIAS, "customer_id", "current_customer_id"):
        if row["current_customer_id"] in chosen:
            owners.setdefault(row["customer_id"], row["current_customer_id"])
    return Slice(frozenset(chosen), owners, [m for m in homes.values() if chosen & set(m)])


def _mask(source: ReleasedTables, chosen: Slice, k: int) -> DatasetMask:
    told = _told(source, chosen)
    levels = coarsened(told, chosen.homes, k)
    key = secrets.token_bytes(32)
    plain = Fakes(key)
    subjects = {
        name: Subject(-1 - plain.number("days", owner, _MOST_DAYS), levels[owner], told[owner])
        for name, owner in chosen.owners.items()
    }
    fakes = Fakes(key, frozenset(_real_words(source, chosen)))
    return DatasetMask(fakes, subjects)


def _told(source: ReleasedTables, chosen: Slice) -> dict[str, dict[str, str | None]]:
    """By customer of the slice what the golden customer says by quasi-identifier."""
    told: dict[str, dict[str, str | None]] = {one: {} for one in chosen.customers}
    for row in _rows(source, CUSTOMER, "customer_id", *QUASI_COLUMNS):
        if row["customer_id"] in told:
            values = (quasi_values(name, row.get(name)) for name in QUASI_COLUMNS)
            told[row["customer_id"]] |= dict(filter(None, values))
    return told


def _real_words(source: ReleasedTables, chosen: Slice) -> Iterator[str]:
    people = pa.array(list(chosen.owners))
    for spec in copied_tables(STATIC_TABLES):
        opened = source.batches(spec, [*people_columns(spec), *worded_columns(spec)])
        if opened is None or not worded_columns(spec):
            continue
        for batch in opened[1]:
            kept = kept_rows(spec, batch, people)
            for name in worded_columns(spec):
                if name in kept.schema.names:
                    for value in kept.column(name).unique().drop_null().to_pylist():
                        yield from real_words(value)


def _copied(
    source: ReleasedTables,
    copy: CopiedTables,
    spec: TableSpec,
    mask: DatasetMask,
    people: pa.Array,
) -> tuple[int, int] | None:
    """Copies a table; returns the rows written and those left out for want of what may be told."""
    opened = source.batches(spec)
    if opened is None:
        return None
    schema, batches = opened
    counts = [0, 0]

    def masked() -> Iterator[pa.RecordBatch]:
        for batch in batches:
            kept = kept_rows(spec, batch, people)
            made = mask.batch(spec, kept)
            counts[0] += made.num_rows
            counts[1] += kept.num_rows - made.num_rows
            yield made

    copy.write(spec, schema, masked())
    return counts[0], counts[1]


def _rows(source: ReleasedTables, spec: TableSpec, *columns: str) -> Iterator[Row]:
    opened = source.batches(spec, columns)
    for batch in opened[1] if opened else ():
        yield from batch.to_pylist()
