"""What a table is: the one declaration from which schema, comments, dictionary and contracts are derived.

A transform never states a schema, and storage never invents one: both read the `TableSpec`.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Layer(StrEnum):
    """Where a table stands in the flow; `ops` stands beside it."""

    BRONZE = "bronze"
    SILVER = "silver"
    LINKAGE = "linkage"
    GOLD = "gold"
    SERVE = "serve"
    OPS = "ops"


class Sensitivity(StrEnum):
    """How much a column says of a person, in rising order (GDPR articles 4 and 9)."""

    NONE = "none"
    PSEUDONYM = "pseudonym"
    QUASI_IDENTIFIER = "quasi_identifier"
    DIRECT_IDENTIFIER = "direct_identifier"
    SPECIAL_CATEGORY = "special_category"

    @property
    def is_personal(self) -> bool:
        """True for values that must not reach statistics, logs, partitions or predicates."""
        return self in _PERSONAL


_PERSONAL = frozenset(
    {
        Sensitivity.QUASI_IDENTIFIER,
        Sensitivity.DIRECT_IDENTIFIER,
        Sensitivity.SPECIAL_CATEGORY,
    }
)


_ENCRYPTED = frozenset({Sensitivity.DIRECT_IDENTIFIER, Sensitivity.SPECIAL_CATEGORY})


def has_record_keys(table: str) -> bool:
    """True of tables whose rows have data keys of their own, by what they are about: as sources sent them, or as
    people decided and asked. Of all others the rows of a run share one.
    """
    return table.startswith((f"{Layer.BRONZE}.", f"{Layer.OPS}."))


class WriteMode(StrEnum):
    """How a run changes a table.

    `OVERWRITE` replaces the content by this run's; `APPEND` adds this run's rows.
    """

    OVERWRITE = "overwrite"
    APPEND = "append"


@dataclass(frozen=True)
class Column:
    """One column: its Spark type as DDL, what it says in one sentence, how personal it is.

    `unit` names what a number counts. `run_metadata` marks a value that differs between two
    runs over the same input (a run id, a clock reading); digests leave it out. `fed_by` names the
    columns (`silver.order.status`) that its values are made from, beside those of the same name in
    the tables that the table is made from.
    """

    name: str
    type: str
    description: str
    sensitivity: Sensitivity = Sensitivity.NONE
    required: bool = False
    unit: str | None = None
    run_metadata: bool = False
    fed_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableSpec:
    """One table. `name` is `<layer>.<entity>`; `description` begins with what one row is.

    `subject_key` is the column by which a row belongs to a person; several where it is about the
    persons of any of them, such as both records of a pair.
    `retention_from` is the column whose moment a row's retention counts from; None where rows go by
    themselves, because each run makes the table anew from what is kept, or where none may go.
    `source_key` are the columns by which the source itself tells its records apart; none where it does not.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    owner: str
    retention_days: int
    purposes: tuple[str, ...]
    write_mode: WriteMode = WriteMode.OVERWRITE
    subject_key: str | tuple[str, ...] | None = None
    cluster_by: tuple[str, ...] = field(default=())
    retention_from: str | None = None
    source_key: tuple[str, ...] = ()

    @property
    def layer(self) -> Layer:
        """The layer, which is the first part of the name."""
        return Layer(self.name.split(".")[0])

    @property
    def entity(self) -> str:
        """The table's name within its layer."""
        return self.name.split(".")[1]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Column names in declared order."""
        return tuple(column.name for column in self.columns)

    @property
    def subject_keys(self) -> tuple[str, ...]:
        """The columns of `subject_key`; none if the table is not about persons."""
        if self.subject_key is None:
            return ()
        return (self.subject_key,) if isinstance(self.subject_key, str) else self.subject_key

    @property
    def personal_columns(self) -> tuple[str, ...]:
        """Columns whose values must stay out of Delta's log."""
        return tuple(c.name for c in self.columns if c.sensitivity.is_personal)

    @property
    def encrypted_columns(self) -> tuple[str, ...]:
        """Columns that are encrypted where they lie, if the lake encrypts.

        None of gold and serve, which hold what the roles that they are made for may see.
        """
        if not has_record_keys(self.name) and self.layer not in (Layer.SILVER, Layer.LINKAGE):
            return ()
        return tuple(c.name for c in self.columns if c.sensitivity in _ENCRYPTED)

    @property
    def content_columns(self) -> tuple[str, ...]:
        """Columns that two runs over the same input fill alike."""
        return tuple(c.name for c in self.columns if not c.run_metadata)

    @property
    def suite_path(self) -> str:
        """Path of the expectation suite below `expectations/`."""
        return f"{self.layer}/{self.entity}.json"

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    def ddl(self) -> str:
        """The columns as Spark DDL, without comments: `a string not null, b date`."""
        return ", ".join(
            f"`{c.name}` {c.type}{' not null' if c.required else ''}" for c in self.columns
        )
