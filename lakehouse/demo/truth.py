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
from lakehouse.demo.places import format_phone
from lakehouse.demo.population import PersonFeed
from lakehouse.demo.rates import DISTORTIONS

SCHEMAS = {
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
        [
            ("person_id", pa.string()),
            ("household_id", pa.string()),
            ("is_shared_flat", pa.bool_()),
            ("role", pa.string()),
            ("is_at_business", pa.bool_()),
        ]
    ),
    "attribute": pa.schema(
        [
            ("person_id", pa.string()),
            ("given_name", pa.string()),
            ("family_name", pa.string()),
            ("birth_date", pa.date32()),
            ("email", pa.string()),
            ("second_email", pa.string()),
            ("phone", pa.string()),
            ("street", pa.string()),
            ("city", pa.string()),
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
        self.add("household", _homes(people))
        self.add("attribute", _attributes(people))

    def add(self, kind: str, columns: Mapping[str, pa.Array]) -> None:
        """Records what was planted of a kind of truth, by the names of its columns."""
        self._append(kind, [columns[name] for name in SCHEMAS[kind].names])

    def _append(self, kind: str, columns: Sequence[pa.Array]) -> None:
        self.tables[kind].append(pa.Table.from_arrays(columns, schema=SCHEMAS[kind]))


def _homes(people: pd.DataFrame) -> dict[str, pa.Array]:
    """Where each person lives, and as what: parent, child or other in a family; else without a role."""
    size = people.groupby("household")["household"].transform("size")
    role = np.select([people["position"] >= 2, size > 2], ["child", "parent"], "other")
    lives_in_family = (size > 1) & ~people["flat"]
    return {
        **{name: pa.array(people[name], pa.string()) for name in ("person_id", "household_id")},
        "is_shared_flat": pa.array(people["flat"], pa.bool_()),
        "role": pa.array(role, pa.string(), mask=~lives_in_family.to_numpy()),
        "is_at_business": pa.array(people["at_business"], pa.bool_()),
    }


def _attributes(people: pd.DataFrame) -> dict[str, pa.Array]:
    """What is true of each person today; a telephone number as E.164."""
    told = {"given_name": "given_plain", "family_name": "family_plain"}
    same = ("person_id", "email", "street", "city", "postcode")
    numbers = zip(people["country"], people["mobile"], strict=True)
    phones = [format_phone("e164", country, number) for country, number in numbers]
    has_one_email = ~people["has_second_email"].to_numpy()
    return {
        **{n: pa.array(people[told.get(n, n)], pa.string()) for n in (*same, *told)},
        "birth_date": pa.array(people["birth_date"].dt.date, pa.date32()),
        "second_email": pa.array(people["second_email"], pa.string(), mask=has_one_email),
        "phone": pa.array(phones, pa.string()),
    }


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
    return pa.Table.from_arrays(columns, schema=SCHEMAS["person"])


def write_truth(folder: Path, truths: Iterable[Truth]) -> None:
    """Writes one Parquet file per kind of truth, chunk by chunk."""
    folder.mkdir(parents=True, exist_ok=True)
    books = Books()
    with ExitStack() as stack:
        writers = {
            kind: stack.enter_context(pq.ParquetWriter(folder / f"{kind}.parquet", SCHEMAS[kind]))
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
    schema = SCHEMAS[name]
    columns = [pa.array([row[i] for row in rows], column.type) for i, column in enumerate(schema)]
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), folder / f"{name}.parquet")
