"""A release and who reads it: what a page or a search shows passes through a role here."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from lakehouse.privacy.limited_records import limited_records
from lakehouse.privacy.masking import masked_rows, require_readable
from lakehouse.privacy.shapes import Shape, shape
from lakehouse.privacy.tokens import TokenKeys, token_keys
from lakehouse.settings.models import Settings
from lakehouse.settings.purposes import LegalBasis
from lakehouse.settings.roles import Role
from lakehouse.storage.released_tables import (
    ReleasedTables,
    Row,
    logged_rows,
    one_of,
    released_tables,
)
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_PERMITTED, CUSTOMER_RECORD
from lakehouse.tables.ops import RESTRICTION
from lakehouse.tables.spec import Layer, TableSpec


@dataclass(frozen=True)
class ReaderTables:
    """The tables of a release for a reader.

    `clear` is for finding and joining; what is given to the reader goes through `seen`. `duties` are the
    purposes that the law asks for.
    """

    clear: ReleasedTables
    role: Role
    keys: TokenKeys
    duties: frozenset[str] = frozenset()
    _permitted: dict[str, set[str] | None] = field(default_factory=dict, init=False, repr=False)

    def seen(
        self, spec: TableSpec, rows: Iterable[Row], customers: Collection[str] | None = None
    ) -> list[Row]:
        """The rows as the role sees them. `customers`: those whose rows it may see at all."""
        found = list(rows)
        permitted = self._permitted_by(spec, found)
        return masked_rows(
            found, spec, self.role, keys=self.keys, customers=customers, permitted=permitted
        )

    def seen_customers(self, rows: Iterable[Row]) -> list[tuple[str, Row]]:
        """The rows of gold.customer that the role sees, as it sees them, each after its clear id."""
        found = list(rows)
        self._permitted_by(CUSTOMER, found)
        return [(row["customer_id"], seen) for row in found for seen in self.seen(CUSTOMER, [row])]

    def _permitted_by(self, spec: TableSpec, rows: Iterable[Row]) -> dict[str, set[str]]:
        """The purposes that the customers of the rows permit, by id, of those whom the release knows.

        A restriction that was made since counts too: an approved one holds at once.
        """
        if not self.role.asks_permission(spec):
            return {}
        ids = {row[key] for row in rows for key in spec.subject_keys if row.get(key)}
        owners = self._owners(spec, ids)
        self._look_up({customer for found in owners.values() for customer in found})
        permitted = {}
        for one, customers in owners.items():
            told = [p for c in customers if (p := self._permitted[c]) is not None]
            if told:
                permitted[one] = set.intersection(*told)
        return permitted

    def _owners(self, spec: TableSpec, ids: Collection[str]) -> dict[str, set[str]]:
        """By what a row is about, the customer; of a table by record, all whose the record is or was."""
        owners = {one: {one} for one in ids}
        if ids and spec.layer not in (Layer.GOLD, Layer.SERVE):
            columns = ("record_key", "customer_id")
            for row in self.clear.rows(CUSTOMER_RECORD, one_of("record_key", ids), columns):
                owners[row["record_key"]].add(row["customer_id"])
        return owners

    def _look_up(self, customers: Collection[str]) -> None:
        asked = [one for one in customers if one not in self._permitted]
        if not asked:
            return
        rows = self.clear.rows(CUSTOMER_PERMITTED, one_of("customer_id", asked))
        told = {row["customer_id"]: set(row["purposes"]) for row in rows}
        limited = self._limited() if told else {}
        for one in asked:
            self._permitted[one] = told[one] - limited.get(one, set()) if one in told else None

    def _limited(self) -> dict[str, set[str]]:
        """By customer, the role's purposes that are restricted by now; a duty by law is not."""
        limits = logged_rows(self.clear.locations, RESTRICTION, RESTRICTION.column_names)
        limited: dict[str, set[str]] = {}
        for purpose in {*self.role.purposes} - self.duties if limits else ():
            keys = limited_records(limits, purpose, datetime.now(UTC))
            condition = one_of("record_key", keys)
            for row in (
                self.clear.rows(CUSTOMER_RECORD, condition, ("customer_id",)) if keys else ()
            ):
                limited.setdefault(row["customer_id"], set()).add(purpose)
        return limited

    def masked_columns(self, spec: TableSpec) -> list[str]:
        """The columns of the table that the role does not see in the clear."""
        return [
            column.name
            for column in spec.columns
            if shape(column, self.role.mask(spec, column.name)) is not Shape.AS_IT_IS
        ]

    def visible(self, customer_ids: Iterable[str]) -> set[str]:
        """Those of the customers who live where the role may look, and permit that it reads gold.customer."""
        columns = ("customer_id", "country", "region")
        rows = self.clear.rows(CUSTOMER, one_of("customer_id", customer_ids), columns)
        return {customer_id for customer_id, _ in self.seen_customers(rows)}


def reader_tables(
    settings: Settings, *, as_of: date | None = None, number: int | None = None
) -> ReaderTables:
    """The release for the role of the session; see `released_tables` for the release and its errors."""
    released = released_tables(settings.lake, as_of=as_of, number=number)
    purposes = settings.purposes.purposes.items()
    duties = frozenset(n for n, p in purposes if p.legal_basis is LegalBasis.LEGAL_OBLIGATION)
    return ReaderTables(released, settings.roles.current, reader_keys(settings), duties)


def reader_keys(settings: Settings, role: Role | None = None) -> TokenKeys:
    """The keys of the tokens that the role sees, by default that of the session.

    They join within what is read for the same purposes, and with nothing beyond.
    """
    purposes = "+".join(sorted({*(role or settings.roles.current).purposes}))
    return token_keys(purposes, settings.tokens.secrets(settings.lake.secret.get_secret_value()))


def rows_for_reader(settings: Settings, spec: TableSpec, rows: Iterable[Row]) -> list[Row]:
    """The rows as the role of the session sees them; AccessError if it has no purpose for the table."""
    role = settings.roles.current
    require_readable(spec, role)
    return masked_rows(rows, spec, role, keys=reader_keys(settings))
