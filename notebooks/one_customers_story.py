# Databricks notebook source
# MAGIC %md
# MAGIC # One customer's story
# MAGIC
# MAGIC What happened between one customer and the company, as an agent needs it while the customer is on the
# MAGIC line: who it is at a glance, what was looked at and left in the cart, and everything on one line of time.
# MAGIC
# MAGIC * `lake_root`: folder of the lake, if its tables go by path (a volume, an object store, a disk).
# MAGIC * `catalog_prefix`: such as `main.c360_`, if they go by catalog name (`main.c360_gold.customer`).
# MAGIC * `customer_id`: whom to look at; left empty, the customer with the most events.
# MAGIC * `env`, `role`: the environment whose `conf/` says who may see what, and in which role you read; left empty,
# MAGIC   the one that conf says. The read is recorded in the audit of the lake.
# MAGIC
# MAGIC The project's wheel must be installed on the cluster; `docs/cluster.md` says how.

# COMMAND ----------

dbutils.widgets.text("lake_root", "")
dbutils.widgets.text("catalog_prefix", "")
dbutils.widgets.text("customer_id", "")
dbutils.widgets.text("env", "demo")
dbutils.widgets.text("role", "")

# COMMAND ----------

from pyspark.sql import functions as F

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
# MAGIC ## At a glance

# COMMAND ----------

customer_id = dbutils.widgets.get("customer_id") or (
    reader.clear("gold.customer_timeline")
    .groupBy("customer_id")
    .count()
    .orderBy(F.desc("count"), "customer_id")
    .first()
    .customer_id
)


def of_this_customer(table):
    """The rows of the gold table that are about the chosen customer."""
    return reader.of_customer(f"gold.{table}", customer_id)


display(
    of_this_customer("customer_360").select(
        "display_name",
        "city",
        "journey_stage",
        "order_count",
        "order_reporting_amount",
        "abandoned_cart_count",
        "open_ticket_count",
        "interests",
        "granted",
    )
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What was looked at, and what was left in the cart
# MAGIC `identified_by` says how it is known whose visit it was: a login in it, or one on the same cookie or device.

# COMMAND ----------

display(
    of_this_customer("customer_web_session")
    .select("started_at", "identified_by", "page_paths", "cart_contents", "cart_state")
    .orderBy(F.desc("started_at"))
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What was bought before

# COMMAND ----------

products = reader.seen("gold.product").select("product_id", "product_name", "category")
display(
    of_this_customer("customer_order_line")
    .where("is_counted")
    .join(products, "product_id", "left")
    .select("order_date", "product_name", "category", "quantity", "line_amount", "currency")
    .orderBy(F.desc("order_date"), "product_name")
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The stages gone through
# MAGIC One at a time; the one without an end is today's.

# COMMAND ----------

display(
    of_this_customer("customer_journey_stage")
    .select("stage", "valid_from_date", "valid_to_date")
    .orderBy("valid_from_date")
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Everything, newest first

# COMMAND ----------

display(
    of_this_customer("customer_timeline")
    .select("happened_at", "event_type", "title", "channel", "source_system", "amount", "currency")
    .orderBy(F.desc("happened_at"), "event_key")
)
