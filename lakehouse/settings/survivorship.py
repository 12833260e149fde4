"""Survivorship as data: which of a customer's records gives each golden attribute."""

from collections import Counter
from collections.abc import Iterator, Set
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from lakehouse.settings.base_types import Frozen, Name
from lakehouse.tables.gold import GOLDEN_ATTRIBUTES
from lakehouse.tables.silver import PERSON_RECORD


class Rule(StrEnum):
    """Ways to prefer one record's values over another's; lower case in conf.

    `source_priority`: the system that the list names earlier; a system it does not name comes last.
    `verified_first`: a system of the group's `verified_by`. `trust`: the value that is trusted more on
    the run's day, as `Trust` says. `most_recent`: the newer version. `most_frequent`: the value that more
    of the customer's records give. `most_complete`: the record that fills more of the group.
    `leading_filled`: a record that fills the group's first attribute. `longest`: more characters.
    `mixed_case`: writing that is neither all capitals nor all small letters.
    """

    SOURCE_PRIORITY = "source_priority"
    VERIFIED_FIRST = "verified_first"
    TRUST = "trust"
    MOST_RECENT = "most_recent"
    MOST_FREQUENT = "most_frequent"
    MOST_COMPLETE = "most_complete"
    LEADING_FILLED = "leading_filled"
    LONGEST = "longest"
    MIXED_CASE = "mixed_case"


class SystemTrust(Frozen):
    """How far a system's new value is trusted, and in how many days that halves if not as usual."""

    start: float = Field(gt=0, le=1)
    half_life_days: int | None = Field(default=None, ge=1)


class Trust(Frozen):
    """Trust in a value: its system's `start`, halved each `half_life_days` of the record's age.

    It begins at `broken_rule_factor` of that where a quality rule took away a value of the same group
    in the same record. `default_start` is the start of a system that is not named; a steward's word
    starts at 1.
    """

    half_life_days: int = Field(ge=1)
    default_start: float = Field(gt=0, le=1)
    broken_rule_factor: float = Field(gt=0, le=1)
    systems: dict[Name, SystemTrust] = Field(default_factory=dict)


class AttributeGroup(Frozen):
    """Golden attributes that always come from one record, and the rules that choose it.

    The first rule that tells two records apart decides; where none does, the lower record_key wins.
    `compare` lists the columns of silver.person_record by which two records say the same (default:
    the attributes). `source_priority` replaces the general list for this group; `verified_by` lists the
    systems whose values somebody checked, for the rule verified_first. Values are fresh for `fresh_days`
    after their record began to say so; without it for ever.
    """

    name: Name
    attributes: tuple[Name, ...] = Field(min_length=1)
    rules: tuple[Rule, ...] = Field(min_length=1)
    compare: tuple[Name, ...] = ()
    source_priority: tuple[Name, ...] | None = None
    verified_by: tuple[Name, ...] = ()
    fresh_days: int | None = Field(default=None, ge=1, le=36500)

    @model_validator(mode="after")
    def _known_columns(self) -> Self:
        unknown = [a for a in self.attributes if a not in GOLDEN_ATTRIBUTES]
        if unknown:
            raise ValueError(f"not golden attributes: {', '.join(unknown)}")
        missing = [c for c in self.compare if c not in PERSON_RECORD.column_names]
        if missing:
            raise ValueError(f"not columns of silver.person_record: {', '.join(missing)}")
        repeated = _repeated(self.rules)
        if repeated:
            raise ValueError(f"rules given twice: {', '.join(repeated)}")
        if (Rule.VERIFIED_FIRST in self.rules) != bool(self.verified_by):
            raise ValueError("the rule verified_first and the list verified_by need each other")
        return self


class Survivorship(Frozen):
    """The whole of conf/base/survivorship.yml: every golden attribute in exactly one group.

    `completeness` lists the attributes that a complete customer has; both scores of gold.customer are
    about them. `history` lists the groups of which gold.customer_history keeps former values.
    """

    source_priority: tuple[Name, ...] = ()
    trust: Trust
    completeness: tuple[Name, ...] = Field(min_length=1)
    history: tuple[Name, ...] = Field(min_length=1)
    groups: tuple[AttributeGroup, ...]

    @model_validator(mode="after")
    def _each_attribute_once(self) -> Self:
        repeated = _repeated([group.name for group in self.groups])
        if repeated:
            raise ValueError(f"groups given twice: {', '.join(repeated)}")
        grouped = [attribute for group in self.groups for attribute in group.attributes]
        repeated = _repeated(grouped)
        if repeated:
            raise ValueError(f"attributes in more than one place: {', '.join(repeated)}")
        missing = [a for a in GOLDEN_ATTRIBUTES if a not in grouped]
        if missing:
            raise ValueError(f"attributes in no group: {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _known_names(self) -> Self:
        unknown = [a for a in self.completeness if a not in GOLDEN_ATTRIBUTES]
        if unknown:
            raise ValueError(f"completeness of what are no golden attributes: {', '.join(unknown)}")
        unknown = [name for name in self.history if name not in {g.name for g in self.groups}]
        if unknown:
            raise ValueError(f"history of what are no groups: {', '.join(unknown)}")
        repeated = [*_repeated(list(self.completeness)), *_repeated(list(self.history))]
        if repeated:
            raise ValueError(f"given twice in completeness or history: {', '.join(repeated)}")
        return self

    def priority_of(self, group: AttributeGroup) -> tuple[str, ...]:
        """Source systems from most to least trusted for that group."""
        return self.source_priority if group.source_priority is None else group.source_priority

    def of_history(self) -> Self:
        """The same rules for no groups but those of which former values are kept."""
        kept = tuple(group for group in self.groups if group.name in self.history)
        return self.model_copy(update={"groups": kept})


def priority_faults(
    settings: Survivorship, systems: Set[str]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every place that names none of these source systems where it should, and what is wrong."""
    named: list[tuple[tuple[str | int, ...], str]] = [
        *((("source_priority", n), system) for n, system in enumerate(settings.source_priority)),
        *((("trust", "systems", system), system) for system in settings.trust.systems),
    ]
    for g, group in enumerate(settings.groups):
        lists = {"source_priority": group.source_priority or (), "verified_by": group.verified_by}
        for key, listed in lists.items():
            named += [(("groups", g, key, n), system) for n, system in enumerate(listed)]
    for path, system in named:
        if system not in systems:
            yield path, f"no source has the source_system {system}"


def _repeated(names: tuple[Rule, ...] | list[str]) -> list[str]:
    return [str(name) for name, times in Counter(names).items() if times > 1]
