"""Splink as it comes, on DuckDB and on Spark, by a model of ours: what the engines are measured against."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlglot
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from splink import Linker, SparkAPI
from splink.backends.spark import similarity_jar_location
from sqlglot import exp

from lakehouse.linkage.blocking import key_column
from lakehouse.linkage.edge_sql import usable_key
from lakehouse.linkage.engine import PEOPLE_TABLE, database, linker, register_frequencies
from lakehouse.linkage.model import TrainedModel, frequency_columns, splink_settings
from lakehouse.settings.linkage import LinkageSettings

_MUTED = 51


def functions_jar() -> str:
    """The jar that Splink's Spark engine needs on the classpath for Jaro-Winkler and edit distances."""
    return str(similarity_jar_location())


def link_on_duckdb(
    people: Path, model: TrainedModel, settings: LinkageSettings, rules: Sequence[int], out: Path
) -> None:
    """Scores and clusters by stock Splink on DuckDB; `out` gets edges.parquet and clusters.parquet.

    Args:
        people: folder of parquet that one of our runs scored: record_key, is_touched, the model's
            columns, tf_<column>, a key column per rule; the folder oversized lies beside it.
        model: the model that scores.
        settings: conf.
        rules: numbers of the blocking rules.
        out: folder to write to.
    """
    keys = [key_column(n) for n in rules]
    usable = ", ".join(usable_key(key) for key in keys)
    limits = settings.limits
    with database(limits.memory_limit, limits.threads, out / "spill") as connection:
        connection.execute(
            f"create table oversized as select * from '{people.parent / 'oversized'}/*.parquet'"  # noqa: S608
        )
        connection.execute(
            f"create table {PEOPLE_TABLE} as select * exclude ({', '.join(keys)}), {usable}"  # noqa: S608
            f" from '{people}/*.parquet'"
        )
        built = linker(connection, splink_settings(settings, model, blocking_columns=keys))
        register_frequencies(connection, built, frequency_columns(settings, model.present))
        edges, clusters = _linked(built, model)
        connection.execute(f"copy {edges} to '{out / 'edges.parquet'}' (format parquet)")
        connection.execute(f"copy {clusters} to '{out / 'clusters.parquet'}' (format parquet)")


def link_on_spark(
    spark: SparkSession,
    people: Path,
    model: TrainedModel,
    settings: LinkageSettings,
    rules: Sequence[int],
    out: Path,
) -> None:
    """The same by stock Splink on Spark; arguments and results as for `link_on_duckdb`."""
    keys = [key_column(n) for n in rules]
    frame = spark.read.parquet(str(people))
    oversized = spark.read.parquet(str(people.parent / "oversized"))
    for key in keys:
        listed = oversized.select(F.col("block_key").alias(key), F.lit(True).alias("is_oversized"))
        frame = (
            frame.join(F.broadcast(listed), on=key, how="left")
            .withColumn(key, F.when(F.col("is_oversized").isNull(), F.col(key)))
            .drop("is_oversized")
        )
    frame.write.parquet(str(out / "people"))
    prepared = spark.read.parquet(str(out / "people"))
    api = SparkAPI(spark_session=spark)  # type: ignore[no-untyped-call]
    # Splink joins its own, and two columns of one name are ambiguous to Spark.
    frequencies = frequency_columns(settings, model.present)
    bare = prepared.drop(*(f"tf_{column}" for column in frequencies))
    registered = api.register(bare, dataset_display_name="people")
    built = Linker(
        registered,
        _in_spark_sql(splink_settings(settings, model, blocking_columns=keys)),
        log_level=_MUTED,
        validate_settings=False,
    )
    for column in frequencies:
        known = prepared.where(F.col(column).isNotNull()).groupBy(column)
        table = known.agg(F.any_value(f"tf_{column}").alias(f"tf_{column}"))
        registered = api.register(table, dataset_display_name=f"frequency_{column}")
        built.table_management.register_term_frequency_lookup(registered, column)
    edges, clusters = _linked(built, model)
    spark.table(edges).write.parquet(str(out / "edges.parquet"))
    spark.table(clusters).write.parquet(str(out / "clusters.parquet"))


def _linked(built: Linker, model: TrainedModel) -> tuple[str, str]:
    """Names of the tables of scored pairs and of clusters."""
    edges = built.inference.predict(
        threshold_match_weight=model.review_weight, warning_mode="never"
    )
    clusters = built.clustering.cluster_pairwise_predictions_at_threshold(
        edges, threshold_match_weight=model.join_weight
    )
    return str(edges.physical_name), str(clusters.physical_name)


def _in_spark_sql(creator: Any) -> dict[str, Any]:
    """The settings with every condition in Spark's dialect: ours are written for DuckDB."""
    settings: dict[str, Any] = creator.create_settings_dict("duckdb")
    settings["sql_dialect"] = "spark"
    for comparison in settings["comparisons"]:
        for level in comparison["comparison_levels"]:
            if level["sql_condition"] != "ELSE":
                level["sql_condition"] = _spark(level["sql_condition"])
    for rule in settings["blocking_rules_to_generate_predictions"]:
        rule["sql_dialect"] = "spark"
    return settings


def _spark(condition: str) -> str:
    return str(sqlglot.parse_one(condition, read="duckdb").transform(_in_spark).sql("spark"))


def _in_spark(node: exp.Expression) -> exp.Expression:
    """What sqlglot does not translate: two functions of another name."""
    if isinstance(node, exp.ArrayOverlaps):
        return exp.Anonymous(this="arrays_overlap", expressions=[node.left, node.right])
    if isinstance(node, exp.JarowinklerSimilarity):
        return exp.Anonymous(this="jaro_winkler", expressions=[node.this, node.expression])
    return node
