"""Who lives together: the groups of customers that today's evidence makes."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.gold.household_evidence import ADDRESS, FAMILY_NAME, weighed_evidence
from lakehouse.settings.households import Households

_PERSON = (
    "struct<customer_id:string,birth_date:date,family_names:array<string>,tokens:array<string>>"
)
_GROUPS = f"array<struct<tokens:array<string>,people:array<{_PERSON}>>>"


def household_group(
    evidence: DataFrame, customer_attribute: DataFrame, households: Households
) -> DataFrame:
    """customer_id, group_id, role, evidence, is_crowded_address of everybody with an address, one row each.

    People of one address who share a family name or an identifier, also through others there, are one
    group. At an address of more people than the limit everybody stays alone.
    """
    people = _people(weighed_evidence(evidence, households), customer_attribute, households)
    # Who stays alone is kept apart by the id, so that no crowd is ever gathered in one row.
    apart = F.when(F.col("is_crowded_address"), F.col("person.customer_id"))
    return (
        people.groupBy("address", "is_crowded_address", apart.alias("apart"))
        .agg(_connected(F.array_sort(F.collect_list("person"))).alias("groups"))
        .select("is_crowded_address", F.explode("groups.people").alias("people"))
        .select(
            "is_crowded_address",
            "people",
            F.array_min("people.customer_id").alias("group_id"),
            F.explode("people").alias("person"),
        )
        .select(
            "person.customer_id",
            "group_id",
            _role(F.col("person"), F.col("people"), households).alias("role"),
            _shared_kinds(F.col("person"), F.col("people")).alias("evidence"),
            "is_crowded_address",
        )
    )


def _people(weighed: DataFrame, customer_attribute: DataFrame, households: Households) -> DataFrame:
    """address, is_crowded_address, person (what may join them): everybody with an address, one row each."""
    is_address, is_name = F.col("kind") == ADDRESS, F.col("kind") == FAMILY_NAME
    told = weighed.groupBy("customer_id").agg(
        F.max(F.when(is_address, F.col("value"))).alias("address"),
        F.max(F.when(is_address, F.col("customer_count"))).alias("people_count"),
        F.sort_array(F.collect_list(F.when(is_name, _token()))).alias("family_names"),
        F.sort_array(F.collect_list(F.when(~is_address, _token()))).alias("tokens"),
    )
    born = customer_attribute.where(F.col("attribute") == "birth_date").select(
        "customer_id", F.col("value").cast("date").alias("birth_date")
    )
    person = F.struct("customer_id", "birth_date", "family_names", "tokens")
    return (
        told.where(F.col("address").isNotNull())
        .join(born, on="customer_id", how="left")
        .select(
            "address",
            (F.col("people_count") > households.address_limit).alias("is_crowded_address"),
            person.alias("person"),
        )
    )


def _token() -> Column:
    return F.concat_ws(":", "kind", "value")


def _connected(people: Column) -> Column:
    """The groups of these people: who shares a token, also through others, is in one.

    One pass finds them: each person joins all groups that they meet into one.
    """

    def with_person(groups: Column, person: Column) -> Column:
        def meets(group: Column) -> Column:
            return F.arrays_overlap(group["tokens"], person["tokens"])

        met = F.filter(groups, meets)
        tokens = F.concat(F.flatten(met["tokens"]), person["tokens"])
        joined = F.struct(
            F.array_distinct(tokens).alias("tokens"),
            F.concat(F.flatten(met["people"]), F.array(person)).alias("people"),
        )
        return F.concat(F.filter(groups, lambda group: ~meets(group)), F.array(joined))

    return F.aggregate(people, F.array().cast(_GROUPS), with_person)


def _shared_kinds(person: Column, people: Column) -> Column:
    """Kinds of evidence that the person shares with another of the group, in order of name."""
    others = F.filter(people, lambda other: other["customer_id"] != person["customer_id"])
    shared = F.array_intersect(person["tokens"], F.flatten(others["tokens"]))
    kinds = F.transform(shared, lambda token: F.substring_index(token, ":", 1))
    return F.array_sort(F.array_distinct(kinds))


def _role(person: Column, people: Column, households: Households) -> Column:
    """parent, child or other, by birth dates of those of one family name; null if there is nothing to go by.

    Both ends of the gap are dates of birth, so that a role does not change as people grow older.
    """
    least, most = households.parent_years_min, households.parent_years_max

    def is_parent(parent: Column, child: Column) -> Column:
        born = parent["birth_date"]
        latest = F.add_months(child["birth_date"], -12 * least)
        earliest = F.add_months(child["birth_date"], -12 * most)
        is_family = F.arrays_overlap(parent["family_names"], child["family_names"])
        return F.coalesce(is_family & born.between(earliest, latest), F.lit(False))

    has_nobody = (F.size(people) == 1) | person["birth_date"].isNull()
    return (
        F.when(has_nobody, None)
        .when(F.exists(people, lambda other: is_parent(person, other)), "parent")
        .when(F.exists(people, lambda other: is_parent(other, person)), "child")
        .otherwise("other")
    )
