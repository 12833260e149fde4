"""The facts that the demo plants, held against what gold tells of them."""

from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.pipeline.lake import Lake
from lakehouse.storage.releases import current_release


def true_purchases(lake: Lake, truth: Path) -> dict[str, tuple[int, float]]:
    """By kind of resemblance: receipts that resemble an order, and the share of them taken rightly.

    Right is that the second telling of a purchase names the first, and that any other receipt does not.
    """
    versions = current_release(lake.tables).versions
    orders = lake.tables.read("gold.customer_order", versions["gold.customer_order"])
    shop, till = (
        orders.where(F.col("channel") == channel).select(
            F.col("order_id").alias(name), F.col(column).alias(f"{name}_key")
        )
        for channel, name, column in (
            ("shop", "order_id", "record_key"),
            ("store", "receipt_id", "same_purchase_key"),
        )
    )
    planted = lake.spark.read.parquet(f"file:{truth}/purchase.parquet")
    is_found = F.col("receipt_id_key").eqNullSafe(F.col("order_id_key"))
    return _share_by_fact(
        planted.join(shop, on="order_id", how="inner").join(till, on="receipt_id", how="inner"),
        F.concat(F.lit("receipt "), "kind"),
        is_found == F.col("is_same_purchase"),
    )


def true_recommendations(lake: Lake, truth: Path) -> dict[str, tuple[int, float]]:
    """Lists that the truth knows to have sold something, and the share put down to the order it was."""
    versions = current_release(lake.tables).versions
    lists, orders = (
        lake.tables.read(name, versions[name])
        for name in ("gold.customer_recommendation", "gold.customer_order")
    )
    shop = orders.where(F.col("channel") == "shop").select(
        "order_id", F.col("record_key").alias("order_key")
    )
    told = lists.select(
        "list_id", "product_id", "order_record_key", F.col("is_clicked").alias("was_clicked")
    )
    planted = lake.spark.read.parquet(f"file:{truth}/recommendation.parquet")
    is_order = F.col("order_record_key").eqNullSafe(F.col("order_key"))
    return _share_by_fact(
        planted.join(told, on=["list_id", "product_id"], how="inner").join(
            shop, on="order_id", how="inner"
        ),
        F.lit("bought from a list"),
        is_order & (F.col("is_clicked") == F.col("was_clicked")),
    )


def true_homes(lake: Lake, truth: Path, persons: DataFrame) -> dict[str, tuple[int, float]]:
    """Customers of whom gold tells rightly how they live, and the share of them.

    Three facts: who is a child of somebody whom it puts into one household with them; who is said to be a
    child there; and who is reached at a business, and is alone in gold too. `persons` is, by
    customer_id, the person_id of the truth.
    """
    versions = current_release(lake.tables).versions
    table = "gold.household_member"
    members = lake.tables.read(table, versions[table]).where(F.col("valid_to").isNull())
    homes = lake.spark.read.parquet(f"file:{truth}/household.parquet").select(
        "person_id",
        F.coalesce(F.col("role") == "child", F.lit(False)).alias("is_child"),
        "is_at_business",
    )
    said_child = F.coalesce(F.col("role") == "child", F.lit(False))
    # Evidence is what a member shares with another one.
    is_together = F.size("evidence") > 0

    def judged(fact: str, is_fact: Column, is_right: Column) -> Column:
        told = F.struct(F.lit(fact).alias("fact"), is_right.alias("is_right"))
        return F.when(is_fact, told)

    facts = F.array(
        judged("child of a household", F.col("is_child") & is_together, said_child),
        judged("said to be a child", said_child, F.col("is_child")),
        judged("reached at a business", F.col("is_at_business"), ~is_together),
    )
    told = (
        members.select("customer_id", "role", "evidence")
        .join(persons, on="customer_id", how="inner")
        .join(homes, on="person_id", how="inner")
        .select(F.inline(F.array_compact(facts)))
    )
    return _share_by_fact(told, F.col("fact"), F.col("is_right"))


def _share_by_fact(rows: DataFrame, fact: Column, is_right: Column) -> dict[str, tuple[int, float]]:
    """By fact: its rows, and the share of them that is right."""
    shares = rows.groupBy(fact.alias("fact")).agg(
        F.count("*").alias("planted"), F.avg(is_right.cast("int")).alias("share")
    )
    return {row.fact: (row.planted, row.share) for row in shares.collect()}
