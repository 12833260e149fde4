"""What a source is: one YAML file under conf/base/sources describes one feed, and no Python does.

The file's name is the feed's name, and the feed's bronze table is `bronze.<file name>`.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from lakehouse.settings.base_types import Frozen, Name, Text
from lakehouse.settings.datetime_patterns import DatetimePattern
from lakehouse.tables.bronze import bronze_table
from lakehouse.tables.silver import SILVER_TABLES
from lakehouse.tables.spec import Column, Sensitivity, TableSpec


class FileFormat(StrEnum):
    """Shapes that a landing file can have. All but parquet are text in the source's encoding."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    JSON_ARRAY = "json_array"
    PARQUET = "parquet"


class LoadKind(StrEnum):
    """What the rows of a file mean.

    A `snapshot` holds every key that lives at its moment (a key missing from the newest snapshot is
    deleted); a `delta` holds new versions of some keys; an `event` happens once and does not change
    unless the source corrects it under the same key.
    """

    SNAPSHOT = "snapshot"
    DELTA = "delta"
    EVENT = "event"


class FormatOptions(Frozen):
    """How a text file is cut into columns. `header: false` means that columns go by position."""

    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    quote: Annotated[str, StringConstraints(min_length=1, max_length=1)] = '"'
    header: bool = True


class SourceColumn(Frozen):
    """One column as the source sends it. A missing `required` column rejects the file."""

    name: Name
    description: Text
    sensitivity: Sensitivity = Sensitivity.DIRECT_IDENTIFIER
    required: bool = False


class DeleteFlag(Frozen):
    """The column, and its values, by which a row says that its key is gone."""

    column: Name
    values: tuple[str, ...] = Field(min_length=1)


class Mapped(Frozen):
    """Where a silver column's raw text comes from.

    Exactly one of: `column` (a bronze column, or a dotted path into a JSON one; a path that begins
    with `item.` looks into the element of `each`), `constant`, or `join` (several, by one space).
    `values` translates the text; a text that it does not list becomes null and is counted.
    """

    column: str | None = None
    constant: str | None = None
    join: tuple[str, ...] | None = None
    values: dict[str, str] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [o for o in (self.column, self.constant, self.join) if o is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of column, constant, join")
        return self


class PersonReference(Frozen):
    """Whom a row is about: the feed that describes people, and the path of that feed's person id.

    `source` is the name of a feed that maps to person_record, or a `Mapped` that yields one.
    """

    source: str | Mapped
    id: str


class OrderReference(Frozen):
    """Which order a row belongs to: the feed that maps to order, and the path of its order id."""

    source: str | Mapped
    id: str


def named_sources(source: str | Mapped) -> tuple[str, ...]:
    """The feeds that a reference's `source` can yield; none where a column itself holds their names."""
    if isinstance(source, str):
        return (source,)
    if source.constant is not None:
        return (source.constant,)
    return tuple((source.values or {}).values())


class Condition(Frozen):
    """The path, and its values in any case, by which a row is one that counts."""

    column: str
    values: tuple[str, ...] = Field(min_length=1)


class SilverFeed(Frozen):
    """How one feed fills one silver table. `map` gives raw text per column; silver types it.

    `where` leaves only the records whose newest version meets the condition.
    `each` names a column that holds a JSON array: one silver row per element, and one that the gate
    holds for an array that cannot be read. `record_id` lists the paths whose values together are the
    record's id (default: the source's key).
    `date_formats` are tried in order, as Spark datetime patterns, for dates and timestamps;
    ISO 8601 is tried when the list is empty. `country` is the default for phones and postcodes.
    """

    table: Name
    map: dict[Name, str | Mapped]
    where: Condition | None = None
    each: str | None = None
    record_id: tuple[str, ...] | None = None
    person: PersonReference | None = None
    order: OrderReference | None = None
    date_formats: tuple[DatetimePattern, ...] = ()
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None

    @property
    def retention_days(self) -> int:
        """For how many days the silver table keeps what happened; 1 where there is no such table."""
        return next((s.retention_days for s in SILVER_TABLES if s.entity == self.table), 1)


class Source(Frozen):
    """One feed: how its files look, what its rows mean, and which silver columns they fill."""

    source_system: Name
    entity: Name
    description: Text
    owner: Text
    readers: tuple[Text, ...] = Field(min_length=1)
    format: FileFormat
    options: FormatOptions = FormatOptions()
    encoding: str = "utf-8"
    file_pattern: str
    load_kind: LoadKind
    key: tuple[str, ...] = Field(min_length=1)
    sequence: str
    sequence_formats: tuple[DatetimePattern, ...] = ()
    delete_flag: DeleteFlag | None = None
    freshness_limit_hours: int | None = Field(default=None, gt=0)
    columns: tuple[SourceColumn, ...] = Field(min_length=1)
    feeds: tuple[SilverFeed, ...] = ()

    @property
    def name(self) -> str:
        """The feed's name: `<source_system>_<entity>`."""
        return f"{self.source_system}_{self.entity}"

    @property
    def bronze_table(self) -> TableSpec:
        """The spec of the feed's bronze table, kept as long as any table of silver that it fills is.

        Silver is made from bronze alone, so that a shorter time would shorten silver's.
        """
        columns = [Column(c.name, "string", c.description, c.sensitivity) for c in self.columns]
        if not self.feeds:
            return bronze_table(self.name, self.description, self.owner, columns, self.key)
        days = max(feed.retention_days for feed in self.feeds)
        return bronze_table(
            self.name, self.description, self.owner, columns, self.key, retention_days=days
        )

    @property
    def tells_what_happened(self) -> bool:
        """True of a feed of events or of what people did; false of people and things themselves."""
        if self.load_kind is LoadKind.EVENT:
            return True
        return bool(self.feeds) and all(feed.person is not None for feed in self.feeds)
