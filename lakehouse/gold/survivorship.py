"""Survivorship: of each customer's records, which one gives each group of attributes."""

from collections.abc import Callable, Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.offers import record_offer, steward_offer
from lakehouse.gold.trust import STEWARD
from lakehouse.settings.survivorship import AttributeGroup, Rule, Survivorship

ONLY_VALUE = "only_value"
TIE_BREAK = "record_key"

_KEPT = ("record_key", "source_system", "sequence_at", "filled", "is_broken")


def candidates(records: DataFrame, survivorship: Survivorship, as_of: date) -> DataFrame:
    """What each record offers: one row per record and group of which it fills an attribute.

    Args:
        records: customer_id, the columns that `columns_read` names, and `decisions`: what stewards
            decided of its customer, or null.
        survivorship: the rules.
        as_of: the day on which values are trusted as their age says.

    Returns:
        customer_id and the fields of `record_offer`.
    """
    offers = F.array(*(record_offer(g, survivorship, as_of, F.col) for g in survivorship.groups))
    decided = F.transform(
        F.coalesce("decisions", F.array()),
        lambda decision: steward_offer(decision, survivorship),
    )
    offered = F.filter(F.concat(offers, decided), lambda offer: F.size(offer["filled"]) > 0)
    return records.select("customer_id", F.explode(offered).alias("offer")).select(
        "customer_id", "offer.*"
    )


def ranked_values(
    offered: DataFrame,
    survivorship: Survivorship,
    *keys: str,
    kept: Sequence[str] = (),
    frequency: Column | None = None,
) -> DataFrame:
    """What each customer's records say: one row per customer and group, and its values best first.

    `ranked` holds one element per distinct value_key: ranking, the best of the records that say so;
    record_key, source_system, sequence_at, filled and is_broken of the one of them that fills most, of equal
    ones the best; confirmed_at, the sequence_at of the newest.

    Args:
        offered: as `candidates` gives it.
        survivorship: the rules.
        keys: columns by which rows are kept apart beside customer and group.
        kept: columns that the elements have beside those.
        frequency: how often a value is said, over its rows; by default their number.
    """
    of_one = ("customer_id", "attribute_group", *keys)
    # All that stewards decided is one value, of which the newest holds however much it fills.
    decided = F.col("ranking")[0]
    distinct = offered.groupBy(*of_one, "value_key").agg(
        (F.count("*") if frequency is None else frequency).alias("frequency"),
        F.min("ranking").alias("ranking"),
        F.min(F.struct(decided, -F.size("filled"), "ranking", *_KEPT, *kept)).alias("best"),
        F.max("sequence_at").alias("confirmed_at"),
    )
    ranking = _with_frequency(F.col("ranking"), F.col("frequency"), survivorship)
    counted = F.struct(
        ranking.alias("ranking"),
        *(f"best.{name}" for name in (*_KEPT, *kept)),
        "confirmed_at",
    )
    return distinct.groupBy(*of_one).agg(F.sort_array(F.collect_list(counted)).alias("ranked"))


def deciding_rule(ranked: Column, survivorship: Survivorship) -> Column:
    """Name of the rule by which the first value of `ranked` beat the second."""
    differs = F.zip_with(
        ranked[0]["ranking"], ranked[1]["ranking"], lambda first, second: first != second
    )
    rules = by_group(
        survivorship,
        lambda group: F.array(F.lit(STEWARD), *(F.lit(str(rule)) for rule in group.rules)),
    )
    position = F.array_position(differs, F.lit(True))
    return (
        F.when(ranked[0]["source_system"] == STEWARD, F.lit(STEWARD))
        .when(F.size(ranked) == 1, F.lit(ONLY_VALUE))
        .when(position == 0, F.lit(TIE_BREAK))
        .otherwise(F.get(rules, (position - 1).cast("int")))
    )


def _with_frequency(ranking: Column, frequency: Column, survivorship: Survivorship) -> Column:
    def counted(group: AttributeGroup) -> Column:
        return F.array(
            ranking[0],
            *(
                -frequency if rule is Rule.MOST_FREQUENT else F.get(ranking, F.lit(position))
                for position, rule in enumerate(group.rules, start=1)
            ),
        )

    return F.when(ranking[0] < 0, ranking).otherwise(by_group(survivorship, counted))


def by_group(survivorship: Survivorship, build: Callable[[AttributeGroup], Column]) -> Column:
    """What `build` makes of the row's attribute_group."""
    is_group = F.col("attribute_group")
    return F.coalesce(
        *(F.when(is_group == group.name, build(group)) for group in survivorship.groups)
    )
