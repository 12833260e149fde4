"""How long facts count, by domain and kind, as conf/base/freshness.yml says it."""

from enum import StrEnum

from pydantic import Field

from lakehouse.settings.sources import Frozen, Name


class InterestFact(StrEnum):
    """Kinds of fact that tell of interest in a category of products."""

    BOUGHT = "bought"
    CARTED = "carted"
    VIEWED = "viewed"


class Cutoff(Frozen):
    """`days` for which a fact counts, from itself or from the last of the kinds that renew it."""

    days: int = Field(ge=1, le=36500)
    renewed_by: tuple[InterestFact, ...] = ()


class FreshnessSettings(Frozen):
    """The whole of conf/base/freshness.yml: by domain and kind of fact. A kind left out never counts."""

    interest: dict[Name, dict[InterestFact, Cutoff]] = Field(default_factory=dict)
