"""What a record offers of a group of attributes: its values, and a number per rule.

Every rule becomes a number of which the smaller wins, a group's rules an array of such numbers. So
one comparison of arrays decides, and the first element that differs names the rule that did. The
first element is a steward's: 0 for a record, below 0 for a decision, the newest lowest.
"""

from collections.abc import Callable
from datetime import date

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.columns.person import FORM_RULES
from lakehouse.gold.trust import STEWARD, halvings
from lakehouse.settings.survivorship import AttributeGroup, Rule, Survivorship

Said = Callable[[str], Column]
"""What a record says in the column of silver.person_record of that name."""


def record_offer(
    group: AttributeGroup, survivorship: Survivorship, as_of: date, said: Said
) -> Column:
    """A record's offer of the group.

    A struct of attribute_group, value_key (by which records say the same), ranking (0 and the rules'
    numbers; 0 for most_frequent, which one record cannot know), record_key, source_system,
    sequence_at, filled (the group's attributes that are not null, with their values), is_broken
    (whether a quality rule took a value of the group away). Of these `sequence_at` is since when the
    record says so, see `changed_at`.
    """
    named = F.array(*(_entry(F.lit(name), said(name)) for name in group.attributes))
    filled = F.filter(named, lambda entry: entry["value"].isNotNull())
    is_broken = _is_broken(group, said)
    numbers = _numbers(group, survivorship, as_of, said, filled, is_broken)
    ranking = (F.lit(0), *(numbers[rule]() for rule in group.rules))
    return F.struct(
        F.lit(group.name).alias("attribute_group"),
        _value_key(group, said).alias("value_key"),
        F.array(*(number.cast("bigint") for number in ranking)).alias("ranking"),
        said("record_key").alias("record_key"),
        said("source_system").alias("source_system"),
        changed_at(said).alias("sequence_at"),
        filled.alias("filled"),
        is_broken.alias("is_broken"),
    )


def changed_at(said: Said) -> Column:
    """Since when a record says what it says: to be told again makes nothing more recent.

    When it was last told, where a release from before the column tells nothing.
    """
    return F.coalesce(said("changed_at"), said("sequence_at"))


def steward_offer(decision: Column, survivorship: Survivorship) -> Column:
    """What a steward decided about a customer, in the shape of a record's offer.

    Args:
        decision: struct of record_key (of the record that it is tied to), attribute_group, values and
            decided_at.
        survivorship: what conf no longer has in the group is left out, so that a group that is gone
            offers nothing.
    """
    known = F.array(
        *(F.lit(f"{g.name}.{name}") for g in survivorship.groups for name in g.attributes)
    )
    entries = F.transform(F.map_entries(decision["values"]), lambda e: _entry(e["key"], e["value"]))
    group = decision["attribute_group"]
    filled = F.filter(
        entries, lambda e: F.array_contains(known, F.concat_ws(".", group, e["attribute"]))
    )
    return F.struct(
        group.alias("attribute_group"),
        F.lit(f"\x1e{STEWARD}").alias("value_key"),
        F.array(-F.unix_micros(decision["decided_at"])).alias("ranking"),
        decision["record_key"].alias("record_key"),
        F.lit(STEWARD).alias("source_system"),
        decision["decided_at"].alias("sequence_at"),
        F.array_sort(filled).alias("filled"),
        F.lit(False).alias("is_broken"),
    )


def columns_read(survivorship: Survivorship) -> list[str]:
    """Each column of silver.person_record that an offer looks at, once."""
    named = ["record_key", "source_system", "changed_at", "sequence_at", "corrections"]
    for group in survivorship.groups:
        named += [*group.attributes, *group.compare]
    return list(dict.fromkeys(named))


def _entry(attribute: Column, value: Column) -> Column:
    return F.struct(attribute.alias("attribute"), value.cast("string").alias("value"))


def _is_broken(group: AttributeGroup, said: Said) -> Column:
    def is_of_group(correction: Column) -> Column:
        is_form = correction["rule"].isin(*sorted(FORM_RULES))
        return correction["column"].isin(*group.attributes) & ~is_form

    return F.coalesce(F.exists(said("corrections"), is_of_group), F.lit(False))


def _value_key(group: AttributeGroup, said: Said) -> Column:
    """The compared columns as one text; the attributes themselves where all of those are null."""
    if not group.compare:
        return _joined(group.attributes, said)
    compared = [said(name) for name in group.compare]
    return F.when(F.coalesce(*compared).isNotNull(), _joined(group.compare, said)).otherwise(
        _joined(group.attributes, said)
    )


def _joined(names: tuple[str, ...], said: Said) -> Column:
    return F.concat_ws("\x1f", *(F.coalesce(said(n).cast("string"), F.lit("")) for n in names))


def _numbers(
    group: AttributeGroup,
    survivorship: Survivorship,
    as_of: date,
    said: Said,
    filled: Column,
    is_broken: Column,
) -> dict[Rule, Callable[[], Column]]:
    system, moment = said("source_system"), changed_at(said)
    text = F.concat_ws(" ", *(said(name).cast("string") for name in group.attributes))
    has_one_case = (F.upper(text) != F.lower(text)) & (
        (text == F.upper(text)) | (text == F.lower(text))
    )
    return {
        Rule.SOURCE_PRIORITY: lambda: _place(system, survivorship.priority_of(group)),
        Rule.VERIFIED_FIRST: lambda: (~system.isin(*group.verified_by)).cast("int"),
        Rule.TRUST: lambda: halvings(system, moment, is_broken, survivorship.trust, as_of),
        Rule.MOST_RECENT: lambda: -F.unix_micros(moment),
        Rule.MOST_FREQUENT: lambda: F.lit(0),
        Rule.MOST_COMPLETE: lambda: -F.size(filled),
        Rule.LEADING_FILLED: lambda: said(group.attributes[0]).isNull().cast("int"),
        Rule.LONGEST: lambda: -F.length(text),
        Rule.MIXED_CASE: lambda: has_one_case.cast("int"),
    }


def _place(system: Column, systems: tuple[str, ...]) -> Column:
    """Position of the system in the list, from 0; the list's length if it is not there."""
    places = [F.when(system == name, i) for i, name in enumerate(systems)]
    return F.coalesce(*places, F.lit(len(systems)))
