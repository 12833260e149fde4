"""A keyed hash is made by a secret that no plan, error or event log of Spark can tell."""

import contextlib
import io
from collections.abc import Iterator

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.columns.keys import keyed_hash
from lakehouse.columns.plain_keys import keyed_hash_of
from lakehouse.linkage.blocking import block_key
from lakehouse.privacy.erasure_marks import value_marks
from lakehouse.tables.local_frame import local_frame

SECRET = "zqxs-a-secret-of-this-test"


@pytest.fixture(params=["true", "false"], ids=["adaptive", "as planned"])
def rows(spark: SparkSession, request: pytest.FixtureRequest) -> Iterator[DataFrame]:
    """Rows 1 and 2 (number, text), read with adaptive execution and without."""
    before = spark.conf.get("spark.sql.adaptive.enabled")
    spark.conf.set("spark.sql.adaptive.enabled", request.param)
    yield local_frame(spark, [(1, "ann"), (2, None)], "number int, text string").repartition(2)
    spark.conf.set("spark.sql.adaptive.enabled", str(before))


def shown(frame: DataFrame) -> str:
    """All that Spark tells of a plan, before it ran and after."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        for _ in range(2):
            for mode in ("extended", "codegen", "cost", "formatted"):
                frame.explain(mode)
            frame.collect()
    return told.getvalue() + frame._jdf.queryExecution().toString()


def test_a_hash_is_that_of_plain_python_and_its_plan_is_without_the_secret(
    rows: DataFrame,
) -> None:
    made = rows.select("number", keyed_hash(SECRET, F.col("text")).alias("hash"))

    assert {r.number: r.hash for r in made.collect()} == {1: keyed_hash_of(SECRET, "ann"), 2: None}
    assert "zqxs" not in shown(made)
    assert "zqxs" in shown(rows.select(F.concat(F.lit(SECRET), F.col("text"))))


def test_a_hash_can_be_filtered_grouped_exploded_and_joined_by(rows: DataFrame) -> None:
    hashed = rows.select("number", keyed_hash(SECRET, F.col("text")).alias("hash"))
    frames = {
        "filtered": hashed.where(F.col("hash") > ""),
        "grouped": rows.groupBy(keyed_hash(SECRET, F.col("text"))).agg(
            F.max(keyed_hash(SECRET, F.col("text")))
        ),
        "exploded": value_marks(rows.select(F.col("text").alias("value")), SECRET),
        "kept": rows.select(block_key(["text"], SECRET).alias("hash")).distinct(),
        "joined": hashed.join(F.broadcast(hashed.select("hash")), on="hash", how="left_semi"),
        "joined unhashed": hashed.join(hashed.select("hash"), on="hash", how="left_anti"),
    }

    assert {name: frame.count() > 0 for name, frame in frames.items()} == dict.fromkeys(
        frames, True
    )
    assert [name for name, frame in frames.items() if "zqxs" in shown(frame)] == []


def test_an_error_of_a_hash_is_without_the_secret(rows: DataFrame) -> None:
    with pytest.raises(PySparkException) as failed:
        rows.select(keyed_hash(SECRET, F.col("text")).cast("int")).collect()

    assert "CAST_INVALID_INPUT" in str(failed.value)
    assert "zqxs" not in str(failed.value)


def test_a_query_looks_a_secret_up_once_however_many_hashes_it_makes(rows: DataFrame) -> None:
    made = rows.select(
        *(keyed_hash(SECRET, F.col("text"), F.lit(n)).alias(f"h{n}") for n in range(5))
    )

    made.collect()

    plan = made._jdf.queryExecution().executedPlan().toString()
    assert plan.count("ReusedSubquery") >= 4
