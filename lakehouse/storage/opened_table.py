"""A version of a table, asked in SQL without Spark, and decrypted on its way out.

A condition on a column that is encrypted is asked of rows that are open already.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from deltalake import DeltaTable, QueryBuilder

from lakehouse.storage.cells import KeyPlace, mark_of, needed_for
from lakehouse.tables.spec import TableSpec

if TYPE_CHECKING:
    import pyarrow as pa

    from lakehouse.storage.cell_reader import CellReader

Row = dict[str, Any]
"""A row by column. Moments are in UTC, decimals exact."""


class OpenedTable:
    """A version of a table, known to an engine."""

    def __init__(
        self,
        engine: QueryBuilder,
        spec: TableSpec,
        table: DeltaTable,
        keys: KeyPlace | None = None,
    ) -> None:
        self._engine = engine.register(f'"{spec.name}"', table)
        self._spec = spec
        there = [found.name for found in table.schema().fields]
        self._there = there
        self._encrypted = [n for n in spec.column_names if keys and mark_of(n) in there]
        self._cells = _cell_reader(keys) if keys and self._encrypted else None
        declared = (
            f'"{name}"' if name in there else f'CAST(NULL AS VARCHAR) AS "{name}"'
            for name in spec.column_names
        )
        self._maps = [column.name for column in spec.columns if column.type.startswith("map<")]
        hidden = needed_for(spec.name, there) if self._encrypted else []
        more = (f'"{name}"' for name in hidden if name not in spec.column_names)
        self._source = f'(SELECT {", ".join((*declared, *more))} FROM "{spec.name}")'

    def rows(self, where: str, columns: Iterable[str], distinct: bool = False) -> list[Row]:
        """These columns of the rows that the condition holds for."""
        names = list(columns)
        if not {*self._encrypted} & {*names, *self._told_in(where)}:
            wanted = ("DISTINCT " if distinct else "") + ", ".join(f'"{name}"' for name in names)
            answer = self._engine.execute(f"SELECT {wanted} FROM {self._source} WHERE {where}")
            rows = cast(list[Row], answer.read_all().to_struct_array().to_pylist())
        else:
            rows = [row for batch in self._open(where, names) for row in batch.to_pylist()]
            if distinct:
                rows = list({str(row): row for row in rows}.values())
        for row in rows:
            row.update({name: dict(row[name]) for name in self._maps if row.get(name) is not None})
        return rows

    def needed(self, names: Iterable[str]) -> list[str]:
        """These columns, and those that they are decrypted by."""
        listed = list(names)
        more = needed_for(self._spec.name, self._there) if {*self._encrypted} & {*listed} else []
        return list(dict.fromkeys((*listed, *more)))

    def decrypted(
        self, batches: Iterable["pa.RecordBatch"], names: Sequence[str]
    ) -> "Iterator[pa.RecordBatch]":
        """The batches in these columns; they have what `needed` says."""
        for batch in batches:
            yield from self._with_clear(_as_table(batch), names).select(names).to_batches()

    def _open(self, where: str, names: Sequence[str]) -> "Iterator[pa.RecordBatch]":
        """Rows of which the condition, or what is wanted, is encrypted."""
        asked = self._told_in(where)
        is_late = bool({*asked} & {*self._encrypted})
        wanted = ", ".join(f'"{name}"' for name in self.needed(dict.fromkeys((*names, *asked))))
        first = "true" if is_late else where
        answer = self._engine.execute(f"SELECT {wanted} FROM {self._source} WHERE {first}")
        for batch in answer:
            rows = _as_table(batch)
            if is_late:
                rows = _those(self._with_clear(rows, asked), where)
            others = [name for name in names if not is_late or name not in asked]
            yield from self._with_clear(rows, others).select(names).to_batches()

    def _with_clear(self, rows: "pa.Table", names: Iterable[str]) -> "pa.Table":
        encrypted = [name for name in names if name in self._encrypted]
        if self._cells is None or not encrypted:
            return rows
        return self._cells.opened(self._spec.name, rows, encrypted)

    def _told_in(self, where: str) -> list[str]:
        """The columns that a condition may be about."""
        words = {*re.findall(r"\w+", where)}
        return [name for name in self._spec.column_names if name in words]

    def sample(
        self, key: Iterable[str], columns: Iterable[str], most: int
    ) -> tuple[list[Row], int]:
        """At most about so many rows, by a hash of the key, and how many there are."""
        counted = self._engine.execute(f"SELECT count(*) AS n FROM {self._source}").read_all()
        total = int(counted.to_struct_array().to_pylist()[0]["n"])
        if total <= most:
            return self.rows("true", columns), total
        texts = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in key)
        below = f"{int(most / total * 16**8):08x}"
        picked = f"substr(md5(concat_ws('|', {texts})), 1, 8) < '{below}'"
        return self.rows(picked, columns), total


def _cell_reader(keys: KeyPlace) -> "CellReader":
    from lakehouse.storage.cell_reader import CellReader  # noqa: PLC0415 (few tables need it)

    return CellReader(keys)


def _as_table(batch: object) -> "pa.Table":
    import pyarrow as pa  # noqa: PLC0415 (as in `ReleasedTables.batches`)

    return pa.Table.from_batches([pa.record_batch(batch)])


def _those(rows: "pa.Table", where: str) -> "pa.Table":
    """Those of the rows that the condition holds for."""
    import duckdb  # noqa: PLC0415 (as in `ReleasedTables.batches`)

    with duckdb.connect() as connection:
        connection.register("given", rows)
        return connection.sql(f"SELECT * FROM given WHERE {where}").to_arrow_table()
