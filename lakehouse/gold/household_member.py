"""gold.household_member: which customers live together, since when, and who did before."""

from datetime import datetime

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.gold.household_evidence import customer_evidence
from lakehouse.gold.household_group import household_group
from lakehouse.settings.households import Households
from lakehouse.tables.lasting_ids import kept_ids, new_id, periods

_DETAILS = ("role", "evidence", "is_crowded_address")


def household_member(  # noqa: PLR0913 (one for each table that it reads)
    *,
    customer_attribute: DataFrame,
    person_record: DataFrame,
    payment: DataFrame,
    identity_map: DataFrame,
    customer_alias: DataFrame,
    previous: DataFrame,
    households: Households,
    as_of: datetime,
    release_number: int,
) -> DataFrame:
    """One row per customer and period in a household; periods that ended stay as they were.

    Key: household_id, customer_id, valid_from. Columns: those of gold.household_member. Everybody whose
    current address is known is in one household, alone if nothing but the address is shared.

    Args:
        customer_attribute: gold.customer_attribute, which says whose address is current, and birth dates.
        person_record: silver.person_record.
        payment: silver.payment.
        identity_map: linkage.identity_map.
        customer_alias: linkage.customer_alias: a member who was merged is the one into whom.
        previous: this table as the last release has it.
        households: limits of conf.
        as_of: the run's moment, from when on changes hold.
        release_number: of the release that this run will make.
    """
    evidence = customer_evidence(customer_attribute, person_record, payment, identity_map)
    grouped = household_group(evidence, customer_attribute, households)
    kept = kept_ids(_overlap(grouped, previous, customer_alias))
    new = new_id("household", release_number, F.col("group_id"))
    assigned = grouped.join(kept, on="group_id", how="left").select(
        "customer_id", F.coalesce("lasting_id", new).alias("household_id"), *_DETAILS
    )
    ended = previous.where(F.col("valid_to").isNotNull())
    current = periods(assigned, previous, "customer_id", "household_id", as_of, _DETAILS)
    return current.unionByName(ended)


def _overlap(grouped: DataFrame, previous: DataFrame, customer_alias: DataFrame) -> DataFrame:
    """group_id, lasting_id, shared, since: how many members each group has of each household of the last run.

    A household of which no member is left is the same again when its last members come back into a
    group that has nobody of another.
    """
    last = previous.groupBy("customer_id").agg(
        F.max_by(
            F.struct("household_id", F.col("valid_to").isNull().alias("is_open")), "valid_from"
        ).alias("last")
    )
    is_living = F.bool_or("is_open").over(Window.partitionBy("household_id"))
    today = F.when(F.col("is_open"), F.col("current_customer_id"))
    known = (
        last.select("customer_id", "last.*")
        .select("*", is_living.alias("is_living"))
        # Who has left a household that goes on is no member of it.
        .where(F.col("is_open") == F.col("is_living"))
        .join(customer_alias, on="customer_id", how="left")
        .select(F.coalesce(today, "customer_id").alias("customer_id"), "household_id", "is_living")
        .distinct()
    )
    age = previous.groupBy("household_id").agg(F.min("valid_from").alias("since"))
    has_living = F.bool_or("is_living").over(Window.partitionBy("group_id"))
    return (
        grouped.select("customer_id", "group_id")
        .join(known, on="customer_id", how="inner")
        .groupBy("group_id", "household_id", "is_living")
        .agg(F.count("*").alias("shared"))
        .select("*", has_living.alias("has_living"))
        .where(F.col("is_living") == F.col("has_living"))
        .join(age, on="household_id", how="inner")
        .select("group_id", F.col("household_id").alias("lasting_id"), "shared", "since")
    )
