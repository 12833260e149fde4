"""Trust in a value: where it starts and how it halves with age, rounded alike everywhere."""

import math
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.settings.survivorship import SystemTrust, Trust

STEWARD = "steward"
"""Named as the source system, and as the rule, of what a steward has decided."""

TRUST_TYPE = "decimal(7,6)"
MILLION = 1_000_000
"""Trust is added up and compared in whole millionths."""


def starting_trust(source_system: Column, is_broken: Column, trust: Trust) -> Column:
    """Trust in a value of no age."""
    return _by_start(source_system, is_broken, trust, _decimal).cast(TRUST_TYPE)


def half_life_days(source_system: Column, trust: Trust) -> Column:
    """Days in which trust in a value of that system halves."""
    return _by_system(source_system, trust, lambda system: _half_life(system, trust))


def halvings(
    source_system: Column, sequence_at: Column, is_broken: Column, trust: Trust, as_of: date
) -> Column:
    """How often full trust has halved, in whole millionths: the smaller, the more a value is trusted.

    The logarithm of trust on that day, as what is added up exactly is ordered alike everywhere.
    """
    worn = age_days(sequence_at, as_of) * MILLION / half_life_days(source_system, trust)
    return _by_start(source_system, is_broken, trust, _lost_bits) + F.floor(worn)


def trust_by_half_lives(
    starting: Column, half_life: Column, sequence_at: Column, as_of: date
) -> Column:
    """Trust on that day in whole millionths, halved for each half-life that has passed in full."""
    passed = F.floor(age_days(sequence_at, as_of) / half_life)
    return F.floor((starting * MILLION).cast("bigint") / F.pow(F.lit(2), passed)).cast("bigint")


def age_days(sequence_at: Column, as_of: date) -> Column:
    """Whole days from the moment to that day, of a later moment none."""
    days = F.datediff(F.lit(as_of), F.to_date(sequence_at))
    return F.greatest(days, F.lit(0)).cast("bigint")


def _by_start(
    source_system: Column, is_broken: Column, trust: Trust, number: Callable[[float], object]
) -> Column:
    broken = _by_system(source_system, trust, lambda s: number(s.start * trust.broken_rule_factor))
    whole = _by_system(source_system, trust, lambda s: number(s.start))
    return F.when(is_broken, broken).otherwise(whole)


def _by_system(
    source_system: Column, trust: Trust, value: Callable[[SystemTrust], object]
) -> Column:
    systems = {**trust.systems, STEWARD: SystemTrust(start=1)}
    default = value(SystemTrust(start=trust.default_start))
    named = (F.when(source_system == name, F.lit(value(s))) for name, s in systems.items())
    return F.coalesce(*named, F.lit(default))


def _half_life(system: SystemTrust, trust: Trust) -> int:
    return system.half_life_days or trust.half_life_days


def _decimal(start: float) -> Decimal:
    return Decimal(round(start * MILLION)) / MILLION


def _lost_bits(start: float) -> int:
    return -round(MILLION * math.log2(start))
