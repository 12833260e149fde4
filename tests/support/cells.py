"""Runs a notebook in Databricks source format as Databricks would: cell by cell, in one namespace."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

FIRST_LINE = "# Databricks notebook source"
_BETWEEN_CELLS = "# COMMAND ----------"
_MAGIC = "# MAGIC"
_DISPLAYED_ROWS = 1000


@dataclass(frozen=True)
class Cell:
    """One cell: its text, and the number of its first line in the file, from 1."""

    text: str
    first_line: int

    @property
    def is_markdown(self) -> bool:
        """True for text. Raises ValueError for any other magic: nothing here could run it."""
        lines = [line for line in self.text.splitlines() if line.strip()]
        if not any(line.startswith(_MAGIC) for line in lines):
            return False
        if lines[0].split()[2:3] != ["%md"] or not all(line.startswith(_MAGIC) for line in lines):
            raise ValueError(f"the cell at line {self.first_line} is neither Python nor %md")
        return True


class Widgets:
    """`dbutils.widgets`: a widget's value is what the caller gave, else its default."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self._values: dict[str, str] = {}

    def text(self, name: str, default: str, label: str | None = None) -> None:
        """Declares a widget."""
        self._values[name] = self._given.get(name, default)

    def get(self, name: str) -> str:
        """Its value. Raises KeyError for a widget that no cell has declared."""
        return self._values[name]


@dataclass(frozen=True)
class DbUtils:
    """`dbutils`, as far as the notebooks use it."""

    widgets: Widgets


@dataclass
class Shown:
    """What a notebook has shown: columns and rows of each table, and each piece of HTML."""

    tables: list[tuple[list[str], list[tuple[Any, ...]]]] = field(default_factory=list)
    html: list[str] = field(default_factory=list)

    def table(self, *columns: str) -> list[tuple[Any, ...]]:
        """These columns of the only table shown that has them all."""
        (found,) = [t for t in self.tables if set(columns) <= set(t[0])]
        at = [found[0].index(column) for column in columns]
        return [tuple(row[i] for i in at) for row in found[1]]


def cells(notebook: Path) -> list[Cell]:
    """The notebook's cells in order. Raises ValueError if it is no notebook in source format."""
    lines = notebook.read_text(encoding="utf-8").splitlines()
    if lines[:1] != [FIRST_LINE]:
        raise ValueError(f"{notebook.name} does not begin with '{FIRST_LINE}'")
    starts = [1, *(n for n, line in enumerate(lines, 1) if line == _BETWEEN_CELLS)]
    ends = [*(n - 1 for n in starts[1:]), len(lines)]
    return [
        Cell("\n".join(lines[start:end]), start + 1)
        for start, end in zip(starts, ends, strict=True)
    ]


def run_notebook(notebook: Path, spark: SparkSession, widgets: Mapping[str, str]) -> Shown:
    """Runs every cell of the notebook under these values of its widgets; what it has shown."""
    shown = Shown()

    def display(frame: DataFrame) -> None:
        rows = frame.limit(_DISPLAYED_ROWS).collect()
        shown.tables.append((frame.columns, [tuple(row) for row in rows]))

    namespace: dict[str, Any] = {
        "spark": spark,
        "dbutils": DbUtils(Widgets(widgets)),
        "display": display,
        "displayHTML": shown.html.append,
    }
    for cell in cells(notebook):
        if not cell.is_markdown:
            # Blank lines before it, so that a traceback names the notebook's own line.
            text = "\n" * (cell.first_line - 1) + cell.text
            exec(compile(text, str(notebook), "exec"), namespace)  # noqa: S102
    return shown
