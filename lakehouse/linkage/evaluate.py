"""How good a clustering is against a known truth: pairs and B-cubed, from group sizes alone."""

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import InputError


@dataclass(frozen=True)
class Evaluation:
    """Counts and shares over the records that the truth knows.

    Precision is 1 where nothing is claimed, recall is 1 where there is nothing to find.
    """

    records: int
    true_pairs: int
    claimed_pairs: int
    right_pairs: int
    b3_precision: float
    b3_recall: float

    @property
    def precision(self) -> float:
        """Share of the claimed pairs that are true."""
        return self.right_pairs / self.claimed_pairs if self.claimed_pairs else 1.0

    @property
    def recall(self) -> float:
        """Share of the true pairs that are claimed."""
        return self.right_pairs / self.true_pairs if self.true_pairs else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _harmonic(self.precision, self.recall)

    @property
    def b3_f1(self) -> float:
        """Harmonic mean of B-cubed precision and recall."""
        return _harmonic(self.b3_precision, self.b3_recall)


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def evaluate(clusters: DataFrame, truth: DataFrame) -> Evaluation:
    """Scores of `clusters` (record_id, cluster_id) against `truth` (record_id, entity_id).

    Records without truth do not count; a record of the truth that has no cluster stands alone.

    Raises InputError if a record occurs twice in either frame.
    """
    for name, frame in (("clusters", clusters), ("truth", truth)):
        if not frame.groupBy("record_id").count().where("count > 1").isEmpty():
            raise InputError(f"A record_id occurs twice in the {name}.", "give one row per record.")
    cells = (
        _labelled(clusters, truth).groupBy("entity_id", "group_id").agg(F.count("*").alias("cell"))
    )
    sizes = cells.join(
        cells.groupBy("entity_id").agg(F.sum("cell").alias("of_entity")),
        on="entity_id",
        how="inner",
    ).join(
        cells.groupBy("group_id").agg(F.sum("cell").alias("of_group")), on="group_id", how="inner"
    )
    cell, of_entity, of_group = F.col("cell"), F.col("of_entity"), F.col("of_group")
    row = sizes.agg(
        F.coalesce(F.sum(cell), F.lit(0)).alias("records"),
        F.coalesce(F.sum(cell * (cell - 1)), F.lit(0)).alias("right"),
        F.coalesce(F.sum(cell * (of_entity - 1)), F.lit(0)).alias("true"),
        F.coalesce(F.sum(cell * (of_group - 1)), F.lit(0)).alias("claimed"),
        F.coalesce(F.sum(cell * cell / of_group), F.lit(0.0)).alias("b3_precision"),
        F.coalesce(F.sum(cell * cell / of_entity), F.lit(0.0)).alias("b3_recall"),
    ).collect()[0]
    records = int(row["records"])
    return Evaluation(
        records=records,
        true_pairs=int(row["true"]) // 2,
        claimed_pairs=int(row["claimed"]) // 2,
        right_pairs=int(row["right"]) // 2,
        b3_precision=row["b3_precision"] / records if records else 1.0,
        b3_recall=row["b3_recall"] / records if records else 1.0,
    )


def _labelled(clusters: DataFrame, truth: DataFrame) -> DataFrame:
    """entity_id, group_id of every record that has a truth."""
    alone = F.struct(F.lit(True).alias("alone"), F.col("record_id").cast("string").alias("name"))
    together = F.struct(
        F.lit(False).alias("alone"), F.col("cluster_id").cast("string").alias("name")
    )
    return (
        truth.where(F.col("entity_id").isNotNull())
        .join(clusters.select("record_id", "cluster_id"), on="record_id", how="left")
        .select(
            "entity_id",
            F.when(F.col("cluster_id").isNull(), alone).otherwise(together).alias("group_id"),
        )
    )
