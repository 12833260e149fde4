"""How the rows of one person are found in a table: the path from a subject to what is held of her.

Specs declare it by `subject_key`; a bronze row is hers if a silver row made from it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lakehouse.settings.sources import Source
from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.silver import PERSON_RECORD
from lakehouse.tables.spec import Layer, TableSpec


class SubjectKeys(StrEnum):
    """What the columns of a path hold, and so with which set of keys they are compared."""

    CUSTOMER_ID = "customer_id"
    """Customer ids, of today or retired."""

    PERSON_RECORD_KEY = "person_record_key"
    """Keys of silver.person_record."""

    RECORD_KEY = "record_key"
    """Keys of rows of the tables in `via`, which are hers by their own paths."""

    SOURCE_KEY = "source_key"
    """A source's own key, from which the record keys of the tables in `via` are computed."""


@dataclass(frozen=True)
class SubjectPath:
    """A row is the subject's if any of `columns` holds one of her keys of the kind `keys`.

    `via` names the tables whose rows give those keys, where these are not the person's own.
    """

    columns: tuple[str, ...]
    keys: SubjectKeys
    via: tuple[str, ...] = ()

    def in_words(self) -> str:
        """One line for a reader of the record of processing."""
        named = " or ".join(self.columns)
        match self.keys:
            case SubjectKeys.CUSTOMER_ID | SubjectKeys.PERSON_RECORD_KEY:
                return f"{named} ({self.keys})"
            case SubjectKeys.RECORD_KEY:
                return f"{named} (record_key of {', '.join(self.via)})"
            case SubjectKeys.SOURCE_KEY:
                return f"{', '.join(self.columns)} (gives record_key of {', '.join(self.via)})"


_REFERENCES = {"order_record_key": "silver.order", "ticket_record_key": "silver.support_ticket"}
"""Columns by which a row belongs to a row of another table, which has a person."""

_OF_ANY_ROW = frozenset({"ops.quarantine"})
"""Tables whose record_key is that of a row of whatever silver table the row was meant for."""


def subject_path(spec: TableSpec) -> SubjectPath | None:
    """How her rows are found in a table other than bronze; None if it is about nobody.

    Raises ValueError for a subject key that leads to no person.
    """
    if not spec.subject_keys:
        return None
    kinds = {_kind(spec, column) for column in spec.subject_keys}
    if len(kinds) > 1:
        raise ValueError(f"{spec.name} mixes subject keys of different kinds")
    keys, via = kinds.pop()
    return SubjectPath(spec.subject_keys, keys, via)


def _kind(spec: TableSpec, column: str) -> tuple[SubjectKeys, tuple[str, ...]]:
    if column.removesuffix("_l").removesuffix("_r").endswith("customer_id"):
        return SubjectKeys.CUSTOMER_ID, ()
    if column in _REFERENCES:
        return SubjectKeys.RECORD_KEY, (_REFERENCES[column],)
    if spec.name in _OF_ANY_ROW and column == "record_key":
        return SubjectKeys.RECORD_KEY, _about_persons(STATIC_TABLES)
    if column == "person_record_key" or _is_key_of_a_person(spec, column):
        return SubjectKeys.PERSON_RECORD_KEY, ()
    raise ValueError(f"{spec.name}.{column} leads to no person")


def _is_key_of_a_person(spec: TableSpec, column: str) -> bool:
    """A bare record_key is the row's own in silver and gold, and a person's where people are linked."""
    links_people = spec.layer in (Layer.LINKAGE, Layer.OPS) or spec.name == PERSON_RECORD.name
    return links_people and column in ("record_key", "record_key_l", "record_key_r")


def _about_persons(specs: Sequence[TableSpec]) -> tuple[str, ...]:
    return tuple(s.name for s in specs if s.layer is Layer.SILVER and s.subject_keys)


def bronze_path(source: Source) -> SubjectPath | None:
    """How her rows are found in the source's bronze table; None if no feed of it is about persons.

    Every version of a record is found, as the record's key is computed from what all versions share.
    """
    about_persons = _about_persons(STATIC_TABLES)
    via = tuple(dict.fromkeys(f"silver.{feed.table}" for feed in source.feeds))
    via = tuple(name for name in via if name in about_persons)
    return SubjectPath(source.key, SubjectKeys.SOURCE_KEY, via) if via else None
