"""What is true of a demo company, as Parquet files that no pipeline reads."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.demo.landing import Books
from lakehouse.demo.population import PersonFeed
from lakehouse.demo.rates import DISTORTIONS

_SCHEMAS = {
    "person": pa.schema(
        [
            ("source_system", pa.string()),
            ("entity", pa.string()),
            ("source_record_id", pa.string()),
            ("feed", pa.string()),
            ("person_id", pa.string()),
            ("distortions", pa.list_(pa.string())),
        ]
    ),
    "household": pa.schema(
        [("person_id", pa.string()), ("household_id", pa.string()), ("is_shared_flat", pa.bool_())]
    ),
    "attribute": pa.schema(
        [
            ("person_id", pa.string()),
            ("given_name", pa.string()),
            ("family_name", pa.string()),
            ("birth_date", pa.date32()),
            ("postcode", pa.string()),
        ]
    ),
    "purchase": pa.schema(
        [
            ("order_id", pa.string()),
            ("receipt_id", pa.string()),
            ("kind", pa.string()),
            ("is_same_purchase", pa.bool_()),
        ]
    ),
    "recommendation": pa.schema(
        [
            ("list_id", pa.string()),
            ("product_id", pa.string()),
            ("order_id", pa.string()),
            ("is_clicked", pa.bool_()),
        ]
    ),
    "poison": pa.schema(
        [("file", pa.string()), ("row_number", pa.int64()), ("reason", pa.string())]
    ),
    "duplicate_file": pa.schema([("file", pa.string()), ("copy_of", pa.string())]),
    "rejected_file": pa.schema(
        [("file", pa.string()), ("reason", pa.string()), ("missing_column", pa.string())]
    ),
}


_OF_CHUNKS = ("person", "household", "attribute", "purchase", "recommendation")
"""Kinds of truth that grow with the population, and are written chunk by chunk."""


@dataclass
class Truth:
    """The truth about one chunk, or about what is common to all."""

    tables: dict[str, list[pa.Table]] = field(default_factory=lambda: {n: [] for n in _OF_CHUNKS})
    books: Books = field(default_factory=Books)

    def add_people(self, people: pd.DataFrame, population: dict[str, PersonFeed]) -> None:
        """Records every person record that is delivered in a file that is not rejected."""
        self.tables["person"] += [_records(people, feed) for feed in population.values()]
        columns = [pa.array(people[c], pa.string()) for c in ("person_id", "household_id")]
        columns.append(pa.array(people["flat"], pa.bool_()))
        self._append("household", columns)
        told = [people[c] for c in ("person_id", "given_plain", "family_plain")]
        attributes = [pa.array(values, pa.string()) for values in told]
        attributes.append(pa.array(people["birth_date"].dt.date, pa.date32()))
        attributes.append(pa.array(people["postcode"], pa.string()))
        self._append("attribute", attributes)

    def add(self, kind: str, columns: Mapping[str, pa.Array]) -> None:
        """Records what was planted of a kind of truth, by the names of its columns."""
        self._append(kind, [columns[name] for name in _SCHEMAS[kind].names])

    def _append(self, kind: str, columns: Sequence[pa.Array]) -> None:
        self.tables[kind].append(pa.Table.from_arrays(columns, schema=_SCHEMAS[kind]))


def _records(people: pd.DataFrame, feed: PersonFeed) -> pa.Table:
    delivered = feed.records["delivered"].to_numpy()
    records, marks = feed.records[delivered], feed.labels.marks[delivered]
    system, _, entity = feed.feed.partition("_")
    offsets = np.concatenate([[0], np.cumsum(marks.sum(axis=1))])
    names = pa.array(DISTORTIONS, pa.string()).take(pa.array(np.nonzero(marks)[1]))
    n = len(records)
    columns = [
        pa.array([system] * n, pa.string()),
        pa.array([entity] * n, pa.string()),
        pa.array(records["record_id"], pa.string()),
        pa.array([feed.feed] * n, pa.string()),
        pa.array(people["person_id"].to_numpy()[records["person"]], pa.string()),
        pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), names),
    ]
    return pa.Table.from_arrays(columns, schema=_SCHEMAS["person"])


def write_truth(folder: Path, truths: Iterable[Truth]) -> None:
    """Writes one Parquet file per kind of truth, chunk by chunk."""
    folder.mkdir(parents=True, exist_ok=True)
    books = Books()
    with ExitStack() as stack:
        writers = {
            kind: stack.enter_context(pq.ParquetWriter(folder / f"{kind}.parquet", _SCHEMAS[kind]))
            for kind in _OF_CHUNKS
        }
        for truth in truths:
            for kind, tables in truth.tables.items():
                for table in tables:
                    writers[kind].write_table(table)
            books.poison += truth.books.poison
            books.duplicate_files += truth.books.duplicate_files
            books.rejected_files += truth.books.rejected_files
    _write_rows(folder, "poison", books.poison)
    _write_rows(folder, "duplicate_file", books.duplicate_files)
    _write_rows(folder, "rejected_file", books.rejected_files)


def _write_rows(folder: Path, name: str, rows: Sequence[tuple[str | int, ...]]) -> None:
    schema = _SCHEMAS[name]
    columns = [pa.array([row[i] for row in rows], column.type) for i, column in enumerate(schema)]
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), folder / f"{name}.parquet")
