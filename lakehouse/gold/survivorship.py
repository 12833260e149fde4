"""Survivorship: of each customer's records, which one gives each group of attributes.

Every rule becomes a number of which the smaller wins, a group's rules an array of such numbers. So
one comparison of arrays decides, and the first element that differs names the rule that did.
"""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.settings.survivorship import AttributeGroup, Rule, Survivorship

ONLY_VALUE = "only_value"
TIE_BREAK = "record_key"


def candidates(records: DataFrame, survivorship: Survivorship) -> DataFrame:
    """What each record offers: one row per record and group of which it fills an attribute.

    Columns: customer_id, attribute_group, value_key (by which records say the same), ranking (the
    rules' numbers; 0 for most_frequent, which one record cannot know), record_key, source_system,
    sequence_at, filled (the group's attributes that are not null, with their values).
    """
    offers = F.array(*(_offer(group, survivorship) for group in survivorship.groups))
    return (
        records.select(
            "customer_id",
            "record_key",
            "source_system",
            "sequence_at",
            F.explode(F.filter(offers, lambda offer: F.size(offer["filled"]) > 0)).alias("offer"),
        )
    ).select(
        "customer_id",
        "offer.attribute_group",
        "offer.value_key",
        "offer.ranking",
        "record_key",
        "source_system",
        "sequence_at",
        "offer.filled",
    )


def ranked_values(offered: DataFrame, survivorship: Survivorship) -> DataFrame:
    """What each customer's records say: one row per customer and group, and its values best first.

    `ranked` holds one element per distinct value_key (ranking, record_key, source_system,
    sequence_at, filled), each from the best record that says so.
    """
    candidate = F.struct("ranking", "record_key", "source_system", "sequence_at", "filled")
    distinct = offered.groupBy("customer_id", "attribute_group", "value_key").agg(
        F.count("*").alias("frequency"), F.min(candidate).alias("best")
    )
    counted = F.struct(
        _with_frequency(F.col("best.ranking"), F.col("frequency"), survivorship).alias("ranking"),
        "best.record_key",
        "best.source_system",
        "best.sequence_at",
        "best.filled",
    )
    return distinct.groupBy("customer_id", "attribute_group").agg(
        F.sort_array(F.collect_list(counted)).alias("ranked")
    )


def deciding_rule(ranked: Column, survivorship: Survivorship) -> Column:
    """Name of the rule by which the first value of `ranked` beat the second."""
    differs = F.zip_with(
        ranked[0]["ranking"], ranked[1]["ranking"], lambda first, second: first != second
    )
    rules = _by_group(
        survivorship, lambda group: F.array(*(F.lit(str(rule)) for rule in group.rules))
    )
    position = F.array_position(differs, F.lit(True))
    return (
        F.when(F.size(ranked) == 1, F.lit(ONLY_VALUE))
        .when(position == 0, F.lit(TIE_BREAK))
        .otherwise(F.get(rules, (position - 1).cast("int")))
    )


def _offer(group: AttributeGroup, survivorship: Survivorship) -> Column:
    named = F.array(
        *(
            F.struct(F.lit(name).alias("attribute"), F.col(name).cast("string").alias("value"))
            for name in group.attributes
        )
    )
    filled = F.filter(named, lambda entry: entry["value"].isNotNull())
    numbers = [_number(rule, group, survivorship, filled) for rule in group.rules]
    return F.struct(
        F.lit(group.name).alias("attribute_group"),
        _value_key(group).alias("value_key"),
        F.array(*(number.cast("bigint") for number in numbers)).alias("ranking"),
        filled.alias("filled"),
    )


def _value_key(group: AttributeGroup) -> Column:
    """The compared columns as one text; the attributes themselves where all of those are null."""
    if not group.compare:
        return _joined(group.attributes)
    compared = [F.col(name) for name in group.compare]
    return F.when(F.coalesce(*compared).isNotNull(), _joined(group.compare)).otherwise(
        _joined(group.attributes)
    )


def _joined(names: tuple[str, ...]) -> Column:
    return F.concat_ws("\x1f", *(F.coalesce(F.col(n).cast("string"), F.lit("")) for n in names))


def _number(
    rule: Rule, group: AttributeGroup, survivorship: Survivorship, filled: Column
) -> Column:
    text = F.concat_ws(" ", *(F.col(name).cast("string") for name in group.attributes))
    has_one_case = (F.upper(text) != F.lower(text)) & (
        (text == F.upper(text)) | (text == F.lower(text))
    )
    numbers: dict[Rule, Callable[[], Column]] = {
        Rule.SOURCE_PRIORITY: lambda: _place(survivorship.priority_of(group)),
        Rule.MOST_RECENT: lambda: -F.unix_micros("sequence_at"),
        Rule.MOST_FREQUENT: lambda: F.lit(0),
        Rule.MOST_COMPLETE: lambda: -F.size(filled),
        Rule.LEADING_FILLED: lambda: F.col(group.attributes[0]).isNull().cast("int"),
        Rule.LONGEST: lambda: -F.length(text),
        Rule.MIXED_CASE: lambda: has_one_case.cast("int"),
    }
    return numbers[rule]()


def _place(systems: tuple[str, ...]) -> Column:
    """Position of source_system in the list, from 0; the list's length if it is not there."""
    places = [F.when(F.col("source_system") == name, i) for i, name in enumerate(systems)]
    return F.coalesce(*places, F.lit(len(systems)))


def _with_frequency(ranking: Column, frequency: Column, survivorship: Survivorship) -> Column:
    def counted(group: AttributeGroup) -> Column:
        return F.array(
            *(
                -frequency if rule is Rule.MOST_FREQUENT else ranking[position]
                for position, rule in enumerate(group.rules)
            )
        )

    return _by_group(survivorship, counted)


def _by_group(survivorship: Survivorship, build: Callable[[AttributeGroup], Column]) -> Column:
    is_group = F.col("attribute_group")
    return F.coalesce(
        *(F.when(is_group == group.name, build(group)) for group in survivorship.groups)
    )
