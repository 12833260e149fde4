"""Who reads, for which purposes, and how values look to them, as conf/base/roles.yml says it."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from lakehouse.settings.base_types import Frozen, Name, Text
from lakehouse.settings.purposes import PurposeSettings
from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.spec import Layer, Sensitivity, TableSpec

_OF_DOMAINS = frozenset({"gold.customer_360.interests", "gold.customer_360.fact_freshness"})
"""Columns that tell of all domains at once."""


class Mask(StrEnum):
    """How a value looks to a reader."""

    CLEAR = "clear"
    PARTIAL = "partial"
    GENERALISED = "generalised"
    TOKENISED = "tokenised"
    FULL = "full"
    NULLED = "nulled"


class Role(Frozen):
    """A kind of reader. `sees` goes by sensitivity, and what it leaves out is nulled.

    `overrides` goes by column (`email`), table (`gold.customer`) or column of a table
    (`gold.customer.email`). `rows` names the values that a customer's country and region, and a
    row's domain, must be of; a role without it sees all rows.

    Of customers it sees those who permit one of the purposes for which it reads a table, by
    gold.customer_permitted; with `sees_everybody` all of them. `consent_purposes` are those of its
    purposes that need consent: purposes.yml says which, and `with_consent` puts them here.
    """

    name: Name
    title: Text
    purposes: tuple[str, ...] = Field(min_length=1)
    sees: dict[Sensitivity, Mask]
    overrides: dict[str, Mask] = Field(default_factory=dict)
    rows: dict[Literal["country", "region", "domain"], tuple[str, ...]] = Field(
        default_factory=dict
    )

    sees_everybody: bool = False
    consent_purposes: tuple[str, ...] = ()

    @field_validator("purposes")
    @classmethod
    def _known_purposes(cls, purposes: tuple[str, ...]) -> tuple[str, ...]:
        known = {purpose for spec in STATIC_TABLES for purpose in spec.purposes}
        if unknown := [purpose for purpose in purposes if purpose not in known]:
            raise ValueError(
                f"no table is kept for {', '.join(unknown)}; known are {', '.join(sorted(known))}"
            )
        return purposes

    def may_read(self, spec: TableSpec) -> bool:
        """True if the table is kept for a purpose that the role reads for."""
        return bool(self.purposes_of(spec))

    def purposes_of(self, spec: TableSpec) -> tuple[str, ...]:
        """The purposes for which the role reads the table."""
        return tuple(purpose for purpose in self.purposes if purpose in spec.purposes)

    def asks_permission(self, spec: TableSpec) -> bool:
        """True if rows of the table are seen by what their customers permit.

        Bronze and ops hold what came in and what was decided, which no purpose uses.
        """
        is_used = spec.layer not in (Layer.BRONZE, Layer.OPS)
        return is_used and spec.subject_key is not None and not self.sees_everybody

    def sees_unknown(self, spec: TableSpec) -> bool:
        """True if the role sees rows of nobody known, as it reads for a purpose that needs no consent."""
        return not {*self.purposes_of(spec)} <= {*self.consent_purposes}

    def mask(self, spec: TableSpec, column: str) -> Mask:
        """How values of the table's column look to the role.

        What tells of all domains, and what products make of it, a role of some domains does not see.
        """
        told = {f"{spec.name}.{column}", *spec.column(column).fed_by}
        if "domain" in self.rows and not _OF_DOMAINS.isdisjoint(told):
            return Mask.NULLED
        for name in (f"{spec.name}.{column}", spec.name, column):
            if name in self.overrides:
                return self.overrides[name]
        return self.sees.get(spec.column(column).sensitivity, Mask.NULLED)


class Roles(Frozen):
    """The whole of conf/base/roles.yml. `reader` is the role of this session."""

    reader: str = "default"
    roles: dict[Name, Role]

    @model_validator(mode="before")
    @classmethod
    def _with_names(cls, content: Any) -> Any:
        roles = content.get("roles") if isinstance(content, dict) else None
        if not isinstance(roles, dict):
            return content
        named = {
            name: {"name": name, **role} if isinstance(role, dict) else role
            for name, role in roles.items()
        }
        return {**content, "roles": named}

    @model_validator(mode="after")
    def _reader_is_known(self) -> Self:
        if "default" not in self.roles:
            raise ValueError("there must be a role default, of those who name none")
        return self

    @property
    def current(self) -> Role:
        """The role of this session."""
        return self.roles[self.reader]


def with_consent(roles: Roles, purposes: PurposeSettings) -> Roles:
    """The roles, each with those of its purposes that need consent."""
    asked = {name for name, purpose in purposes.purposes.items() if purpose.needs_consent}
    known = {
        name: role.model_copy(
            update={"consent_purposes": tuple(p for p in role.purposes if p in asked)}
        )
        for name, role in roles.roles.items()
    }
    return roles.model_copy(update={"roles": known})


def role_faults(
    roles: Roles, products: Iterable[TableSpec]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """By key, what roles name that is not there. `products`: the tables of serve."""
    if roles.reader not in roles.roles:
        yield ("reader",), f"there is no such role; known are {', '.join(sorted(roles.roles))}"
    known = {name for spec in (*STATIC_TABLES, *products) for name in _override_names(spec)}
    for role in roles.roles.values():
        if unknown := [name for name in role.overrides if name not in known]:
            message = f"no table or column goes by the name {', '.join(unknown)}"
            yield ("roles", role.name, "overrides"), message


def _override_names(spec: TableSpec) -> Iterator[str]:
    yield spec.name
    for name in spec.column_names:
        yield name
        yield f"{spec.name}.{name}"
