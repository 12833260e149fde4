"""The company's numbers, each defined once, as conf/base/metrics.yml says them.

Read apart from the other settings, as no run needs them and parsing SQL takes a moment.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from lakehouse.settings import places
from lakehouse.settings.base_types import Frozen, Name, Text
from lakehouse.settings.documents import Layer, read_layer
from lakehouse.settings.expressions import sql_faults
from lakehouse.settings.faults import Fault, dotted, refuse
from lakehouse.settings.validation import validation_faults
from lakehouse.tables.gold import GOLD_TABLES

_FILE = "conf/base/metrics.yml"
_SPECS = {spec.name: spec for spec in GOLD_TABLES}

GoldTable = Annotated[str, StringConstraints(pattern=r"^gold\.[a-z][a-z0-9_]*$")]


class Join(Frozen):
    """A table of gold that has at most one row for each row of the source: `using` names its key."""

    name: Name
    table: GoldTable
    using: tuple[Name, ...] = Field(min_length=1)


class Expression(Frozen):
    """A dimension or a measure: a name, an expression of Spark SQL and what it says."""

    name: Name
    expression: Text
    description: Text


class MetricView(Frozen):
    """Measures over one table of gold, and the dimensions that they are told by."""

    name: Name
    description: Text
    source: GoldTable
    where: Text | None = None
    joins: tuple[Join, ...] = ()
    dimensions: tuple[Expression, ...] = ()
    measures: tuple[Expression, ...] = Field(min_length=1)


class Metrics(Frozen):
    """The whole of conf/base/metrics.yml."""

    views: tuple[MetricView, ...]


def load_metrics(conf_dir: Path | None = None) -> tuple[MetricView, ...]:
    """The views of conf/base/metrics.yml.

    Raises ConfigurationError that lists every fault: a table, column or key that is not there, a name
    given twice, an expression that is no SQL, a measure that aggregates nothing, a dimension that does.
    """
    layer = read_layer((conf_dir or places.conf_dir()) / "base" / "metrics.yml", _FILE)
    refuse([layer] if isinstance(layer, Fault) else [])
    content = layer.content if isinstance(layer, Layer) else {}
    try:
        metrics = Metrics.model_validate(content)
    except ValidationError as error:
        refuse([Fault(_FILE, dotted(p), m) for p, m in validation_faults(error, content)])
        raise
    names = [view.name for view in metrics.views]
    faults = [
        Fault(_FILE, f"views[{n}].name", "another view has this name")
        for n, name in enumerate(names)
        if name in names[:n]
    ]
    for n, view in enumerate(metrics.views):
        faults += [Fault(_FILE, f"views[{n}].{key}", message) for key, message in _faults(view)]
    refuse(faults)
    return metrics.views


def _faults(view: MetricView) -> Iterator[tuple[str, str]]:
    """Pairs of the key within the view and what is wrong with it."""
    if view.source not in _SPECS:
        yield "source", "gold has no such table"
    for n, join in enumerate(view.joins):
        spec = _SPECS.get(join.table)
        if spec is None:
            yield f"joins[{n}].table", "gold has no such table"
        elif set(join.using) != set(spec.primary_key):
            yield f"joins[{n}].using", f"must be the table's key: {', '.join(spec.primary_key)}"
    yield from _expression_faults(view)


def _expression_faults(view: MetricView) -> Iterator[tuple[str, str]]:
    known = _known_columns(view)
    names = [field.name for field in (*view.dimensions, *view.measures)]
    fields = [(f"dimensions[{n}]", field, False) for n, field in enumerate(view.dimensions)]
    fields += [(f"measures[{n}]", field, True) for n, field in enumerate(view.measures)]
    for place, field, aggregates in fields:
        if names.count(field.name) > 1:
            yield f"{place}.name", "given twice"
        for message in sql_faults(field.expression, known, aggregates):
            yield f"{place}.expression", message
    if "$$" in view.model_dump_json():
        yield "", "may not hold $$, which ends the text of a metric view"
    for message in sql_faults(view.where or "true", known, aggregates=False):
        yield "where", message


def _known_columns(view: MetricView) -> set[tuple[str, str]]:
    """Pairs of the table's name in an expression (none for the source) and the column."""
    tables = {"": view.source} | {join.name: join.table for join in view.joins}
    return {
        (name, column)
        for name, table in tables.items()
        if table in _SPECS
        for column in _SPECS[table].column_names
    }
