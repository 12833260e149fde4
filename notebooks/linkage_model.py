# Databricks notebook source
# MAGIC %md
# MAGIC # Looking into a linkage model
# MAGIC
# MAGIC What the model has learnt about agreeing and differing, how it weighed one pair, and what another
# MAGIC threshold would change. The charts are Splink's.
# MAGIC
# MAGIC * `lake_root` or `catalog_prefix`: where the tables are, as in the tour.
# MAGIC * `env`: the environment whose `conf/` the model was trained by.
# MAGIC * `model`: file of the model; left empty, the newest of the folder `linkage.models` in conf.
# MAGIC * `record_key_l`, `record_key_r`: a pair of `linkage.scored_edge`; left empty, the closest call.
# MAGIC * `role`: in which role of `conf/base/roles.yml` you read; left empty, the one that conf says.

# COMMAND ----------

dbutils.widgets.text("lake_root", "")
dbutils.widgets.text("catalog_prefix", "")
dbutils.widgets.text("env", "demo")
dbutils.widgets.text("model", "")
dbutils.widgets.text("record_key_l", "")
dbutils.widgets.text("record_key_r", "")
dbutils.widgets.text("role", "")

# COMMAND ----------

import duckdb
from pyspark.sql import functions as F

from lakehouse.linkage.artefact import card_text, latest_model, load_model
from lakehouse.linkage.evidence import evidence_by_column
from lakehouse.linkage.engine import linker, predicted, register_frequencies, register_pairs
from lakehouse.linkage.frequency import with_frequencies
from lakehouse.linkage.model import frequency_columns, splink_settings
from lakehouse.pipeline.notebook import notebook_release

reader = notebook_release(
    spark,
    env=dbutils.widgets.get("env"),
    lake_root=dbutils.widgets.get("lake_root"),
    catalog_prefix=dbutils.widgets.get("catalog_prefix"),
    role=dbutils.widgets.get("role"),
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The model's card
# MAGIC Where it comes from, what it was trained on, and what to be wary of.

# COMMAND ----------

settings = reader.settings.linkage
model_file = dbutils.widgets.get("model") or latest_model(settings.models)
model = load_model(model_file)
print(card_text(model, str(model_file)))

# COMMAND ----------

# MAGIC %md
# MAGIC ## One pair
# MAGIC Two records, and the pair's row in `linkage.scored_edge`. Left to choose, it is the pair whose
# MAGIC weight lies closest to the threshold: the one that the model is least sure about.

# COMMAND ----------

edges = reader.clear("linkage.scored_edge")
chosen = (dbutils.widgets.get("record_key_l"), dbutils.widgets.get("record_key_r"))
pair = (
    edges.where((F.col("record_key_l") == chosen[0]) & (F.col("record_key_r") == chosen[1]))
    if all(chosen)
    else edges.orderBy(F.abs("join_margin")).limit(1)
).first()
either = F.col("record_key").isin(pair.record_key_l, pair.record_key_r)
two = [pair.record_key_l, pair.record_key_r]
own = edges.where((F.col("record_key_l") == pair.record_key_l) & (F.col("record_key_r") == pair.record_key_r))
display(reader.seen("linkage.scored_edge", own, subjects=two))
people = reader.clear("silver.person_record").where(either)
display(reader.seen("silver.person_record", people, subjects=two))

# COMMAND ----------

# MAGIC %md
# MAGIC The same two records in front of a linker with the model's weights. How rare a value is was
# MAGIC counted over all records, as in a run.

# COMMAND ----------

rare = frequency_columns(settings, model.present)
seen = evidence_by_column(reader.clear("linkage.record_evidence").where(either), model.columns)
people = with_frequencies(
    seen,
    reader.clear("linkage.term_frequency"),
    rare,
    reader.settings.lake.secret.get_secret_value(),
)
connection = duckdb.connect()
connection.register("arrived", people.toArrow())
connection.execute("create table prepared as select * from arrived")
connection.execute(
    "create table pair as select min(record_key) as join_key_l, max(record_key) as join_key_r,"
    " '0' as match_key from prepared"
)
model_linker = linker(connection, splink_settings(settings, model))
register_frequencies(connection, model_linker, rare)
register_pairs(connection, model_linker, "pair")

# COMMAND ----------

# MAGIC %md
# MAGIC ## What each agreement weighs
# MAGIC In bits: one more bit doubles the odds that two records are one person.

# COMMAND ----------

displayHTML(model_linker.visualisations.match_weights_chart().to_html())

# COMMAND ----------

# MAGIC %md
# MAGIC ## How common each level is
# MAGIC Among true pairs (m) and among chance pairs (u); a weight is the logarithm of their ratio.

# COMMAND ----------

displayHTML(model_linker.visualisations.m_u_parameters_chart().to_html())

# COMMAND ----------

# MAGIC %md
# MAGIC ## How the pair came to its weight

# COMMAND ----------

scored = connection.sql(f"select * from {predicted(model_linker, None)}").to_arrow_table()
displayHTML(model_linker.visualisations.waterfall_chart(scored.to_pylist()).to_html())

# COMMAND ----------

# MAGIC %md
# MAGIC ## Where to draw the line
# MAGIC Pairs per bit beyond what joining asks, and how many pairs would join from there on. The model's
# MAGIC own line is `join_weight` on its card; conf's `thresholds.join` can set another.

# COMMAND ----------

by_bit = edges.where("contradiction is null").groupBy(
    F.floor("join_margin").alias("from_margin")
).agg(F.count("*").alias("pairs"), F.round(F.avg("match_probability"), 4).alias("mean_probability"))
display(
    by_bit.alias("bit")
    .join(by_bit.alias("above"), F.col("above.from_margin") >= F.col("bit.from_margin"), "inner")
    .groupBy("bit.from_margin", "bit.pairs", "bit.mean_probability")
    .agg(F.sum("above.pairs").alias("pairs_joined_from_here"))
    .orderBy("from_margin")
)

# COMMAND ----------

connection.close()
