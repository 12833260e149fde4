"""The record of processing (GDPR article 30): what is held, where, why, how long, shared with whom.

All of it follows from table specs, sources, data products and purposes. A column has the purposes, the
retention and the path to a subject of its table.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from lakehouse.privacy.csv_cells import csv_text
from lakehouse.privacy.kept import kept
from lakehouse.privacy.subject_paths import SubjectPath, bronze_path, subject_path
from lakehouse.settings.models import Settings
from lakehouse.settings.purposes import Purpose
from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.spec import Column, Sensitivity, TableSpec

PERSONAL = tuple(s for s in Sensitivity if s is not Sensitivity.NONE)
"""Sensitivities of what the law calls personal data, pseudonyms among it."""

_CSV_COLUMNS = (
    *("table", "column", "description", "sensitivity", "owner", "purposes", "legal_bases"),
    *("retention_days", "kept", "recipients", "found_by"),
)


@dataclass(frozen=True)
class HeldTable:
    """A table and those of its columns that were asked for; `path` is None if it is about nobody.

    `kept` says for how long, in words.
    """

    spec: TableSpec
    columns: tuple[Column, ...]
    purposes: dict[str, Purpose]
    path: SubjectPath | None
    kept: str

    @property
    def recipients(self) -> tuple[str, ...]:
        """Categories of those whom the table's purposes share data with, each once."""
        return tuple(dict.fromkeys(r for p in self.purposes.values() for r in p.recipients))

    @property
    def legal_bases(self) -> tuple[str, ...]:
        """The legal bases of the table's purposes, each once."""
        return tuple(dict.fromkeys(p.legal_basis.value for p in self.purposes.values()))


def processing_record(
    settings: Settings, sensitivities: Collection[Sensitivity] = PERSONAL
) -> list[HeldTable]:
    """The tables, bronze first, that have a column of one of these sensitivities, with those columns."""
    paths = [(source.bronze_table, bronze_path(source)) for source in settings.sources]
    made = (*STATIC_TABLES, *settings.product_tables)
    paths += [(spec, subject_path(spec)) for spec in made]
    return [
        HeldTable(
            spec,
            columns,
            {name: settings.purposes.purposes[name] for name in spec.purposes},
            path,
            kept(spec, settings.sources),
        )
        for spec, path in paths
        if (columns := tuple(c for c in spec.columns if c.sensitivity in sensitivities))
    ]


def as_document(record: Sequence[HeldTable]) -> dict[str, object]:
    """The record as what JSON can say."""
    return {"tables": [_table(held) for held in record]}


def _table(held: HeldTable) -> dict[str, object]:
    path = held.path
    return {
        "table": held.spec.name,
        "description": held.spec.description,
        "owner": held.spec.owner,
        "purposes": {
            name: {"title": p.title, "legal_basis": p.legal_basis.value}
            for name, p in held.purposes.items()
        },
        "retention_days": held.spec.retention_days,
        "kept": held.kept,
        "recipients": list(held.recipients),
        "found_by": path
        and {"columns": list(path.columns), "keys": path.keys.value, "via": list(path.via)},
        "columns": [
            {
                "column": column.name,
                "type": column.type,
                "description": column.description,
                "sensitivity": column.sensitivity.value,
            }
            for column in held.columns
        ],
    }


def as_csv(record: Sequence[HeldTable]) -> str:
    """The record with a row per column, under a header; several names in a cell stand apart by `; `."""
    rows = (dict(zip(_CSV_COLUMNS, row, strict=True)) for row in _rows(record))
    return csv_text(rows, _CSV_COLUMNS)


def _rows(record: Sequence[HeldTable]) -> Iterator[tuple[str, ...]]:
    for held in record:
        for column in held.columns:
            yield (
                *(held.spec.name, column.name, column.description, column.sensitivity.value),
                *(held.spec.owner, "; ".join(held.purposes), "; ".join(held.legal_bases)),
                *(str(held.spec.retention_days), held.kept, "; ".join(held.recipients)),
                held.path.in_words() if held.path else "",
            )
