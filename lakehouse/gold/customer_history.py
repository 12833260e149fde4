"""gold.customer_history: what held of each customer, and from when to when by the sources' clocks.

At each moment at which a record of the customer's, as it is today, or an earlier version of one began or
ceased to say something, survivorship decides anew among what was said then, by today's rules and today's
ages. Hence the laws: periods of a customer and group neither overlap nor are inverted; two that adjoin
differ in values; the one without end is what gold.customer_attribute has; a late record takes its place
among those that were there before it; the table made again of itself stays as it is.

The earlier versions are those that held in the last release, as `told_by` has them: what only lost, and
what came and went between two releases, is not known any more. So an earlier version is weighed alone: how
many said the same is asked of today's records. What the same version of a record gave otherwise was a
mistake, and what a record said that is gone from its source is gone.
"""

from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold.attribute_decision import attribute_decisions, with_decisions
from lakehouse.gold.identity import current_identity
from lakehouse.gold.offers import Said, changed_at, columns_read, record_offer, steward_offer
from lakehouse.gold.survivorship import deciding_rule, ranked_values
from lakehouse.gold.trust import STEWARD
from lakehouse.settings.survivorship import AttributeGroup, Survivorship

_GROUP = ("customer_id", "attribute_group")


def customer_history(
    person_record: DataFrame,
    identity_map: DataFrame,
    attribute_override: DataFrame,
    customer_record: DataFrame,
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
        customer_record: gold.customer_record: whose that record is, or was last.
        previous: this table as the last release has it, of which earlier versions of records are.
        survivorship: the rules.
        as_of: the day on which trust is compared.
    """
    rules = survivorship.of_history()
    records = person_record.join(current_identity(identity_map), on="record_key", how="inner")
    told = records.select("customer_id", *columns_read(rules)).join(
        _told_before(previous), on="record_key", how="left"
    )
    decided = with_decisions(told, attribute_decisions(attribute_override), customer_record)
    versions = _versions(decided, rules, as_of)
    ranked = ranked_values(
        _offered_at_moments(versions),
        rules,
        "moment",
        "next_at",
        kept=("started_at", "ended_at"),
        frequency=F.greatest(F.count_if("is_current"), F.lit(1)),
    )
    rule = F.when(F.col("next_at").isNull(), deciding_rule(F.col("ranked"), rules))
    best = F.col("ranked")[0].alias("best")
    return _periods(ranked.select(*_GROUP, "moment", "next_at", best, rule.alias("rule")))


def _told_before(previous: DataFrame) -> DataFrame:
    """One row per record: `told`, its versions by which something held."""
    version = F.struct(
        "attribute_group",
        "values",
        F.col("valid_to_at").isNull().alias("is_open"),
        "by.source_system",
        "by.sequence_at",
        "by.said_from_at",
        "by.said_to_at",
    )
    of_records = previous.select("*", F.explode("told_by").alias("by")).where(
        F.col("by.source_system") != STEWARD
    )
    return of_records.groupBy("by.record_key").agg(F.collect_list(version).alias("told"))


def _versions(records: DataFrame, rules: Survivorship, as_of: date) -> DataFrame:
    """One row per version that is known: customer_id, attribute_group, version."""
    decided = F.transform(
        F.coalesce("decisions", F.array()),
        lambda d: _version(
            steward_offer(d, rules),
            d["decided_at"],
            d["ended_at"],
            F.lit(True),
        ),
    )
    of_record = (_versions_of_group(group, rules, as_of) for group in rules.groups)

    def was_said(version: Column) -> Column:
        lasted = F.coalesce(version["started_at"] < version["ended_at"], F.lit(True))
        return lasted & (F.size(version["offer"]["filled"]) > 0)

    said = F.filter(F.concat(*of_record, decided), was_said)
    return records.select("customer_id", F.explode(said).alias("version")).select(
        "customer_id", "version.offer.attribute_group", "version"
    )


def _versions_of_group(group: AttributeGroup, rules: Survivorship, as_of: date) -> Column:
    """What the record says of the group, and what it said when that held."""
    today, sequence_at = record_offer(group, rules, as_of, F.col), changed_at(F.col)
    former = F.transform(
        F.filter(F.coalesce("told", F.array()), lambda t: t["attribute_group"] == group.name),
        lambda t: F.struct(
            record_offer(group, rules, as_of, _said_then(t, group)).alias("offer"),
            *(t[name].alias(name) for name in ("is_open", "said_from_at", "said_to_at")),
        ),
    )

    def goes_on(f: Column) -> Column:
        # The very same version, or one sent again whose values held at last.
        same_version = f["offer"]["sequence_at"] == sequence_at
        same_values = f["offer"]["filled"] == today["filled"]
        return f["said_to_at"].isNull() & same_values & (f["is_open"] | same_version)

    since = F.transform(F.filter(former, goes_on), lambda f: f["said_from_at"])
    started, forever = F.least(F.array_min(since), sequence_at), F.lit(None).cast("timestamp")
    ended = F.transform(
        F.filter(former, lambda f: ~goes_on(f)),
        lambda f: _version(
            f["offer"], f["said_from_at"], F.coalesce(f["said_to_at"], sequence_at), F.lit(False)
        ),
    )
    return F.concat(ended, F.array(_version(today, started, forever, F.lit(True))))


def _version(offer: Column, started: Column, ended: Column, is_current: Column) -> Column:
    return F.struct(
        offer.alias("offer"),
        started.alias("started_at"),
        ended.alias("ended_at"),
        is_current.alias("is_current"),
    )


def _said_then(told: Column, group: AttributeGroup) -> Said:
    """What a record said in a period of the last release. Of its match forms nothing was kept."""
    nothing = F.lit(None)
    others = {
        "record_key": F.col("record_key"),
        "source_system": told["source_system"],
        **dict.fromkeys(("changed_at", "sequence_at"), told["sequence_at"]),
        "corrections": nothing.cast("array<struct<column:string,rule:string>>"),
        **{name: nothing.cast("string") for name in group.compare},
    }
    values = {n: F.try_element_at(told["values"], F.lit(n)) for n in group.attributes}
    return lambda name: {**others, **values}[name]


def _offered_at_moments(versions: DataFrame) -> DataFrame:
    """What was said at each moment from which something began or ceased to be said.

    The fields of `record_offer`, customer_id, moment, next_at (the next moment, null of the last),
    started_at, ended_at, is_current (false of an earlier version).
    """
    of_group = versions.groupBy(*_GROUP).agg(
        F.collect_list("version").alias("versions"),
        F.array_sort(
            F.array_union(F.collect_set("version.started_at"), F.collect_set("version.ended_at"))
        ).alias("moments"),
    )
    at_moment = of_group.select("*", F.posexplode("moments").alias("position", "moment")).select(
        "*", F.get("moments", F.col("position") + 1).alias("next_at")
    )
    moment = F.col("moment")

    def is_said(version: Column) -> Column:
        has_ended = F.coalesce(version["ended_at"] <= moment, F.lit(False))
        return (version["started_at"] <= moment) & ~has_ended

    at = ("customer_id", "moment", "next_at")
    return at_moment.select(*at, F.explode(F.filter("versions", is_said)).alias("version")).select(
        *at, "version.offer.*", "version.started_at", "version.ended_at", "version.is_current"
    )


def _periods(won: DataFrame) -> DataFrame:
    """Moments that follow each other with the same values as one period, told as it was at its end."""
    in_turn = Window.partitionBy(*_GROUP).orderBy("moment")
    goes_on = (F.lag("best.filled").over(in_turn) == F.col("best.filled")) & (
        F.lag("next_at").over(in_turn) == F.col("moment")
    )
    begins = F.when(goes_on, 0).otherwise(1)
    last = F.max_by(F.struct("best", "rule", "next_at"), "moment")
    told_by = F.struct(
        F.col("best.started_at").alias("said_from_at"),
        F.col("best.ended_at").alias("said_to_at"),
        "best.record_key",
        "best.source_system",
        "best.sequence_at",
    )
    return (
        won.select("*", begins.alias("begins"))
        .select("*", F.sum("begins").over(in_turn).alias("period"))
        .groupBy(*_GROUP, "period")
        .agg(
            F.min("moment").alias("valid_from_at"),
            last.alias("last"),
            F.array_sort(F.collect_set(told_by)).alias("told_by"),
        )
        .select(
            *_GROUP,
            "valid_from_at",
            F.col("last.next_at").alias("valid_to_at"),
            F.map_from_entries("last.best.filled").alias("values"),
            "last.best.record_key",
            "last.best.source_system",
            "last.best.sequence_at",
            "last.rule",
            "told_by",
            _outdated_at(F.col("last.next_at"), F.col("told_by")).alias("outdated_at"),
        )
    )


def _outdated_at(valid_to_at: Column, told_by: Column) -> Column:
    """When it had all ended, of what only the last release still tells: records and decisions that are
    there make their periods again in every run.
    """
    is_told = F.exists(
        told_by, lambda by: by["said_to_at"].isNull() | (by["source_system"] == STEWARD)
    )
    said_to = F.transform(told_by, lambda by: by["said_to_at"])
    return F.when(~is_told, F.greatest(valid_to_at, F.array_max(said_to)))
