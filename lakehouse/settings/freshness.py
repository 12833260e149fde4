"""How long facts count, by domain and kind, as conf/base/freshness.yml says it."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from lakehouse.settings.base_types import Frozen, Name


class InterestFact(StrEnum):
    """Kinds of fact that tell of interest in a category of products."""

    BOUGHT = "bought"
    CARTED = "carted"
    VIEWED = "viewed"


class Fact(StrEnum):
    """Kinds of fact that gold.customer_360 counts or goes by."""

    VISIT = "visit"
    CART = "cart"
    RECOMMENDATION = "recommendation"
    MESSAGE_SENT = "message_sent"
    MESSAGE_CLICK = "message_click"
    TICKET = "ticket"
    CONVERSATION = "conversation"
    MENTION = "mention"
    SURVEY = "survey"
    ORDER = "order"


class Cutoff(Frozen):
    """`days` for which a fact counts, from itself or from the last of the kinds that renew it."""

    days: int = Field(ge=1, le=36500)
    renewed_by: tuple[InterestFact, ...] = ()


class FactCutoff(Frozen):
    """`days` for which a fact counts, from its own day or from the last of the kinds that renew it."""

    days: int = Field(ge=1, le=36500)
    renewed_by: tuple[Fact, ...] = ()


class FreshnessSettings(Frozen):
    """The whole of conf/base/freshness.yml: by domain and kind of fact.

    `preference_domain`: the domain of `interest` whose cut-offs preferred category and brand follow; there
    are none without it. `interest`: a kind that a domain leaves out never counts for it. `facts`: a kind
    that no domain names counts always; of several domains the one for which it counts longest decides.
    """

    preference_domain: Name | None = None
    interest: dict[Name, dict[InterestFact, Cutoff]] = Field(default_factory=dict)
    facts: dict[Name, dict[Fact, FactCutoff]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _prefers_by_a_domain(self) -> Self:
        if self.preference_domain not in {None, *self.interest}:
            raise ValueError("preference_domain must be one of the domains under interest, or null")
        return self
