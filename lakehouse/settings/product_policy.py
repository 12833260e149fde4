"""What a domain may tighten and not loosen: the policy of data products, and how strong masks are."""

from collections.abc import Iterable

from pydantic import Field

from lakehouse.settings.base_types import Frozen, Name
from lakehouse.settings.roles import Mask
from lakehouse.tables.spec import Sensitivity

STRENGTH = [Mask.CLEAR, Mask.PARTIAL, Mask.GENERALISED, Mask.FULL, Mask.NULLED]
"""Masks that a product can have, each hiding more than those before."""


class ProductPolicy(Frozen):
    """What every data product keeps at least, as conf/base/product_policy.yml says it.

    `weakest_masks` goes by purpose, then sensitivity. Products may ask for more, never for less.
    """

    smallest_group: int = Field(ge=2)
    longest_retention_days: int = Field(ge=1)
    weakest_masks: dict[Name, dict[Sensitivity, Mask]] = Field(default_factory=dict)


def highest(found: Iterable[Sensitivity]) -> Sensitivity:
    """The highest of these; none of nothing."""
    return max(found, key=list(Sensitivity).index, default=Sensitivity.NONE)


def masked_sensitivity(sensitivity: Sensitivity, mask: Mask) -> Sensitivity:
    """How personal a column is under a mask: nothing is left of a full one, some of a weaker one."""
    if mask in (Mask.FULL, Mask.NULLED):
        return Sensitivity.NONE
    if mask is not Mask.CLEAR and sensitivity is Sensitivity.DIRECT_IDENTIFIER:
        return Sensitivity.QUASI_IDENTIFIER
    return sensitivity
