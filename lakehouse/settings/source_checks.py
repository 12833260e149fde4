"""What the shape of one source's YAML does not show: its own, silver's and other sources' names."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain, permutations
from pathlib import PurePosixPath

from lakehouse.settings.file_patterns import overlap
from lakehouse.settings.sources import (
    FileFormat,
    Mapped,
    OrderReference,
    PersonReference,
    SilverFeed,
    Source,
    named_sources,
)
from lakehouse.tables.bronze import BRONZE_LINEAGE
from lakehouse.tables.silver import ORDER, PERSON_RECORD, SILVER_TABLES
from lakehouse.tables.spec import TableSpec

Path = tuple[str | int, ...]
PathFault = tuple[Path, str]

_SILVER = {table.entity: table for table in SILVER_TABLES}
_LINEAGE = frozenset(
    {"record_key", "source_system", "source_record_id", "source_feed", "source_file"}
    | {"source_row_number", "sequence_at", "fresh_until_at", "corrections"}
)
_REFERENCE_COLUMNS = {"person": "person_record_key", "order": "order_record_key"}
# Of the last two: encrypted, or not there from the start, they could not bind a row's ciphertext.
_RESERVED = frozenset({*(column.name for column in BRONZE_LINEAGE), "table_name", "record_key"})


def source_faults(
    sources: Mapping[str, Source], *, complete: bool
) -> Iterator[tuple[str, Path, str]]:
    """Triples of the file's stem, the key's path and what is wrong.

    `complete` is False when some source could not be read; then nobody is blamed for naming it.
    """
    for stem, source in sources.items():
        known = sources if complete else None
        faults = chain(
            _name_faults(stem, source),
            _column_faults(source),
            _file_faults(source),
            *(
                _in_feed(n, _feed_faults(source, feed, known))
                for n, feed in enumerate(source.feeds)
            ),
        )
        yield from ((stem, path, message) for path, message in faults)
    for (stem, source), (other, rival) in permutations(sources.items(), 2):
        if overlap(source.file_pattern, rival.file_pattern):
            yield stem, ("file_pattern",), f"a file can fit this pattern and that of {other}"


def _in_feed(number: int, faults: Iterator[PathFault]) -> Iterator[PathFault]:
    return ((("feeds", number, *path), message) for path, message in faults)


def _name_faults(stem: str, source: Source) -> Iterator[PathFault]:
    if stem != source.name:
        yield ("entity",), f"the file must be called {source.name}.yml, for its system and entity"


def _column_faults(source: Source) -> Iterator[PathFault]:
    declared = Counter(column.name for column in source.columns)
    for number, column in enumerate(source.columns):
        if declared[column.name] > 1:
            yield ("columns", number, "name"), f"{column.name} is declared twice"
        if column.name in _RESERVED:
            message = (
                f"{column.name} is a column that bronze adds, or that encrypted rows are bound to"
            )
            yield ("columns", number, "name"), message
    for number, key in enumerate(source.key):
        if key not in declared:
            yield ("key", number), f"{key} is not among columns"
    if source.sequence not in declared:
        yield ("sequence",), f"{source.sequence} is not among columns"
    if source.delete_flag and source.delete_flag.column not in declared:
        yield ("delete_flag", "column"), f"{source.delete_flag.column} is not among columns"


def _file_faults(source: Source) -> Iterator[PathFault]:
    if not _cuts_into_lines(source.encoding):
        yield ("encoding",), "must be an encoding of text in which the byte 0A ends a line"
    pattern = PurePosixPath(source.file_pattern)
    if not source.file_pattern or pattern.is_absolute() or ".." in pattern.parts:
        yield ("file_pattern",), "must be a pattern below the landing folder"
    if source.format is not FileFormat.CSV and source.options != type(source.options)():
        yield ("options",), f"delimiter, quote and header are for csv, not for {source.format}"
    if source.options.delimiter == source.options.quote:
        yield ("options", "quote"), "must differ from the delimiter"


def _cuts_into_lines(encoding: str) -> bool:
    try:
        return b"\n".decode(encoding) == "\n"
    except (LookupError, ValueError):
        return False


def _feed_faults(
    source: Source, feed: SilverFeed, sources: Mapping[str, Source] | None
) -> Iterator[PathFault]:
    table = _SILVER.get(feed.table)
    if table is None:
        yield ("table",), f"silver has no table {feed.table}"
        return
    yield from _map_faults(source, feed, table)
    for number, path in enumerate(feed.record_id or ()):
        yield from _path_faults(source, feed, ("record_id", number), path)
    if feed.where is not None:
        yield from _path_faults(source, feed, ("where", "column"), feed.where.column)
    if feed.each is not None and _head(feed.each) not in _declared(source):
        yield ("each",), f"{_head(feed.each)} is not among columns"
    for key, reference in _references(feed):
        yield from _holder_faults(table, key)
        yield from _path_faults(source, feed, (key, "id"), reference.id)
        if isinstance(reference.source, Mapped):
            yield from _path_faults(source, feed, (key, "source"), reference.source)
        if sources is not None:
            yield from _reference_faults(key, reference, sources)


def _map_faults(source: Source, feed: SilverFeed, table: TableSpec) -> Iterator[PathFault]:
    if not feed.map:
        yield ("map",), "must fill at least one column"
    for column, mapped in feed.map.items():
        if column not in table.column_names:
            yield ("map", column), f"{table.name} has no column {column}"
        elif column in _LINEAGE:
            yield ("map", column), f"{column} is filled by the product"
        yield from _path_faults(source, feed, ("map", column), mapped)


def _holder_faults(table: TableSpec, key: str) -> Iterator[PathFault]:
    column = _REFERENCE_COLUMNS[key]
    if column not in table.column_names:
        yield (key,), f"{table.name} has no {column}, so its rows name no {key}"


def _path_faults(
    source: Source, feed: SilverFeed, key: Path, mapped: str | Mapped
) -> Iterator[PathFault]:
    for path in _paths(mapped):
        head = _head(path)
        if head == "item" and feed.each is None:
            yield key, "item stands for an element of each, and each is not given"
        elif head != "item" and head not in _declared(source):
            yield key, f"{head} is not among columns"


def _reference_faults(
    key: str, reference: PersonReference | OrderReference, sources: Mapping[str, Source]
) -> Iterator[PathFault]:
    target = {"person": PERSON_RECORD.entity, "order": ORDER.entity}[key]
    for name in named_sources(reference.source):
        if name not in sources:
            yield (key, "source"), f"no source is called {name}"
        elif target not in {feed.table for feed in sources[name].feeds}:
            yield (key, "source"), f"{name} does not fill silver.{target}"


def _references(feed: SilverFeed) -> Iterator[tuple[str, PersonReference | OrderReference]]:
    if feed.person is not None:
        yield "person", feed.person
    if feed.order is not None:
        yield "order", feed.order


def _paths(mapped: str | Mapped) -> tuple[str, ...]:
    if isinstance(mapped, str):
        return (mapped,)
    return mapped.join or ((mapped.column,) if mapped.column else ())


def _declared(source: Source) -> frozenset[str]:
    return frozenset(column.name for column in source.columns)


def _head(path: str) -> str:
    return path.partition(".")[0]
