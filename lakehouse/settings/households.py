"""Households as data: how many may share a value that still tells something, and who can be a parent."""

from typing import Self

from pydantic import Field, model_validator

from lakehouse.settings.base_types import Frozen


class Households(Frozen):
    """The whole of conf/base/households.yml.

    `address_limit`: customers at one address beyond whom it joins nobody. `identifier_limit`: customers
    with one e-mail, phone, loyalty number, device or payment account beyond whom it relates nobody. Both
    bound what one value can make. `parent_years_min` and `_max`: by how much a parent is older than a child.
    """

    address_limit: int = Field(default=12, ge=2, le=100)
    identifier_limit: int = Field(default=8, ge=2, le=100)
    parent_years_min: int = Field(default=16, ge=10, le=100)
    parent_years_max: int = Field(default=50, ge=10, le=100)

    @model_validator(mode="after")
    def _gap_is_a_range(self) -> Self:
        if self.parent_years_min > self.parent_years_max:
            raise ValueError("parent_years_min is more than parent_years_max: no one is a parent")
        return self
