"""What conf/base/linkage.yml names must be there: columns of the person record, comparisons and
their levels.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Set

from lakehouse.settings.level_labels import level_labels
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.tables.silver import PERSON_RECORD

PathFault = tuple[tuple[str | int, ...], str]

_COLUMN = re.compile(r"'[^']*'|\b([a-z]\w*)\b(?!\()")


def linkage_faults(settings: LinkageSettings, systems: Set[str] | None) -> Iterator[PathFault]:
    """Every place that names what does not exist, with what is wrong there.

    `systems` are those of the sources; None where some source could not be read.
    """
    for n, rule in enumerate(settings.comparisons):
        yield from _unknown_columns(("comparisons", n, "columns"), rule.columns)
    for n, parts in enumerate(settings.blocking):
        yield from _unknown_parts(("blocking", n), parts)
    for n, columns in enumerate(settings.training.blocking):
        yield from _unknown_columns(("training", "blocking", n), columns)
    yield from _guard_faults(settings, systems)


def _guard_faults(settings: LinkageSettings, systems: Set[str] | None) -> Iterator[PathFault]:
    guards = settings.guards
    for n, limit in enumerate(guards.sharing):
        yield from _unknown_columns(("guards", "sharing", n, "columns"), limit.columns)
        yield from _unknown_parts(("guards", "sharing", n, "people"), limit.people)
    labels = {rule.name: level_labels(rule) for rule in settings.comparisons}
    for n, asked in enumerate(guards.corroboration):
        yield from _unknown_names(("guards", "corroboration", n, "common"), asked.common, labels)
    for n, contradiction in enumerate(guards.contradictions):
        path = ("guards", "contradictions", n)
        yield from _unknown_levels((*path, "levels"), contradiction.levels, labels)
        yield from _unknown_levels((*path, "unless"), contradiction.unless, labels)
    for n, system in enumerate(guards.systems_without_duplicates):
        if systems is not None and system not in systems:
            where = ("guards", "systems_without_duplicates", n)
            yield where, f"no source has the source_system {system}"


def _unknown_names(
    path: tuple[str | int, ...], names: Iterable[str], known: Mapping[str, object]
) -> Iterator[PathFault]:
    for n, name in enumerate(names):
        if name not in known:
            yield (*path, n), f"there is no comparison {name}"


def _unknown_levels(
    path: tuple[str | int, ...],
    named: Mapping[str, Iterable[str]],
    labels: Mapping[str, Iterable[str]],
) -> Iterator[PathFault]:
    for comparison, levels in named.items():
        if comparison not in labels:
            yield (*path, comparison), f"there is no comparison {comparison}"
            continue
        for n, level in enumerate(levels):
            if level not in labels[comparison]:
                known = ", ".join(labels[comparison])
                yield (*path, comparison, n), f"{comparison} has no level {level}, but {known}"


def _unknown_columns(path: tuple[str | int, ...], columns: Iterable[str]) -> Iterator[PathFault]:
    for n, column in enumerate(columns):
        if column not in PERSON_RECORD.column_names:
            yield (*path, n), f"silver.person_record has no column {column}"


def _unknown_parts(path: tuple[str | int, ...], parts: Iterable[str]) -> Iterator[PathFault]:
    for n, part in enumerate(parts):
        for column in filter(None, _COLUMN.findall(part)):
            if column not in PERSON_RECORD.column_names:
                yield (*path, n), f"silver.person_record has no column {column}"
