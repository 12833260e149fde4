"""What becomes of each column and value in a masked copy: derived from the specs, default deny.

A column that its spec declares free of personal data stays. Keys are replaced by others, dates move
by a number of days of each customer's own. A personal value becomes a made-up one where its name says
what it is (a name, an e-mail address, a place), and nothing where it does not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.privacy.copied_rows import QUASI, is_about_things, people_columns, quasi_values
from lakehouse.privacy.fakes import Fakes
from lakehouse.privacy.k_anonymity import (
    BIRTH,
    CITY,
    COUNTRY,
    GENDER,
    POSTCODE,
    REGION,
    Coarseness,
    Told,
)
from lakehouse.tables.spec import Column, Sensitivity, TableSpec

_KEPT = frozenset({"kind", "column", "rule", "source_system", "title"})
"""Names within personal columns whose values are words of ours, made of what is kept anyway."""

_BY_PLACE_OR_DAY = ("silver.demographic.", "silver.store_weather.")
"""Public facts joined by place or day: kept, they would tell which place or day it was."""

_TOLD_BY = {
    "identifier_value": "identifier_type",
    "contact_value": "contact_type",
    "written_value": "contact_type",
    "value": "attribute",
    "lost_values": "attribute",
}
"""Columns of values of several kinds, and the column beside them that says which."""

_NAMES = (
    *("full_name", "given_name", "middle_name", "family_name", "display_name", "household_name"),
    *("full_name_match", "given_name_match", "middle_name_match", "family_name_match"),
    *("given_name_root", "street", "street_match", "social_handle"),
)
_KEYS = (
    *("record_key", "source_record_id", "source_record"),
    *("device_id", "device", "cookie_id", "cookie"),
)


@dataclass(frozen=True)
class Subject:
    """What is decided of one customer: by how many days their dates move, and what may be told.

    `golden` is what the golden customer says by quasi-identifier, as people are counted (`quasi_values`).
    """

    days: int
    level: Coarseness
    golden: Told


NOBODY = Subject(0, Coarseness(None, frozenset({CITY, REGION, GENDER, COUNTRY, POSTCODE})), {})
"""Of whom nothing may be told."""


class DatasetMask:
    """Masks batches of any table of one copy, each by what its spec says.

    `subjects` has every customer and person record of the copy. By quasi-identifiers no row of any table
    tells more of somebody than her golden customer, of whom as much is told as of k - 1 others.
    """

    def __init__(self, fakes: Fakes, subjects: Mapping[str, Subject]) -> None:
        self._fakes = fakes
        self._subjects = subjects
        self._makers = {hidden: _makers(fakes, hide_country=hidden) for hidden in (False, True)}

    def batch(self, spec: TableSpec, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows masked, without those in which a required value is withheld."""
        subjects = self._row_subjects(spec, batch)
        columns = []
        for name in batch.schema.names:
            column = spec.column(name)
            columns.append(self._column(spec, column, batch, subjects))
        masked = pa.RecordBatch.from_arrays(columns, schema=batch.schema)
        is_whole = pa.array([True] * batch.num_rows, pa.bool_())
        for name in (c.name for c in spec.columns if c.required and c.name in batch.schema.names):
            is_told = pc.or_(pc.is_valid(masked.column(name)), pc.is_null(batch.column(name)))
            is_whole = pc.and_(is_whole, is_told)
        return masked.filter(is_whole)

    def _row_subjects(self, spec: TableSpec, batch: pa.RecordBatch) -> list[Subject]:
        found = [NOBODY] * batch.num_rows
        if is_about_things(spec):
            return found
        for name in reversed(people_columns(spec)):
            for row, key in enumerate(batch.column(name).to_pylist()):
                found[row] = self._subjects.get(key, found[row])
        return found

    def _column(
        self, spec: TableSpec, column: Column, batch: pa.RecordBatch, subjects: list[Subject]
    ) -> pa.Array:
        values = batch.column(column.name)
        told_of_people = not is_about_things(spec)
        if told_of_people and any(f.startswith(_BY_PLACE_OR_DAY) for f in column.fed_by):
            return pa.nulls(len(values), values.type)
        is_plain = column.sensitivity is Sensitivity.NONE
        if is_plain and not (told_of_people and _holds_moments(values.type)):
            return values
        if is_plain and pa.types.is_timestamp(values.type):
            moved = pa.array([timedelta(days=s.days) for s in subjects], pa.duration("us"))
            return pc.add(values, moved).cast(values.type)
        if is_plain and pa.types.is_date32(values.type):
            days = pa.array([s.days for s in subjects], pa.int32())
            return pc.add(values.cast(pa.int32()), days).cast(values.type)
        kinds = self._kinds(column, batch)
        masked = [
            self._value(value, values.type, kind, column, subject)
            for value, kind, subject in zip(values.to_pylist(), kinds, subjects, strict=True)
        ]
        return pa.array(masked, type=values.type)

    def _kinds(self, column: Column, batch: pa.RecordBatch) -> list[str]:
        teller = _TOLD_BY.get(column.name)
        if teller is None or teller not in batch.schema.names:
            return [column.name] * batch.num_rows
        return [kind or "" for kind in batch.column(teller).to_pylist()]

    def _value(self, value: Any, kind: pa.DataType, name: str, column: Column, who: Subject) -> Any:
        """One value, or the parts of one, in its Arrow type; None where nothing may be told."""
        if value is None:
            return None
        if pa.types.is_map(kind):
            return self._map(value, kind, column, who)
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            parts = (self._value(v, kind.value_type, name, column, who) for v in value)
            return [part for part in parts if part is not None]
        if pa.types.is_struct(kind):
            named = {"value": value.get("kind") or name}
            return {
                f.name: self._value(value[f.name], f.type, named.get(f.name, f.name), column, who)
                for f in kind
            }
        return self._leaf(value, kind, name, column, who)

    def _map(
        self, entries: list[tuple[Any, Any]], kind: pa.MapType, column: Column, who: Subject
    ) -> list[tuple[Any, Any]]:
        if column.sensitivity is Sensitivity.PSEUDONYM:
            # Keyed by records.
            return [
                (self._fakes.key(str(k)), self._value(v, kind.item_type, column.name, column, who))
                for k, v in entries
            ]
        if column.sensitivity is Sensitivity.NONE:
            return [(k, self._value(v, kind.item_type, k, column, who)) for k, v in entries]
        masked = ((k, self._value(v, kind.item_type, k, column, who)) for k, v in entries)
        return [(k, v) for k, v in masked if v is not None]

    def _leaf(self, value: Any, kind: pa.DataType, name: str, column: Column, who: Subject) -> Any:
        is_moment = isinstance(value, date) and name != "birth_date"
        if is_moment and who is not NOBODY:
            return value + timedelta(days=who.days)
        if column.sensitivity is Sensitivity.NONE or name in _KEPT:
            return value
        if column.sensitivity is Sensitivity.PSEUDONYM and isinstance(value, str):
            return self._fakes.key(value)
        if column.sensitivity is Sensitivity.PSEUDONYM and isinstance(value, int):
            return self._fakes.number("key", str(value), 2**53)
        if name in QUASI:
            return self._quasi(value, name, who)
        make = self._makers[COUNTRY in who.level.hidden].get(name)
        return make(value) if make and isinstance(value, str) else None

    def _quasi(self, value: Any, name: str, who: Subject) -> Any:
        found = quasi_values(name, value)
        told = who.level.tells(*found) if found else None
        if found is None or told is None:
            return None
        if told != who.level.tells(found[0], who.golden.get(found[0])):
            return None
        if found[0] == BIRTH:
            return self._birth(value, int(told), as_text=isinstance(value, str))
        if found[0] in (GENDER, COUNTRY):
            return value
        return self._fakes.postcode(value) if found[0] == POSTCODE else self._fakes.words(value)

    def _birth(self, value: object, year: int, *, as_text: bool) -> date | str:
        """A day of the step's first year: the same for the same day of birth, and telling nothing of it."""
        day = date(year, 1, 1) + timedelta(days=self._fakes.number("birth", str(value)[:10], 365))
        return day.isoformat() if as_text else day


def _makers(fakes: Fakes, *, hide_country: bool) -> Mapping[str, Callable[[str], str]]:
    """By the name of a column or kind of value, what makes its values up."""

    def phone(number: str) -> str:
        return fakes.phone(number, hide_country=hide_country)

    return {
        **dict.fromkeys(_NAMES, fakes.words),
        **dict.fromkeys(_KEYS, fakes.key),
        **dict.fromkeys(("email", "secondary_email", "email_match"), fakes.email),
        **dict.fromkeys(
            ("phone", "secondary_phone", "phone_match", "secondary_phone_match"), phone
        ),
        **dict.fromkeys(("loyalty_number", "national_id"), fakes.code),
        # Of an address as a whole no part may be told apart: it holds what is hidden elsewhere.
        "address": lambda text: fakes.words(text, salt=text),
    }


def _holds_moments(kind: pa.DataType) -> bool:
    if pa.types.is_temporal(kind):
        return True
    return any(_holds_moments(kind.field(i).type) for i in range(kind.num_fields))
