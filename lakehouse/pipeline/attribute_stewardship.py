"""What stewards decide of customers' attributes: kept in ops.attribute_override, above every rule.

A decision is tied to a record and goes where the record goes. Messages name attributes, never values.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.person import standardised_people
from lakehouse.errors import InputError, NotFoundError
from lakehouse.gold.attribute_decision import SET, WITHDRAWN, attribute_decisions
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.stewardship import append_decision, require_known, require_words
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import ATTRIBUTE_OVERRIDE


def attribute_values(text: str) -> dict[str, str]:
    """The values by attribute of a text with one `attribute=value` a line; empty lines are left out.

    Raises:
        InputError: a line is not so, or names an attribute again; tells its number alone.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not equals or name in values:
            raise InputError(
                f"Line {number} of the values is not attribute=value, or names an attribute again.",
                "write one such line per attribute, for instance city=Leeds.",
            )
        values[name] = value
    return values


def attribute_overrides(lake: Lake) -> DataFrame:
    """The decisions that hold: record_key, attribute_group, values, decided_by, reason, decided_at."""
    lake.tables.create(ATTRIBUTE_OVERRIDE)
    decided = attribute_decisions(lake.tables.read(ATTRIBUTE_OVERRIDE.name))
    return decided.where(F.col("ended_at").isNull()).drop("ended_at")


def set_attributes(
    lake: Lake, record: str, group: str, values: Mapping[str, str], *, by: str, reason: str
) -> tuple[str, ...]:
    """Says what the customer of a record has in a group of attributes, from the next run on.

    The values replace the group as a whole: what they leave out is empty. They are kept in the same
    standard form as what sources send. A later decision of the same record and group takes the place
    of an earlier one; of decisions by several records of a customer the latest is followed.

    Returns:
        The attributes that are filled: a name given in parts is filled as a whole too.

    Raises:
        InputError: conf has no such group, a value is of no attribute of it or is none in standard form,
            there is none, or `by` or `reason` is empty.
        NotFoundError: the record is not in the release.
    """
    attributes = _attributes(lake, group)
    require_words(by, reason)
    strange = [name for name in values if name not in attributes]
    if strange or not values:
        raise InputError(
            f"{len(strange)} of {len(values)} values are of no attribute of the group {group}.",
            f"give values of {', '.join(attributes)}.",
        )
    require_known(lake, record)
    standard = _in_standard_form(lake, attributes, values)
    with lake.locks.table(f"{ATTRIBUTE_OVERRIDE.name}.decide"):
        lake.tables.create(ATTRIBUTE_OVERRIDE)
        row = (record, group, SET, list(standard.items()), by, reason)
        append_decision(lake, ATTRIBUTE_OVERRIDE, row)
    return tuple(standard)


def withdraw_attributes(lake: Lake, record: str, group: str, *, by: str, reason: str) -> None:
    """Takes a decision back: from the next run on the rules decide again.

    Raises:
        InputError: `by` or `reason` is empty.
        NotFoundError: nothing that holds was decided by that record of that group.
    """
    require_words(by, reason)
    with lake.locks.table(f"{ATTRIBUTE_OVERRIDE.name}.decide"):
        held = attribute_overrides(lake).select("record_key", "attribute_group").collect()
        if (record, group) not in {tuple(row) for row in held}:
            raise NotFoundError(
                f"No decision by record {record} about the group {group} holds.",
                "c360 attribute list shows those that do.",
            )
        append_decision(lake, ATTRIBUTE_OVERRIDE, (record, group, WITHDRAWN, None, by, reason))


def _attributes(lake: Lake, group: str) -> Sequence[str]:
    groups = {g.name: g.attributes for g in lake.settings.survivorship.groups}
    if group not in groups:
        raise InputError(
            f"conf has no group of attributes {group!r}.", f"choose from {', '.join(groups)}."
        )
    return groups[group]


def _in_standard_form(
    lake: Lake, attributes: Sequence[str], values: Mapping[str, str]
) -> dict[str, str]:
    """The values of the group as silver.person_record would have them."""
    ddl = ", ".join(f"{name} string" for name in values)
    written = local_frame(lake.spark, [tuple(values.values())], ddl)
    standard = standardised_people(written, as_of=datetime.now(UTC).date())
    (row,) = standard.select(*(F.col(a).cast("string").alias(a) for a in attributes)).collect()
    refused = [name for name in values if row[name] is None]
    if refused:
        raise InputError(
            f"What was given is no {' and no '.join(refused)}.",
            "write dates as yyyy-MM-dd, telephone numbers with + and the country's code, countries as ISO "
            "codes; leave out what is empty.",
        )
    return {name: row[name] for name in attributes if row[name] is not None}
