"""Survivorship as data: which of a customer's records gives each golden attribute."""

from collections import Counter
from collections.abc import Iterator, Set
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from lakehouse.settings.sources import Frozen, Name
from lakehouse.tables.gold import GOLDEN_ATTRIBUTES
from lakehouse.tables.silver import PERSON_RECORD


class Rule(StrEnum):
    """Ways to prefer one record's values over another's; lower case in conf.

    `source_priority`: the system that the list names earlier; a system it does not name comes last.
    `most_recent`: the newer version. `most_frequent`: the value that more of the customer's records
    give. `most_complete`: the record that fills more of the group. `leading_filled`: a record that
    fills the group's first attribute. `longest`: more characters. `mixed_case`: writing that is
    neither all capitals nor all small letters.
    """

    SOURCE_PRIORITY = "source_priority"
    MOST_RECENT = "most_recent"
    MOST_FREQUENT = "most_frequent"
    MOST_COMPLETE = "most_complete"
    LEADING_FILLED = "leading_filled"
    LONGEST = "longest"
    MIXED_CASE = "mixed_case"


class AttributeGroup(Frozen):
    """Golden attributes that always come from one record, and the rules that choose it.

    The first rule that tells two records apart decides; where none does, the lower record_key wins.
    `compare` lists the columns of silver.person_record by which two records say the same (default:
    the attributes). `source_priority` replaces the general list for this group.
    """

    name: Name
    attributes: tuple[Name, ...] = Field(min_length=1)
    rules: tuple[Rule, ...] = Field(min_length=1)
    compare: tuple[Name, ...] = ()
    source_priority: tuple[Name, ...] | None = None

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
        return self


class Survivorship(Frozen):
    """The whole of conf/base/survivorship.yml: every golden attribute in exactly one group."""

    source_priority: tuple[Name, ...] = ()
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

    def priority_of(self, group: AttributeGroup) -> tuple[str, ...]:
        """Source systems from most to least trusted for that group."""
        return self.source_priority if group.source_priority is None else group.source_priority


def priority_faults(
    settings: Survivorship, systems: Set[str]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every place in a list of priorities that names none of these source systems, and what is wrong."""
    lists: list[tuple[tuple[str | int, ...], tuple[str, ...]]] = [
        ((), settings.source_priority),
        *((("groups", n), group.source_priority or ()) for n, group in enumerate(settings.groups)),
    ]
    for path, named in lists:
        for n, system in enumerate(named):
            if system not in systems:
                yield (*path, "source_priority", n), f"no source has the source_system {system}"


def _repeated(names: tuple[Rule, ...] | list[str]) -> list[str]:
    return [str(name) for name, times in Counter(names).items() if times > 1]
