"""The values that only the erased have: what the proof of an erasure must find nowhere."""

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.pipeline.attempt import Attempt
from lakehouse.pipeline.held import PLACE
from lakehouse.pipeline.lake import Lake
from lakehouse.privacy.erasure_marks import cells, value_marks
from lakehouse.silver.row_links import tells_of_people
from lakehouse.tables.silver import PERSON_RECORD
from lakehouse.tables.spec import Sensitivity, TableSpec

_TELLING = frozenset({Sensitivity.DIRECT_IDENTIFIER, Sensitivity.PSEUDONYM})
_COUNT = r"^[0-9]{1,8}$"
"""A number too short for a telephone's: sizes, numbers of rows and amounts are the same somewhere."""
_HASHES = frozenset({"content_hash", "record_key", "corrections"})


def erased_value_marks(
    lake: Lake, attempt: Attempt, rows: DataFrame, records: DataFrame, erasure_id: str
) -> DataFrame:
    """erasure_id, key: the marks of every identifying value of the erased that no row which stays has.

    A number of eight digits or fewer is none: it would be found in every file.

    Args:
        lake: the lake.
        attempt: the run that erases.
        rows: of ops.erased_row, once each.
        records: key of the person records.
        erasure_id: under which they are kept; of several that share a run, the first.
    """
    theirs, others = [], []
    # Of feeds under a hold nothing is erased, and all stays that they say.
    for source in filter(tells_of_people, lake.settings.sources):
        spec = source.bronze_table
        bronze = lake.read_at(spec.name, attempt.base_version(spec.name))
        erased = F.broadcast(rows.where(F.col("table_name") == spec.name).select(*PLACE))
        theirs.append(_told(bronze.join(erased, on=PLACE, how="left_semi"), spec))
        others.append(_all_told(bronze.join(erased, on=PLACE, how="left_anti"), spec))
    people = lake.read_at(PERSON_RECORD.name, attempt.base_version(PERSON_RECORD.name))
    keys = F.broadcast(records.select(F.col("key").alias("record_key")).distinct())
    theirs.append(_told(people.join(keys, on="record_key", how="left_semi"), PERSON_RECORD))
    others.append(_all_told(people.join(keys, on="record_key", how="left_anti"), PERSON_RECORD))
    # Cached, as Spark would move the joins below the unions, and plan the cube of the number of feeds.
    own = reduce(DataFrame.unionByName, theirs).distinct().persist()
    shared = reduce(DataFrame.unionByName, others).join(F.broadcast(own), "value", "left_semi")
    alone = own.join(shared.distinct(), on="value", how="left_anti")
    secret = lake.settings.lake.secret.get_secret_value()
    marks = value_marks(alone, secret)
    return marks.select(F.lit(erasure_id).alias("erasure_id"), F.col("mark").alias("key"))


def _told(rows: DataFrame, spec: TableSpec) -> DataFrame:
    """value: what stands in the columns that tell who somebody is."""
    columns = [c for c in spec.columns if c.sensitivity in _TELLING and c.name not in _HASHES]
    found = cells(rows, *_by_type(spec, {c.name for c in columns}))
    return found.where(~F.col("value").rlike(_COUNT))


def _all_told(rows: DataFrame, spec: TableSpec) -> DataFrame:
    """value: what stands in any column of text."""
    return cells(rows, *_by_type(spec, {*spec.column_names} - _HASHES))


def _by_type(spec: TableSpec, names: set[str]) -> tuple[list[str], list[str]]:
    chosen = [column for column in spec.columns if column.name in names]
    texts = [c.name for c in chosen if c.type in ("string", "date")]
    return texts, [c.name for c in chosen if c.type == "map<string,string>"]
