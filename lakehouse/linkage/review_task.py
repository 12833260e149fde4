"""What a steward should look at: two customers who may be one person, one who may be several."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from itertools import groupby
from operator import itemgetter

import networkx as nx
import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.columns.masks import (
    masked_date,
    masked_email,
    masked_end,
    masked_start,
    masked_words,
)
from lakehouse.errors import words_withheld
from lakehouse.linkage.linkage_quality import has_many_names, has_many_postcodes, value_counts
from lakehouse.linkage.model import UNIQUE_ID
from lakehouse.linkage.overrides import SKIP
from lakehouse.linkage.refine import SAME
from lakehouse.tables.ops import REVIEW_TASK

PAIR, CUSTOMER = "uncertain_pair", "suspicious_customer"
_GROUP_CUT = "group_cut"
_SIDES = ("l", "r")
_BRIDGE = pa.schema(
    [("record_key_l", pa.string()), ("record_key_r", pa.string()), ("is_weak", pa.bool_())]
)
_ID_DIGITS = 16
_AS_THEY_ARE = [name for name in REVIEW_TASK.column_names if name not in ("task_id", "priority")]
_MASKS: Mapping[str, Callable[[Column], Column]] = {
    "full_name": masked_words,
    "given_name": masked_words,
    "middle_name": masked_words,
    "family_name": masked_words,
    "name_suffix": lambda suffix: suffix,
    "birth_date": masked_date,
    "gender": lambda gender: gender,
    "email": masked_email,
    "secondary_email": masked_email,
    "phone": masked_start,
    "secondary_phone": masked_start,
    "street": masked_words,
    "city": masked_words,
    "postcode": masked_end,
    "country": lambda country: country,
    "national_id": masked_start,
    "social_handle": masked_start,
    "loyalty_number": masked_start,
}


def review_task(
    people: DataFrame,
    identity_map: DataFrame,
    evidence: DataFrame,
    edges: DataFrame,
    decisions: DataFrame,
    *,
    review: float,
) -> DataFrame:
    """The doubts of a run, one row each.

    Two customers are asked about by the most likely of their pairs that come within `review` bits of
    joining, or would join but for a contradiction or for what the rest of the two says. A customer
    is asked about by its least likely pair, if it has more names or postcodes than a person has, or by
    the weakest pair without which it would fall apart, if that is weak. What a steward has decided or
    skipped is not asked about again by another pair.

    Args:
        people: silver.person_record.
        identity_map: linkage.identity_map of the run.
        evidence: linkage.record_evidence.
        edges: linkage.scored_edge.
        decisions: those that stand: record_key_l, record_key_r, decision.
        review: bits below joining down to which a pair is for review; as many above it are weak.

    Returns:
        The columns of ops.review_task.
    """
    owners = identity_map.where(F.col("valid_to").isNull()).select(UNIQUE_ID, "customer_id")
    pairs = _owned(_with_skips(edges, decisions), owners)
    is_one = F.col("customer_id_l") == F.col("customer_id_r")
    asked = _between(pairs.where(~is_one), review).unionByName(
        _within(pairs.where(is_one), owners, evidence, review)
    )
    pair = F.concat("record_key_l", "record_key_r")
    return _with_masked_records(asked, people).select(
        F.substring(F.sha2(pair, 256), 1, _ID_DIGITS).alias("task_id"),
        (F.col("record_count") / (1 + F.abs("join_margin"))).alias("priority"),
        *_AS_THEY_ARE,
    )


def _with_skips(edges: DataFrame, decisions: DataFrame) -> DataFrame:
    """What is read of the pairs, and is_skipped: true of those that a steward did not want to decide."""
    skipped = decisions.where(F.col("decision") == SKIP).select(
        "record_key_l", "record_key_r", F.lit(True).alias("skipped")
    )
    return edges.join(F.broadcast(skipped), on=["record_key_l", "record_key_r"], how="left").select(
        "record_key_l",
        "record_key_r",
        "join_margin",
        "match_probability",
        "contradiction",
        "override",
        "weights",
        F.coalesce("skipped", F.lit(False)).alias("is_skipped"),
    )


def _owned(pairs: DataFrame, owners: DataFrame) -> DataFrame:
    """The pairs with the customer of each side and the number of its records."""
    everyone = Window.partitionBy("customer_id")
    sized = owners.select("*", F.count(F.lit(1)).over(everyone).alias("size"))
    for side in _SIDES:
        own = sized.select(*(F.col(c).alias(f"{c}_{side}") for c in sized.columns))
        pairs = pairs.join(own, on=f"record_key_{side}", how="inner")
    return pairs


def _between(pairs: DataFrame, review: float) -> DataFrame:
    """Two customers each, by their most likely pair that is doubtful, last one that a rule contradicts.

    Of two customers of whom a pair was decided or skipped another pair would ask nothing new. A group that
    was cut into many customers asks once for each of them, not for each two.
    """
    margin, contradiction = F.col("join_margin"), F.col("contradiction")
    both = Window.partitionBy(
        F.least("customer_id_l", "customer_id_r"), F.greatest("customer_id_l", "customer_id_r")
    )
    best = both.orderBy(
        contradiction.isNotNull(), F.desc("join_margin"), "record_key_l", "record_key_r"
    )
    is_settled = F.bool_or(F.col("override").isNotNull() | F.col("is_skipped")).over(both)
    is_doubtful = (margin >= 0) | (contradiction.isNull() & (margin >= -review))
    reason = F.when(margin >= 0, _GROUP_CUT).otherwise("near_threshold")
    of_one = Window.partitionBy(F.least("customer_id_l", "customer_id_r"), "reason").orderBy(
        F.desc("join_margin"), "record_key_l", "record_key_r"
    )
    is_asked = (F.col("reason") != _GROUP_CUT) | (F.col("turn") == 1)
    return (
        pairs.select("*", is_settled.alias("is_settled"))
        .where(~F.col("is_settled") & is_doubtful)
        .select("*", F.row_number().over(best).alias("place"))
        .where(F.col("place") == 1)
        .withColumns(
            {
                "kind": F.lit(PAIR),
                "reason": F.coalesce(contradiction, reason),
                "record_count": F.col("size_l") + F.col("size_r"),
            }
        )
        .select("*", F.row_number().over(of_one).alias("turn"))
        .where(is_asked)
        .select(*pairs.columns, "kind", "reason", "record_count")
    )


def _within(pairs: DataFrame, owners: DataFrame, evidence: DataFrame, review: float) -> DataFrame:
    """One customer each, by its least likely pair, or its weakest bridge, of which nothing was decided.

    Of a customer of whom a pair was skipped another pair would ask nothing new.
    """
    customer = Window.partitionBy("customer_id_l")
    least = customer.orderBy("join_margin", "record_key_l", "record_key_r")
    counts = value_counts(owners, evidence).withColumnRenamed("customer_id", "customer_id_l")
    bridges = _weak_bridges(pairs, review).withColumn("is_bridge", F.lit(True))
    reason = (
        F.when(has_many_names(), "many_names")
        .when(has_many_postcodes(), "many_postcodes")
        .when(F.col("is_bridge"), "held_by_one_pair")
    )
    return (
        pairs.join(counts, on="customer_id_l", how="inner")
        .join(bridges, on=["record_key_l", "record_key_r"], how="left")
        .select(
            *pairs.columns,
            F.lit(CUSTOMER).alias("kind"),
            reason.alias("reason"),
            F.col("size_l").alias("record_count"),
            F.bool_or("is_skipped").over(customer).alias("is_settled"),
        )
        .where(F.col("reason").isNotNull() & F.col("override").isNull() & ~F.col("is_settled"))
        .select("*", F.row_number().over(least).alias("place"))
        .where(F.col("place") == 1)
        .drop("place", "is_settled")
    )


def _weak_bridges(pairs: DataFrame, review: float) -> DataFrame:
    """record_key_l, record_key_r: pairs weaker than `review` without which a customer would fall apart."""
    key = ("record_key_l", "record_key_r")
    is_decided = F.coalesce(F.col("override") == SAME, F.lit(False))
    holding = pairs.where((F.col("join_margin") >= 0) | is_decided).select(
        "customer_id_l", *key, (~is_decided & (F.col("join_margin") < review)).alias("is_weak")
    )
    # Most customers are held by strong pairs alone, and need not be looked at.
    doubtful = holding.where("is_weak").select("customer_id_l").distinct()
    ordered = (
        holding.join(doubtful, on="customer_id_l", how="left_semi")
        .repartition("customer_id_l")
        .sortWithinPartitions("customer_id_l")
    )
    return (
        ordered.mapInArrow(_bridges, "record_key_l string, record_key_r string, is_weak boolean")
        .where("is_weak")
        .select(*key)
    )


def _bridges(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The pairs of a partition, customer by customer, that are bridges: the two records and is_weak."""
    rows = (row for batch in batches for row in zip(*batch.to_pydict().values(), strict=True))
    names = ("record_key_l", "record_key_r", "is_weak")
    with words_withheld():
        for _, customer in groupby(rows, key=itemgetter(0)):
            weak = {(left, right): is_weak for _, left, right, is_weak in customer}
            found = [tuple(sorted(bridge)) for bridge in nx.bridges(nx.Graph(list(weak)))]
            values = [*zip(*found, strict=True), [weak[pair] for pair in found]]
            yield pa.RecordBatch.from_pydict(
                dict(zip(names, values if found else ([], [], []), strict=True)), schema=_BRIDGE
            )


def _with_masked_records(tasks: DataFrame, people: DataFrame) -> DataFrame:
    present = [name for name in _MASKS if name in people.columns]
    told = F.array(
        *(F.struct(F.lit(n).alias("key"), _MASKS[n](F.col(n)).alias("value")) for n in present)
    )
    known = F.filter(told, lambda entry: entry["value"].isNotNull())
    asked = reduce(
        DataFrame.unionByName,
        (tasks.select(F.col(f"record_key_{side}").alias(UNIQUE_ID)) for side in _SIDES),
    ).distinct()
    masked = people.join(asked, on=UNIQUE_ID, how="left_semi").select(
        UNIQUE_ID, F.map_from_entries(known).alias("masked")
    )
    for side in _SIDES:
        own = masked.select(*(F.col(c).alias(f"{c}_{side}") for c in masked.columns))
        tasks = tasks.join(own, on=f"record_key_{side}", how="inner")
    return tasks
