# Databricks notebook source
# MAGIC %md
# MAGIC # A tour of one customer's 360
# MAGIC
# MAGIC Everything that the company knows of one customer, read from gold as the current release shows it.
# MAGIC
# MAGIC * `lake_root`: folder of the lake, if its tables go by path (a volume, an object store, a disk).
# MAGIC * `catalog_prefix`: such as `main.c360_`, if they go by catalog name (`main.c360_gold.customer`).
# MAGIC * `customer_id`: whom to look at; left empty, the customer with the most records.
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
# MAGIC ## Who it is
# MAGIC The golden record: one row per customer, however many records the sources have.

# COMMAND ----------

customer_id = dbutils.widgets.get("customer_id") or (
    reader.visible_customers().orderBy(F.desc("record_count"), "customer_id").first().customer_id
)


def of_this_customer(table):
    """The rows of the gold table that are about the chosen customer."""
    return reader.of_customer(f"gold.{table}", customer_id)


display(of_this_customer("customer"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Where each attribute comes from
# MAGIC Attributes of one group come from one record. `rule` is the survivorship rule of
# MAGIC `conf/base/survivorship.yml` that preferred it to the others.

# COMMAND ----------

display(
    of_this_customer("customer_attribute")
    .select("attribute_group", "attribute", "value", "source_system", "rule", "sequence_at")
    .orderBy("attribute_group", "attribute")
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What the sources call this customer

# COMMAND ----------

display(
    of_this_customer("customer_identifier")
    .select("source_system", "identifier_type", "identifier_value", "first_seen_at", "last_seen_at")
    .orderBy("source_system", "identifier_type", "identifier_value")
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## How to reach them
# MAGIC None is discarded; the primary ones are in the golden record.

# COMMAND ----------

display(
    of_this_customer("customer_contact_point")
    .select("contact_type", "contact_value", "is_primary", "sources", "last_seen_at")
    .orderBy("contact_type", F.desc("is_primary"), "contact_value")
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What they have agreed to
# MAGIC The state in force per purpose and channel. Without a row nobody has asked.

# COMMAND ----------

display(of_this_customer("customer_consent").orderBy("purpose", "channel"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## What they bought

# COMMAND ----------

products = reader.seen("gold.product").select("product_id", "product_name", "category")
display(
    of_this_customer("customer_order_line")
    .join(products, "product_id", "left")
    .select(
        "order_date", "channel", "product_name", "category", "quantity", "line_amount", "currency"
    )
    .orderBy(F.desc("order_date"), "product_name")
)

# COMMAND ----------

display(
    of_this_customer("customer_order")
    .select("ordered_at", "channel", "order_id", "status", "total_amount", "currency", "store_id")
    .orderBy(F.desc("ordered_at"))
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Every contact, newest first
# MAGIC Web sessions, campaign touches, tickets, mentions and surveys on one line of time.

# COMMAND ----------

display(
    of_this_customer("customer_interaction")
    .select("happened_at", "interaction_type", "channel", "action", "topic", "source_system")
    .orderBy(F.desc("happened_at"))
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The figures
# MAGIC Dates rather than ages are stored; days since are counted when somebody looks.

# COMMAND ----------

display(
    of_this_customer("customer_metric").withColumn(
        "days_since_last_order", F.datediff(F.current_date(), "last_order_date")
    )
)
