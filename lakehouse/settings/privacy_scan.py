"""What the scan for personal data looks at and when it fails, as conf/base/privacy_scan.yml says it."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from lakehouse.settings.base_types import Frozen, Text
from lakehouse.settings.regimes import Country
from lakehouse.settings.sources import Source
from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.spec import TableSpec

Share = Annotated[float, Field(ge=0, lt=1)]


class Kind(StrEnum):
    """What a value looks like."""

    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"
    IBAN = "iban"
    NATIONAL_ID = "national_id"
    IP_ADDRESS = "ip_address"
    BIRTH_DATE = "birth_date"
    STREET = "street"
    KNOWN_VALUE = "known_value"
    """Equal to a value by which the lake knows a person; found by the scan, not by form."""


class Allowed(Frozen):
    """A column (`gold.product.brand`) in which a kind of finding is right, and why."""

    column: Text
    kind: Kind
    reason: Text


class PrivacyScanSettings(Frozen):
    """The whole of conf/base/privacy_scan.yml.

    `rows` are looked at per table, and the values of `known_persons` records of persons are looked for.
    A column fails if more than the share `limits` of its values look like that kind, unless `allowed`.
    """

    rows: int = Field(ge=1)
    known_persons: int = Field(ge=0)
    phone_countries: tuple[Country, ...]
    youngest_customer_years: int = Field(ge=0, le=120)
    limits: dict[Kind, Share]
    allowed: tuple[Allowed, ...] = ()

    @model_validator(mode="after")
    def _limit_of_each_kind(self) -> Self:
        if missing := [kind for kind in Kind if kind not in self.limits]:
            raise ValueError(f"limits lack {', '.join(missing)}")
        return self

    def reason(self, column: str, kind: Kind) -> str | None:
        """Why that kind may be found in the column; None if it may not."""
        return next((a.reason for a in self.allowed if (a.column, a.kind) == (column, kind)), None)


def scan_faults(
    settings: PrivacyScanSettings, sources: Sequence[Source], products: Iterable[TableSpec]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every allowed column that no table has. `products`: the tables of serve."""
    specs = (*STATIC_TABLES, *(source.bronze_table for source in sources), *products)
    known = {f"{spec.name}.{name}" for spec in specs for name in spec.column_names}
    for number, allowed in enumerate(settings.allowed):
        if allowed.column not in known:
            yield ("allowed", number, "column"), "no table has this column"
