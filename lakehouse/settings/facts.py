"""How events and amounts become facts about customers, as conf/base/facts.yml says it."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from lakehouse.settings.base_types import Frozen

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217 code."""

Rate = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=8)]


class WebSettings(Frozen):
    """Whose a visit is, which visits are a machine's, and what became of a cart.

    `attach_anonymous_past`: a visit from before the first login on its cookie belongs to who logs in
    first. `stitch_devices`: a visit of which its cookie tells nothing belongs to the one account that
    logged in on its device. `session_gap_minutes`: a longer pause ends a run of events that name no
    session. `bot_events_per_day`: a cookie or device with more events on one day is a machine; of a device
    on which several accounts logged in on the day, with more for each of them.
    `cart_recovery_days`: within so many days an order recovers a cart that was left.
    """

    attach_anonymous_past: bool = True
    stitch_devices: bool = True
    session_gap_minutes: int = Field(default=30, ge=1, le=24 * 60)
    bot_events_per_day: int = Field(default=2000, ge=1)
    cart_recovery_days: int = Field(default=7, ge=0, le=365)


class JourneySettings(Frozen):
    """Days after the last order from which a customer is lapsing, and lapsed."""

    lapsing_after_days: int = Field(default=180, ge=1)
    lapsed_after_days: int = Field(default=365, ge=2)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.lapsed_after_days <= self.lapsing_after_days:
            raise ValueError("lapsed_after_days must be more than lapsing_after_days")
        return self


class MoneySettings(Frozen):
    """The currency that all amounts are also given in.

    `rates`: by currency and first day, units of the reporting currency for one unit of it.
    """

    reporting_currency: Currency
    rates: dict[Currency, dict[date, Rate]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_its_own_unit(self) -> Self:
        if self.reporting_currency in self.rates:
            raise ValueError("the reporting currency needs no rate: leave it out of rates")
        empty = [currency for currency, by_day in self.rates.items() if not by_day]
        if empty:
            raise ValueError(f"no rate is given for {', '.join(empty)}")
        return self


class FactSettings(Frozen):
    """The whole of conf/base/facts.yml.

    `same_purchase_hours`: orders of one customer, total and basket that two systems tell within so many
    hours of each other are one purchase. `attribution_days`: an order counts for the last touch within
    so many days before it. `recommendation_days`: a recommended product counts as bought from its list
    within so many days after that was shown.
    """

    web: WebSettings = WebSettings()
    same_purchase_hours: int = Field(default=48, ge=0, le=24 * 365)
    attribution_days: int = Field(default=30, ge=0, le=3650)
    recommendation_days: int = Field(default=7, ge=0, le=3650)
    journey: JourneySettings = JourneySettings()
    money: MoneySettings
