"""A release and who reads it: what a page or a search shows passes through a role here."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from lakehouse.privacy.masking import masked_rows, require_readable
from lakehouse.privacy.shapes import Shape, shape
from lakehouse.privacy.tokens import TokenKeys, token_keys
from lakehouse.settings.models import Settings
from lakehouse.settings.roles import Role
from lakehouse.storage.released_tables import ReleasedTables, Row, one_of, released_tables
from lakehouse.tables.gold import CUSTOMER
from lakehouse.tables.spec import TableSpec


@dataclass(frozen=True)
class ReaderTables:
    """The tables of a release for a reader.

    `clear` is for finding and joining; what is given to the reader goes through `seen`.
    """

    clear: ReleasedTables
    role: Role
    keys: TokenKeys

    def seen(
        self, spec: TableSpec, rows: Iterable[Row], customers: Collection[str] | None = None
    ) -> list[Row]:
        """The rows as the role sees them. `customers`: those whose rows it may see at all."""
        return masked_rows(rows, spec, self.role, keys=self.keys, customers=customers)

    def masked_columns(self, spec: TableSpec) -> list[str]:
        """The columns of the table that the role does not see in the clear."""
        return [
            column.name
            for column in spec.columns
            if shape(column, self.role.mask(spec, column.name)) is not Shape.AS_IT_IS
        ]

    def visible(self, customer_ids: Iterable[str]) -> set[str]:
        """Those of the customers who live where the role may look."""
        if not {"country", "region"} & self.role.rows.keys():
            return set(customer_ids)
        columns = ("customer_id", "country", "region")
        rows = self.clear.rows(CUSTOMER, one_of("customer_id", customer_ids), columns)
        return {row["customer_id"] for row in rows if self.seen(CUSTOMER, [row])}


def reader_tables(
    settings: Settings, *, as_of: date | None = None, number: int | None = None
) -> ReaderTables:
    """The release for the role of the session; see `released_tables` for the release and its errors."""
    released = released_tables(settings.lake, as_of=as_of, number=number)
    return ReaderTables(released, settings.roles.current, reader_keys(settings))


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
