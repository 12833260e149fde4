"""gold.customer_attribute: the value that survived, where it came from and why, and what lost."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.attribute_decision import attribute_decisions, with_decisions
from lakehouse.gold.identity import customer_records
from lakehouse.gold.offers import columns_read
from lakehouse.gold.survivorship import by_group, candidates, deciding_rule, ranked_values
from lakehouse.gold.trust import half_life_days, starting_trust
from lakehouse.settings.survivorship import Survivorship


def customer_attribute(
    person_record: DataFrame,
    identity_map: DataFrame,
    attribute_override: DataFrame,
    customer_record: DataFrame,
    survivorship: Survivorship,
    as_of: date,
) -> DataFrame:
    """One row per customer and attribute that the record which wins its group, or one that lost, fills.

    Key: customer_id, attribute. Columns: those of gold.customer_attribute. An attribute that the winning
    record leaves empty has no value, whatever others say: it is theirs together with the rest of the group,
    which lost as a whole. Of records that say the same by a group's `compare` the fullest is shown.
    What holds of `attribute_override` wins over every rule; `as_of` is the day on which trust is compared.
    """
    records = customer_records(person_record, identity_map, *columns_read(survivorship))
    holding = attribute_decisions(attribute_override).where(F.col("ended_at").isNull())
    decided = with_decisions(records, holding, customer_record)
    offered = candidates(decided, survivorship, as_of)
    system, trust = F.col("best.source_system"), survivorship.trust
    return (
        ranked_values(offered, survivorship)
        .select("*", F.col("ranked")[0].alias("best"))
        .select("*", F.explode(_entries(F.col("ranked"))).alias("entry"))
        .select("*", _otherwise_said(F.col("ranked"), F.col("entry")).alias("otherwise"))
        .select(
            "customer_id",
            "attribute_group",
            "entry.attribute",
            "entry.value",
            "best.record_key",
            "best.source_system",
            "best.sequence_at",
            _fresh_until_at(survivorship).alias("fresh_until_at"),
            deciding_rule(F.col("ranked"), survivorship).alias("rule"),
            starting_trust(system, F.col("best.is_broken"), trust).alias("starting_trust"),
            half_life_days(system, trust).alias("half_life_days"),
            _distinct("otherwise").alias("lost_values"),
        )
    )


def _fresh_until_at(survivorship: Survivorship) -> Column:
    """fresh_days after the newest record that says so began to; null in a group that names none."""
    days = by_group(survivorship, lambda group: F.lit(group.fresh_days).cast("int"))
    return F.col("best.confirmed_at") + F.make_dt_interval(days=days)


def _entries(ranked: Column) -> Column:
    """What the first of the ranked fills, and without a value each attribute that only others fill."""

    def named(filled: Column) -> Column:
        return F.transform(filled, lambda entry: entry["attribute"])

    filled = ranked[0]["filled"]
    every = F.flatten(F.transform(ranked, lambda other: named(other["filled"])))
    left_empty = F.transform(
        F.array_sort(F.array_except(every, named(filled))),
        lambda name: F.struct(name.alias("attribute"), F.lit(None).cast("string").alias("value")),
    )
    return F.concat(filled, left_empty)


def _otherwise_said(ranked: Column, entry: Column) -> Column:
    """What the others of the ranked say of the entry's attribute, where it is not the entry's value."""

    def said(other: Column) -> Column:
        of_attribute = F.filter(other["filled"], lambda e: e["attribute"] == entry["attribute"])
        return F.struct(
            F.get(of_attribute, F.lit(0))["value"].alias("value"),
            *(other[name].alias(name) for name in ("record_key", "source_system", "sequence_at")),
        )

    def differs(other: Column) -> Column:
        return other["value"].isNotNull() & ~other["value"].eqNullSafe(entry["value"])

    return F.filter(F.transform(ranked, said), differs)


def _distinct(ranked: str) -> Column:
    """The first of each value, in order."""
    values = F.transform(ranked, lambda other: other["value"])
    return F.filter(ranked, lambda other, n: F.array_position(values, other["value"]) == n + 1)
