"""Data products: what one domain gets of the truth in gold, one file each in conf/base/products."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from lakehouse.settings.base_types import Frozen, Name, Text
from lakehouse.settings.expressions import columns_of
from lakehouse.settings.product_policy import highest, masked_sensitivity
from lakehouse.settings.roles import Mask
from lakehouse.tables.gold import GOLD_TABLES
from lakehouse.tables.gold.parts import CUSTOMER_ID
from lakehouse.tables.spec import Column, Sensitivity, TableSpec

GOLD_SPECS = {spec.name: spec for spec in GOLD_TABLES}
AS_OF = "as_of"
"""What an expression calls the day of the run."""

LEVEL, IS_REST, CUSTOMER_COUNT = "level", "is_rest", "customer_count"
TOTAL = "total"

REACHED_BY: Mapping[str, tuple[str, ...]] = {
    "gold.customer.email": ("email",),
    "gold.customer_360.email": ("email",),
    "gold.customer.phone": ("phone", "sms"),
    "gold.customer_360.phone": ("phone", "sms"),
    "gold.customer.street": ("post",),
}
"""By column that a customer can be reached at, the channels of consent that it is for."""

_SHOWN: Mapping[Mask, str] = {
    Mask.PARTIAL: " Shown in part.",
    Mask.GENERALISED: " Shown generalised.",
    Mask.FULL: " Shown as ***.",
    Mask.NULLED: " Never shown.",
}
"""By mask of a column, what its description ends in."""

Channel = Literal["email", "phone", "post", "sms", "web"]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
ColumnType = Annotated[
    str,
    StringConstraints(
        pattern=r"^(string|boolean|int|bigint|double|date|timestamp|decimal\(\d+,\d+\)|array<string>)$"
    ),
]
Described = Annotated[Text, StringConstraints(pattern=r"^\S.*\.$")]


class Definition(Frozen):
    """A term as the domain means it: an expression of Spark SQL over one customer's columns and `as_of`."""

    name: Name
    type: ColumnType
    expression: Text
    description: Described
    unit: Text | None = None


class ProductColumn(Frozen):
    """A column of a product: a definition, or a column of gold by its own name or that in `of`.

    `sensitivity` may say more than follows from what the column is made from, never less.
    """

    name: Name
    of: Text | None = None
    mask: Mask = Mask.CLEAR
    sensitivity: Sensitivity | None = None
    description: Described | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_name_alone(cls, content: Any) -> Any:
        return {"name": content} if isinstance(content, str) else content


class Groups(Frozen):
    """Customers counted, and numbers of theirs summed, by columns or definitions from the widest on.

    `smallest` is the number of customers below which a group is not told.
    """

    by: tuple[Name, ...] = Field(min_length=1, max_length=5)
    sums: tuple[Name, ...] = ()
    smallest: int = Field(ge=2)


class GateRule(Frozen):
    """One expectation, in the words of the suites in expectations/."""

    type: Text
    kwargs: dict[str, Any] = Field(default_factory=dict)
    severity: Literal["fail", "quarantine", "warn"]
    reason: Text
    description: Described


class Product(Frozen):
    """One data product: the table serve.<name> of one domain, for one purpose.

    `tables` have one row per customer. A row of the product is a customer (`columns`) or a group of them
    (`groups`). `channels` are those of which a purpose that needs consent asks one at least.
    """

    name: Name
    title: Text
    description: Described
    owner: Text
    version: Version
    purpose: Name
    tables: tuple[str, ...] = Field(min_length=1)
    channels: tuple[Channel, ...] = ("email", "phone", "post", "sms", "web")
    definitions: tuple[Definition, ...] = ()
    filter: Text | None = None
    columns: tuple[ProductColumn, ...] = ()
    groups: Groups | None = None
    retention_days: int | None = Field(default=None, ge=1)
    gate: tuple[GateRule, ...] = Field(min_length=1)

    @field_validator("channels")
    @classmethod
    def _some_channel(cls, channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
        if not channels:
            raise ValueError("must name one channel at least")
        return channels

    @model_validator(mode="after")
    def _customers_or_groups(self) -> Self:
        if bool(self.columns) == (self.groups is not None):
            raise ValueError("give either columns or groups")
        return self

    @property
    def table_name(self) -> str:
        """Its table: `serve.<name>`."""
        return f"serve.{self.name}"

    def known(self) -> set[tuple[str, str]]:
        """What an expression may name: pairs of table (none where the column's name is of one alone) and
        column, and the day of the run.
        """
        names = [name for table in self._specs() for name in table.column_names]
        alone = {name for name in names if names.count(name) == 1 or name == CUSTOMER_ID.name}
        named = {(s.entity, name) for s in self._specs() for name in s.column_names}
        return {("", name) for name in alone} | named | {("", AS_OF)}

    def made_from(self, name: str) -> list[str]:
        """Columns of gold (`gold.customer.email`) that a definition or a named column is made from."""
        defined = {d.name: d.expression for d in self.definitions}
        pairs = columns_of(defined.get(name, name))
        return [
            f"{spec.name}.{column}"
            for table, column in pairs
            for spec in self._specs()
            if table in ("", spec.entity) and column in spec.column_names
        ]

    def channels_of(self, column: ProductColumn) -> tuple[str, ...]:
        """Channels of which one must be allowed for the column to be shown; none where it needs none."""
        told = [REACHED_BY.get(name, ()) for name in self.made_from(column.of or column.name)]
        return tuple(sorted({channel for channels in told for channel in channels}))

    @property
    def table(self) -> TableSpec:
        """The spec of its table, which follows from those that it is made from."""
        about_groups = self.groups is not None
        columns = self._group_columns(self.groups) if self.groups else self._customer_columns()
        return TableSpec(
            name=self.table_name,
            description=self.description,
            columns=columns,
            primary_key=(LEVEL, *self.groups.by, IS_REST) if self.groups else (CUSTOMER_ID.name,),
            owner=self.owner,
            retention_days=self.retention_days or self.longest_retention,
            purposes=(self.purpose,),
            subject_key=None if about_groups else CUSTOMER_ID.name,
            cluster_by=() if about_groups else (CUSTOMER_ID.name,),
        )

    @property
    def definition(self) -> str:
        """What readers go by: the version, and a digest of what its file says that bears on a row."""
        beside = {"title", "description", "owner", "version", "gate"}
        # Without defaults: a key that files gain later changes nothing for those that do not name it.
        told = self.model_dump_json(exclude=beside, exclude_defaults=True)
        return f"{self.version} {hashlib.sha256(told.encode()).hexdigest()[:16]}"

    def is_outlived(self, made_for: date | None, as_of: date) -> bool:
        """True on that day of rows that were made for an earlier one than retention allows.

        False where nobody knows for which: a release from before that was told.
        """
        days = timedelta(days=self.table.retention_days)
        return made_for is not None and made_for < as_of - days

    @property
    def longest_retention(self) -> int:
        """Days for which all that it is made from is kept."""
        return min((spec.retention_days for spec in self._specs()), default=1)

    def sensitivity_of(self, column: ProductColumn) -> Sensitivity:
        """How personal the column is by what it is made from and its mask, whatever it says itself."""
        return masked_sensitivity(self.made_of(column.of or column.name), column.mask)

    def made_of(self, name: str) -> Sensitivity:
        """The highest sensitivity of what a definition or a named column is made from.

        A yes or no that is defined over what identifies directly does not identify alone.
        """
        found = highest(_gold_column(told).sensitivity for told in self.made_from(name))
        is_direct = found is Sensitivity.DIRECT_IDENTIFIER
        return Sensitivity.QUASI_IDENTIFIER if is_direct and self.is_yes_or_no(name) else found

    def is_yes_or_no(self, name: str) -> bool:
        """True of a definition that is true or false, which generalises whatever it is made from."""
        return any(d.name == name and d.type == "boolean" for d in self.definitions)

    def declared(self, name: str) -> tuple[str, str, str | None]:
        """Type, description and unit of a definition or a named column."""
        for definition in self.definitions:
            if definition.name == name:
                told = f"{definition.description} Defined as `{definition.expression}`."
                return definition.type, told, definition.unit
        column = _gold_column(self.made_from(name)[0])
        return column.type, column.description, column.unit

    def _customer_columns(self) -> tuple[Column, ...]:
        made = []
        for column in self.columns:
            name = column.of or column.name
            kind, told, unit = self.declared(name)
            least, said = self.sensitivity_of(column), column.sensitivity
            shown = _SHOWN.get(column.mask, "")
            made.append(
                Column(
                    column.name,
                    kind,
                    f"{column.description or told}{shown}",
                    said or least,
                    unit=unit,
                    fed_by=tuple(self.made_from(name)),
                )
            )
        return (CUSTOMER_ID, *made)

    def _group_columns(self, groups: Groups) -> tuple[Column, ...]:
        levels = ", ".join((TOTAL, *groups.by))
        count = "Customers of the group."
        rest = (
            f"True for the groups of the level that are not told apart, as one of them has under "
            f"{groups.smallest} customers or would follow from others."
        )
        return (
            Column(LEVEL, "string", f"What the row is a group by: {levels}.", required=True),
            *(
                Column(name, "string", self.declared(name)[1], fed_by=tuple(self.made_from(name)))
                for name in groups.by
            ),
            Column(IS_REST, "boolean", rest, required=True),
            Column(CUSTOMER_COUNT, "bigint", count, required=True, unit="customers"),
            *(self._sum_column(name) for name in groups.sums),
        )

    def _sum_column(self, name: str) -> Column:
        kind, told, unit = self.declared(name)
        wide = {"int": "bigint"}.get(kind, "decimal(38,2)" if kind.startswith("decimal") else kind)
        fed_by = tuple(self.made_from(name))
        return Column(name, wide, f"Sum over the customers of: {told}", unit=unit, fed_by=fed_by)

    def _specs(self) -> list[TableSpec]:
        return [GOLD_SPECS[name] for name in self.tables if name in GOLD_SPECS]


def redefined(products: Iterable[Product], released: Collection[tuple[str, str]]) -> list[Product]:
    """The products whose version some release has by another definition.

    `released` has pairs of a product's table and a definition by which a release has it.
    """

    def is_other(product: Product, table: str, definition: str) -> bool:
        is_its_version = definition.partition(" ")[0] == product.version
        return table == product.table_name and is_its_version and definition != product.definition

    return [p for p in products if any(is_other(p, *told) for told in released)]


def _gold_column(name: str) -> Column:
    table, _, column = name.rpartition(".")
    return GOLD_SPECS[table].column(column)
