"""One table of people in, one cluster per record out: what `c360 link` does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.columns.dates import day_first_facts, formats_by_facts, parsed_date
from lakehouse.columns.person import standardised_people
from lakehouse.columns.text import squashed
from lakehouse.errors import InputError
from lakehouse.linkage.artefact import load_model
from lakehouse.linkage.link import DECISION_SCHEMA, linked, no_state
from lakehouse.linkage.train import train
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.tables.local_frame import local_frame

_HASH_KEY = "people"
"""No secret: the hashes stay in the working folder."""

_READ_COLUMNS = ("birth_date", "gender", "email", "phone", "country", "national_id")
_SUSPECT_SHARE = 0.05


@dataclass(frozen=True)
class LinkedPeople:
    """Who is the same person, and what of the table could not help to find out.

    Attributes:
        clusters: record_id, cluster_id: one row per record.
        unused: by column, how many of how many filled values could not be read or are
            placeholders; only columns where these are more than 5 %.
    """

    clusters: DataFrame
    unused: Mapping[str, tuple[int, int]]


def link_people(
    people: DataFrame,
    settings: LinkageSettings,
    model: str | Path | None,
    work_dir: str,
) -> LinkedPeople:
    """The cluster of every record of a table of people.

    Args:
        people: record_id and any subset of the standard columns, as text.
        settings: conf, with the engine.
        model: file of a trained model; None to train one on these people.
        work_dir: folder that driver and workers see; the clusters are read from it while they are
            used.

    Raises InputError if record_id is missing, empty somewhere, or not unique.
    """
    keyed = _with_keys(people)
    stored = f"{work_dir}/standardised"
    standardised = standardised_people(keyed, read_date=_date_reader(people))
    standardised.write.mode("overwrite").parquet(stored)
    records = people.sparkSession.read.parquet(stored)
    spark = people.sparkSession
    state = linked(
        records,
        no_state(spark),
        local_frame(spark, (), DECISION_SCHEMA),
        lambda evidence: train(evidence, settings) if model is None else load_model(model),
        settings,
        secret=_HASH_KEY,
        work_dir=Path(work_dir),
    )
    clusters = state.cluster.select(F.col("record_key").alias("record_id"), "cluster_id")
    return LinkedPeople(clusters, _unused(people, records))


def _date_reader(people: DataFrame) -> Callable[[Column], Column]:
    """What reads a date of this table: ISO 8601, or a form that its own birth dates settle."""
    if "birth_date" not in people.columns:
        return parsed_date
    text = squashed(F.col("birth_date").cast("string"))
    facts = people.select(day_first_facts(text).alias("facts")).collect()[0].facts
    formats = formats_by_facts(facts.first, facts.second)
    return lambda text: F.coalesce(parsed_date(text), parsed_date(text, formats))


def _unused(people: DataFrame, records: DataFrame) -> dict[str, tuple[int, int]]:
    columns = [name for name in _READ_COLUMNS if name in people.columns]
    if not columns:
        return {}
    filled = people.select(
        *(F.count(squashed(F.col(name).cast("string"))).alias(name) for name in columns)
    ).collect()[0]
    read = records.select(*(F.count(name).alias(name) for name in columns)).collect()[0]
    lost = {name: (filled[name] - read[name], filled[name]) for name in columns}
    return {name: (n, of) for name, (n, of) in lost.items() if n > _SUSPECT_SHARE * of}


def _with_keys(people: DataFrame) -> DataFrame:
    if "record_id" not in people.columns:
        raise InputError("The table of people has no column record_id.", "add one, unique per row.")
    keyed = people.withColumn("record_key", F.col("record_id").cast("string"))
    if not keyed.where(F.col("record_key").isNull()).isEmpty():
        raise InputError("record_id is empty in some rows.", "give every row its own id.")
    if not keyed.groupBy("record_key").count().where("count > 1").isEmpty():
        raise InputError("record_id is not unique.", "give every row its own id.")
    return keyed
