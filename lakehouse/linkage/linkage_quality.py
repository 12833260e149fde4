"""How good linkage is, as far as it can be told without labels, and how much a run changed.

A customer with many names or postcodes is probably several people; a name with an e-mail or phone
that several customers carry is probably one person. Neither proves anything of one customer: their
rates, over runs, tell when something went wrong.
"""

import math
from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import groupby
from operator import itemgetter

import networkx as nx
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import words_withheld
from lakehouse.linkage.model import UNIQUE_ID
from lakehouse.linkage.refine import SAME

_MOST_NAMES, _MOST_POSTCODES = 3, 5
_MARGINS = {
    "pairs_below_minus_4_bits": (-math.inf, -4.0),
    "pairs_minus_4_to_minus_2_bits": (-4.0, -2.0),
    "pairs_minus_2_to_0_bits": (-2.0, 0.0),
    "pairs_0_to_2_bits": (0.0, 2.0),
    "pairs_2_to_5_bits": (2.0, 5.0),
    "pairs_5_to_10_bits": (5.0, 10.0),
    "pairs_10_to_20_bits": (10.0, 20.0),
    "pairs_20_bits_and_more": (20.0, math.inf),
}


def linkage_quality(
    identity_map: DataFrame,
    last_map: DataFrame,
    evidence: DataFrame,
    edges: DataFrame,
    clusters: DataFrame,
    oversized: DataFrame,
    unshared: DataFrame,
    *,
    review: float,
) -> DataFrame:
    """The metrics of a run.

    Args:
        identity_map: linkage.identity_map of this run.
        last_map: the same as the last run left it; may be empty.
        evidence: linkage.record_evidence.
        edges: linkage.scored_edge.
        clusters: linkage.cluster.
        oversized: linkage.oversized_block.
        unshared: a row per value that the last run left out as shared, and this one does not.
        review: bits below joining down to which a pair is for review.

    Returns:
        metric, value: one row per LinkageMetric. A share is null where there is nothing to share.
    """
    owners = _owners(identity_map)
    found = [
        *_churn(owners, _owners(last_map)),
        _overmerged(owners, evidence),
        _spread(owners, evidence, "email_match", "spread_email_share"),
        _spread(owners, evidence, "phone_match", "spread_phone_share"),
        _pairs(owners, edges, review),
        _histogram(edges),
        _largest_component(clusters),
        _left_out(oversized),
        unshared.agg(F.count("*").alias("no_longer_shared_values")),
    ]
    return reduce(DataFrame.unionByName, map(_by_metric, found))


def _by_metric(measured: DataFrame) -> DataFrame:
    """metric, value: the one row of `measured`, a row per column."""
    pairs = (
        F.struct(F.lit(name).alias("metric"), F.col(name).cast("double").alias("value"))
        for name in measured.columns
    )
    return measured.select(F.inline(F.array(*pairs)))


def _owners(identity_map: DataFrame) -> DataFrame:
    return identity_map.where(F.col("valid_to").isNull()).select(UNIQUE_ID, "customer_id")


def _share(part: Column, whole: Column) -> Column:
    return F.try_divide(part.cast("double"), whole)


def _churn(owners: DataFrame, before: DataFrame) -> list[DataFrame]:
    """One row each: of all customers, of the records, of the customers that records moved between."""
    sizes = owners.groupBy("customer_id").agg(F.count("*").alias("n"))
    size = sizes.agg(
        F.coalesce(F.sum("n"), F.lit(0)).alias("records"),
        F.count("*").alias("customers"),
        F.max("n").alias("largest_customer_records"),
        _share(F.sum(F.expr("if(n > 1, n, 0)")), F.sum("n")).alias("linked_record_share"),
    )
    old = before.select(UNIQUE_ID, F.col("customer_id").alias("old_id"))
    moves = owners.join(old, on=UNIQUE_ID, how="inner").where("customer_id != old_id")
    counts = before.agg(
        F.count("*").alias("old_records"), F.count_distinct("customer_id").alias("old_customers")
    )
    merged = (
        moves.select(F.col("old_id").alias("customer_id"))
        .distinct()
        .join(sizes, on="customer_id", how="left_anti")
        .agg(F.count("*").alias("merged"))
    )
    split = (
        moves.select("customer_id")
        .distinct()
        .join(before, on="customer_id", how="left_anti")
        .agg(F.count("*").alias("split"))
    )
    churn = (
        moves.agg(F.count("*").alias("moved"))
        .crossJoin(counts)
        .crossJoin(merged)
        .crossJoin(split)
        .select(
            F.col("old_records").alias("records_before"),
            _share(F.col("moved"), F.col("old_records")).alias("moved_record_share"),
            _share(F.col("merged"), F.col("old_customers")).alias("merged_customer_share"),
            _share(F.col("split"), F.col("old_customers")).alias("split_customer_share"),
        )
    )
    return [size, churn]


def _value(column: str) -> Column:
    return F.col("evidence")[column]


def value_counts(owners: DataFrame, evidence: DataFrame) -> DataFrame:
    """customer_id, given_names, family_names, postcodes: how many different ones a customer has."""
    kinds = owners.join(evidence, on=UNIQUE_ID, how="inner").groupBy("customer_id")
    return kinds.agg(
        F.count_distinct(_value("given_name_root")).alias("given_names"),
        F.count_distinct(_value("family_name_match")).alias("family_names"),
        F.count_distinct(_value("postcode_match")).alias("postcodes"),
    )


def has_many_names() -> Column:
    """True of a row of `value_counts` with more names than one person has."""
    return F.greatest("given_names", "family_names") > _MOST_NAMES


def has_many_postcodes() -> Column:
    """True of a row of `value_counts` with more postcodes than one person has."""
    return F.col("postcodes") > _MOST_POSTCODES


def _overmerged(owners: DataFrame, evidence: DataFrame) -> DataFrame:
    everyone = F.count("*")
    return value_counts(owners, evidence).agg(
        _share(F.count_if(has_many_names()), everyone).alias("many_names_share"),
        _share(F.count_if(has_many_postcodes()), everyone).alias("many_postcodes_share"),
    )


def _spread(owners: DataFrame, evidence: DataFrame, column: str, metric: str) -> DataFrame:
    people = owners.join(evidence, on=UNIQUE_ID, how="inner").select(
        "customer_id",
        _value("given_name_root").alias("given"),
        _value("family_name_match").alias("family"),
        _value(column).alias("contact"),
    )
    known = people.where("given is not null and family is not null and contact is not null")
    shared = (
        known.groupBy("given", "family", "contact")
        .agg(F.count("*").alias("n"), F.count_distinct("customer_id").alias("customers"))
        .where("n > 1")
    )
    return shared.agg(_share(F.count_if(F.col("customers") > 1), F.count("*")).alias(metric))


def _pairs(owners: DataFrame, edges: DataFrame, review: float) -> DataFrame:
    """What the scored pairs say of how firmly customers hold together, and of what is in between."""
    sides = edges.select("record_key_l", "record_key_r", "join_margin", "contradiction", "override")
    for side in ("l", "r"):
        sides = sides.join(
            owners.select(
                F.col(UNIQUE_ID).alias(f"record_key_{side}"),
                F.col("customer_id").alias(f"customer_{side}"),
            ),
            on=f"record_key_{side}",
            how="inner",
        )
    is_one = F.col("customer_l") == F.col("customer_r")
    is_open = F.col("contradiction").isNull() & F.col("override").isNull()
    is_near = (F.col("join_margin") < 0) & (F.col("join_margin") >= -review)
    uncertain = sides.where(~is_one & is_open & is_near).select(
        F.explode(F.array("record_key_l", "record_key_r")).alias(UNIQUE_ID)
    )
    return (
        uncertain.agg(F.count_distinct(UNIQUE_ID).alias("uncertain"))
        .crossJoin(owners.agg(F.count("*").alias("everyone")))
        .select(_share(F.col("uncertain"), F.col("everyone")).alias("review_record_share"))
        .crossJoin(_firmness(owners, sides.where(is_one)))
    )


def _histogram(edges: DataFrame) -> DataFrame:
    """One row: how many pairs there are by their distance from joining, in bits."""
    margin = F.col("join_margin")
    counts = [
        F.count_if((margin >= low) & (margin < high)).alias(metric)
        for metric, (low, high) in _MARGINS.items()
    ]
    return edges.agg(*counts)


def _largest_component(clusters: DataFrame) -> DataFrame:
    """One row: the records of the largest component, which may have been cut into many customers."""
    sizes = clusters.groupBy("component_id").agg(F.count("*").alias("n"))
    return sizes.agg(F.max("n").alias("largest_component_records"))


def _left_out(oversized: DataFrame) -> DataFrame:
    """One row: the blocks that are too large to be compared, and the pairs in them."""
    pairs = F.sum(F.col("record_count") * (F.col("record_count") - 1) / 2)
    return oversized.agg(
        F.count("*").alias("oversized_blocks"),
        F.coalesce(pairs, F.lit(0)).alias("oversized_block_pairs"),
    )


def _bridge_share(pairs: DataFrame, sizes: DataFrame) -> DataFrame:
    """One row: of the joining pairs of customers of three records or more, the share that are bridges."""
    large = sizes.where("n > 2").select("customer_id")
    joining = pairs.where((F.col("join_margin") >= 0) | (F.col("override") == SAME)).select(
        F.col("customer_l").alias("customer_id"), "record_key_l", "record_key_r"
    )
    # Customer by customer, so that a task holds the pairs of one at a time.
    inside = joining.join(large, on="customer_id", how="left_semi")
    ordered = inside.repartition("customer_id").sortWithinPartitions("customer_id")
    counted = ordered.mapInArrow(_count_bridges, "pairs bigint, bridges bigint")
    return counted.agg(_share(F.sum("bridges"), F.sum("pairs")).alias("bridge_share"))


def _count_bridges(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The counts of a partition whose rows are customer_id and the two records, customer by customer."""
    rows = (row for batch in batches for row in zip(*batch.to_pydict().values(), strict=True))
    pairs = found = 0
    with words_withheld():
        for _, customer in groupby(rows, key=itemgetter(0)):
            graph = nx.Graph((left, right) for _, left, right in customer)
            pairs += graph.number_of_edges()
            found += sum(1 for _ in nx.bridges(graph))
    yield pa.RecordBatch.from_pydict({"pairs": [pairs], "bridges": [found]})


def _firmness(owners: DataFrame, pairs: DataFrame) -> DataFrame:
    """One row: how firmly the pairs within customers hold these together."""
    joining = (
        pairs.where(F.col("join_margin") >= 0)
        .groupBy(F.col("customer_l").alias("customer_id"))
        .agg(F.count("*").alias("joined"))
    )
    sizes = owners.groupBy("customer_id").agg(F.count("*").alias("n")).where("n > 1")
    bridge_share = _bridge_share(pairs, sizes)
    held = sizes.join(joining, on="customer_id", how="left").select(
        "n", F.coalesce("joined", F.lit(0)).alias("joined")
    )
    possible = F.sum(F.col("n") * (F.col("n") - 1) / 2)
    return held.agg(
        _share(
            F.count_if((F.col("n") > 2) & (F.col("joined") < F.col("n"))),
            F.count_if(F.col("n") > 2),
        ).alias("loose_customer_share"),
        _share(F.sum("joined"), possible).alias("pair_density"),
    ).crossJoin(bridge_share)
