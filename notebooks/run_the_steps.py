# Databricks notebook source
# MAGIC %md
# MAGIC # Run the steps
# MAGIC
# MAGIC What `c360 run` and the jobs do, from a notebook: landing files go through bronze, silver, linkage and
# MAGIC gold to one new release, or readers stay on the last one.
# MAGIC
# MAGIC * `env`: the environment whose `conf/` says places and sources.
# MAGIC * `run_id`: name of the run; one that has succeeded is not run again. Left empty, the day's.
# MAGIC * `as_of`: the run's day as yyyy-mm-dd; left empty, today by UTC.
# MAGIC * `only`: layers or tables, with commas between; left empty, all.
# MAGIC
# MAGIC The project's wheel must be installed on the cluster; `docs/cluster.md` says how. As a scheduled job,
# MAGIC `jobs/run_all.py` takes the same arguments.

# COMMAND ----------

dbutils.widgets.text("env", "demo")
dbutils.widgets.text("run_id", "")
dbutils.widgets.text("as_of", "")
dbutils.widgets.text("only", "")

# COMMAND ----------

# MAGIC %md
# MAGIC ## The run
# MAGIC One run at a time per lake; the second is refused and touches nothing.

# COMMAND ----------

from datetime import UTC, date, datetime

from lakehouse.pipeline import commands
from lakehouse.settings.load import load_settings

settings = load_settings(dbutils.widgets.get("env"))
as_of = dbutils.widgets.get("as_of")
report = commands.run(
    settings,
    run_id=dbutils.widgets.get("run_id") or None,
    as_of=date.fromisoformat(as_of) if as_of else datetime.now(UTC).date(),
    only=[name.strip() for name in dbutils.widgets.get("only").split(",") if name.strip()],
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What became of it
# MAGIC Warnings name what was refused while the rest went on.

# COMMAND ----------

for line in [*report.lines, *(f"Warning: {warning}" for warning in report.warnings)]:
    print(line)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The books and the gates
# MAGIC What came in by feed and what became of it; then the tables of which some rule is broken.

# COMMAND ----------

for grid in report.grids:
    print(grid.title)
    rows = [tuple(str(cell) for cell in row) for row in grid.rows]
    display(spark.createDataFrame(rows, ", ".join(f"`{name}` string" for name in grid.columns)))

# COMMAND ----------

# MAGIC %md
# MAGIC ## The releases
# MAGIC Newest first. `c360 release revert` makes an older one current again.

# COMMAND ----------

(releases,) = commands.release_list(settings).grids
rows = [tuple(str(cell) for cell in row) for row in releases.rows]
display(spark.createDataFrame(rows, ", ".join(f"`{name}` string" for name in releases.columns)))
