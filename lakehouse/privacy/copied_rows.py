"""Whose the rows of each table are, and which of its columns name people or coarsely describe them.

Derived from the specs, for a masked copy: its rows are those of the customers chosen, and of nobody else.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.privacy.fakes import postcode_area
from lakehouse.privacy.k_anonymity import BIRTH, CITY, COUNTRY, GENDER, POSTCODE, REGION
from lakehouse.tables.spec import Layer, Sensitivity, TableSpec

PEOPLE_COLUMNS = frozenset(
    {
        *("customer_id", "related_customer_id", "current_customer_id", "other_customer_id"),
        *("customer_id_l", "customer_id_r", "record_key_l", "record_key_r", "person_record_key"),
    }
)
"""Columns that name a customer or a person record, beside a table's subject key."""

_ABOUT_THINGS = frozenset({"record_key", "source_record_id", "corrections"})
"""What a table about things has of lineage, though it is about nobody."""

QUASI = {
    "birth_date": BIRTH,
    "gender": GENDER,
    "country": COUNTRY,
    "region": REGION,
    "city": CITY,
    "city_match": CITY,
    "postcode": POSTCODE,
    "postcode_match": POSTCODE,
}


def copied_tables(specs: Sequence[TableSpec]) -> tuple[TableSpec, ...]:
    """The tables of a masked copy: silver, linkage and gold, of which tables about nobody go whole."""
    return tuple(s for s in specs if s.layer in (Layer.SILVER, Layer.LINKAGE, Layer.GOLD))


def is_about_things(spec: TableSpec) -> bool:
    """True for a table that neither a person nor a key of one stands in."""
    told = {c.name for c in spec.columns if c.sensitivity is not Sensitivity.NONE}
    return spec.subject_key is None and told <= _ABOUT_THINGS


def kept_rows(spec: TableSpec, batch: pa.RecordBatch, people: pa.Array) -> pa.RecordBatch:
    """The rows whose people are all among those of the copy, and that name any; all of things.

    Of a table about nobody in particular that has keys none is kept: they count people who stay behind.
    """
    if is_about_things(spec):
        return batch
    names = [name for name in people_columns(spec) if name in batch.schema.names]
    if spec.subject_key is None or not names:
        return batch.slice(0, 0)
    is_kept, is_named = pa.scalar(True), pa.scalar(False)
    for name in names:
        column = batch.column(name)
        is_kept = pc.and_(is_kept, pc.or_(pc.is_null(column), pc.is_in(column, people)))
        is_named = pc.or_(is_named, pc.is_valid(column))
    return batch.filter(pc.and_(is_kept, is_named))


def people_columns(spec: TableSpec) -> list[str]:
    """The columns that say whose a row is."""
    return [c.name for c in spec.columns if c.name in {*PEOPLE_COLUMNS, *spec.subject_keys}]


def quasi_values(name: str, value: object) -> tuple[str, str] | None:
    """The quasi-identifier that a column holds and the value by which people are counted."""
    kind = QUASI.get(name)
    if kind is None or value is None:
        return None
    if kind == BIRTH:
        year = str(value)[:4]
        return (BIRTH, year) if year.isdigit() else None
    text = str(value)
    return kind, postcode_area(text) if kind == POSTCODE else text.casefold()


def worded_columns(spec: TableSpec) -> list[str]:
    """The text columns whose words and numbers may not come up in the copy: those that name people."""
    named = (c for c in spec.columns if c.sensitivity is Sensitivity.DIRECT_IDENTIFIER)
    if spec.subject_key is None:
        return []
    return [c.name for c in named if c.type == "string" and not _is_free_text(c.name)]


def _is_free_text(name: str) -> bool:
    # Left out whole. Its everyday words may come up in what is made up.
    return name in ("subject", "body", "comment")
