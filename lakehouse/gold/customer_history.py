"""gold.customer_history: what held of each customer, and from when to when by the sources' clocks.

At each moment at which a record of the customer's, as it is today, or an earlier version of one began or
ceased to say something, survivorship decides anew among what was said then, by today's rules and today's
ages. Hence the laws: periods of a customer and group neither overlap nor are inverted; two that adjoin
differ in values; the one without end is what gold.customer_attribute has; a late record takes its place
among those that were there before it; the table made again of itself stays as it is.

The earlier versions are those that held in the last release: what only lost, and what came and went
between two releases, is not known any more. What the same version of a record gave otherwise was a
mistake, and what a record said that is gone from its source is gone.
"""

from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold.attribute_decision import attribute_decisions, with_decisions
from lakehouse.gold.identity import current_identity
from lakehouse.gold.offers import Said, columns_read, record_offer, steward_offer
from lakehouse.gold.survivorship import deciding_rule, ranked_values
from lakehouse.gold.trust import STEWARD
from lakehouse.settings.survivorship import AttributeGroup, Survivorship

_GROUP = ("customer_id", "attribute_group")


def customer_history(
    person_record: DataFrame,
    identity_map: DataFrame,
    attribute_override: DataFrame,
    previous: DataFrame,
    survivorship: Survivorship,
    as_of: date,
) -> DataFrame:
    """One row per customer, group of attributes under conf's `history`, and period in which values held.

    Key: customer_id, attribute_group, valid_from_at. Columns: those of gold.customer_history.

    Args:
        person_record: silver.person_record.
        identity_map: linkage.identity_map: what a record said goes where the record goes.
        attribute_override: ops.attribute_override; a decision held until the next one of its record.
        previous: this table as the last release has it, of which earlier versions of records are.
        survivorship: the rules.
        as_of: the day on which trust is compared.
    """
    rules = survivorship.of_history()
    records = person_record.join(current_identity(identity_map), on="record_key", how="inner")
    told = records.select("customer_id", *columns_read(rules)).join(
        _told_before(previous), on="record_key", how="left"
    )
    versions = _versions(
        with_decisions(told, attribute_decisions(attribute_override)), rules, as_of
    )
    ranked = ranked_values(_offered_at_moments(versions), rules, "moment", "next_at")
    return _periods(
        ranked.select(
            *_GROUP,
            "moment",
            "next_at",
            F.col("ranked")[0].alias("best"),
            deciding_rule(F.col("ranked"), rules).alias("rule"),
        )
    )


def _told_before(previous: DataFrame) -> DataFrame:
    """One row per record: `told`, the periods in which it gave what held."""
    period = F.struct(
        "attribute_group",
        F.col("valid_from_at").alias("started_at"),
        F.col("valid_to_at").isNull().alias("is_open"),
        "values",
        "source_system",
        "sequence_at",
    )
    of_records = previous.where(F.col("source_system") != STEWARD)
    return of_records.groupBy("record_key").agg(F.collect_list(period).alias("told"))


def _versions(records: DataFrame, rules: Survivorship, as_of: date) -> DataFrame:
    """One row per version that is known: customer_id, attribute_group, offer, started_at, ended_at."""
    decided = F.transform(
        F.coalesce("decisions", F.array()),
        lambda d: _version(
            steward_offer(F.col("record_key"), d, rules), d["decided_at"], d["ended_at"]
        ),
    )
    of_record = (_versions_of_group(group, rules, as_of) for group in rules.groups)

    def has_been(version: Column) -> Column:
        lasted = F.coalesce(version["started_at"] < version["ended_at"], F.lit(True))
        return lasted & (F.size(version["offer"]["filled"]) > 0)

    return records.select(
        "customer_id", F.explode(F.filter(F.concat(*of_record, decided), has_been)).alias("v")
    ).select("customer_id", "v.offer.attribute_group", "v.offer", "v.started_at", "v.ended_at")


def _versions_of_group(group: AttributeGroup, rules: Survivorship, as_of: date) -> Column:
    """What the record says of the group, and what it said when that held."""
    today = record_offer(group, rules, as_of, F.col)
    told = F.filter(F.coalesce("told", F.array()), lambda t: t["attribute_group"] == group.name)
    former = F.transform(
        told,
        lambda t: F.struct(
            record_offer(group, rules, as_of, _said_then(t, group)).alias("offer"),
            t["started_at"].alias("started_at"),
            t["is_open"].alias("is_open"),
        ),
    )
    # A record that is sent again and says what held at last has been saying so since then.
    same = F.filter(former, lambda f: f["is_open"] & (f["offer"]["filled"] == today["filled"]))
    started = F.least(F.get(same, F.lit(0))["started_at"], F.col("sequence_at"))
    ended = F.transform(
        former,
        lambda f: _version(
            f["offer"],
            f["started_at"],
            F.least(_next_start(told, f["started_at"]), started),
        ),
    )
    return F.concat(ended, F.array(_version(today, started, F.lit(None).cast("timestamp"))))


def _next_start(told: Column, started_at: Column) -> Column:
    starts = F.transform(told, lambda t: t["started_at"])
    return F.array_min(F.filter(starts, lambda start: start > started_at))


def _version(offer: Column, started_at: Column, ended_at: Column) -> Column:
    return F.struct(
        offer.alias("offer"), started_at.alias("started_at"), ended_at.alias("ended_at")
    )


def _said_then(told: Column, group: AttributeGroup) -> Said:
    """What a record said in a period of the last release. Of its match forms nothing was kept."""
    nothing = F.lit(None)
    others = {
        "record_key": F.col("record_key"),
        "source_system": told["source_system"],
        "sequence_at": told["sequence_at"],
        "fresh_until_at": nothing.cast("timestamp"),
        "corrections": nothing.cast("array<struct<column:string,rule:string>>"),
        **{name: nothing.cast("string") for name in group.compare},
    }
    values = {n: F.try_element_at(told["values"], F.lit(n)) for n in group.attributes}
    return lambda name: {**others, **values}[name]


def _offered_at_moments(versions: DataFrame) -> DataFrame:
    """What was said at each moment from which something began or ceased to be said.

    The fields of `record_offer`, and customer_id, moment, next_at (the next moment, null of the last).
    """
    of_group = versions.groupBy(*_GROUP).agg(
        F.collect_list(F.struct("offer", "started_at", "ended_at")).alias("versions"),
        F.array_sort(F.array_union(F.collect_set("started_at"), F.collect_set("ended_at"))).alias(
            "moments"
        ),
    )
    at_moment = of_group.select("*", F.posexplode("moments").alias("position", "moment")).select(
        "*", F.get("moments", F.col("position") + 1).alias("next_at")
    )
    moment = F.col("moment")

    def is_said(version: Column) -> Column:
        has_ended = F.coalesce(version["ended_at"] <= moment, F.lit(False))
        return (version["started_at"] <= moment) & ~has_ended

    return at_moment.select(
        "customer_id", "moment", "next_at", F.explode(F.filter("versions", is_said)).alias("v")
    ).select("customer_id", "moment", "next_at", "v.offer.*")


def _periods(won: DataFrame) -> DataFrame:
    """Moments that follow each other with the same values as one period, told as it was at its end."""
    in_turn = Window.partitionBy(*_GROUP).orderBy("moment")
    goes_on = (F.lag("best.filled").over(in_turn) == F.col("best.filled")) & (
        F.lag("next_at").over(in_turn) == F.col("moment")
    )
    begins = F.when(goes_on, 0).otherwise(1)
    last = F.max_by(F.struct("best", "rule", "next_at"), "moment")
    return (
        won.select("*", begins.alias("begins"))
        .select("*", F.sum("begins").over(in_turn).alias("period"))
        .groupBy(*_GROUP, "period")
        .agg(F.min("moment").alias("valid_from_at"), last.alias("last"))
        .select(
            *_GROUP,
            "valid_from_at",
            F.col("last.next_at").alias("valid_to_at"),
            F.map_from_entries("last.best.filled").alias("values"),
            "last.best.record_key",
            "last.best.source_system",
            "last.best.sequence_at",
            "last.rule",
        )
    )
