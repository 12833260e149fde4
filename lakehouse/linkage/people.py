"""One table of people in, one cluster per record out: what `c360 link` does."""

from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.person import standardised_people
from lakehouse.errors import InputError
from lakehouse.linkage.artefact import load_model
from lakehouse.linkage.link import DECISION_SCHEMA, linked, no_state
from lakehouse.linkage.train import train
from lakehouse.settings.linkage import LinkageSettings

_HASH_KEY = "people"
"""No secret: the hashes stay in the working folder."""


def link_people(
    people: DataFrame,
    settings: LinkageSettings,
    model: str | Path | None,
    work_dir: str,
) -> DataFrame:
    """The cluster of every record of a table of people.

    Args:
        people: record_id and any subset of the standard columns, as text.
        settings: conf, with the engine.
        model: file of a trained model; None to train one on these people.
        work_dir: folder that driver and workers see; the frame reads from it while it is used.

    Returns:
        record_id, cluster_id: one row per record.

    Raises InputError if record_id is missing, empty somewhere, or not unique.
    """
    keyed = _with_keys(people)
    stored = f"{work_dir}/standardised"
    standardised_people(keyed).write.mode("overwrite").parquet(stored)
    records = people.sparkSession.read.parquet(stored)
    spark = people.sparkSession
    state = linked(
        records,
        no_state(spark),
        spark.createDataFrame([], DECISION_SCHEMA),
        lambda evidence: train(evidence, settings) if model is None else load_model(model),
        settings,
        secret=_HASH_KEY,
        work_dir=Path(work_dir),
    )
    return state.cluster.select(F.col("record_key").alias("record_id"), "cluster_id")


def _with_keys(people: DataFrame) -> DataFrame:
    if "record_id" not in people.columns:
        raise InputError("The table of people has no column record_id.", "add one, unique per row.")
    keyed = people.withColumn("record_key", F.col("record_id").cast("string"))
    if not keyed.where(F.col("record_key").isNull()).isEmpty():
        raise InputError("record_id is empty in some rows.", "give every row its own id.")
    if not keyed.groupBy("record_key").count().where("count > 1").isEmpty():
        raise InputError("record_id is not unique.", "give every row its own id.")
    return keyed
