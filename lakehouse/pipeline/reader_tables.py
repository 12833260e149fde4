"""A release and who reads it: what a page or a search shows passes through a role here."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from lakehouse.privacy.masking import masked_rows, token_key
from lakehouse.settings.models import Settings
from lakehouse.settings.roles import Mask, Role
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
    key: str

    def seen(
        self, spec: TableSpec, rows: Iterable[Row], customers: Collection[str] | None = None
    ) -> list[Row]:
        """The rows as the role sees them. `customers`: those whose rows it may see at all."""
        return masked_rows(rows, spec, self.role, key=self.key, customers=customers)

    def masked_columns(self, spec: TableSpec) -> list[str]:
        """The columns of the table that the role does not see in the clear."""
        return [c for c in spec.column_names if self.role.mask(spec, c) is not Mask.CLEAR]

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
    role = settings.roles.current
    secret = settings.lake.secret.get_secret_value()
    # Tokens join within what a role reads for, and with nothing beyond.
    key = token_key(secret, " ".join(sorted(role.purposes)))
    return ReaderTables(released_tables(settings.lake, as_of=as_of, number=number), role, key)
