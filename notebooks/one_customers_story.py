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

from lakehouse.pipeline import audit
from lakehouse.privacy.masked_frame import masked
from lakehouse.settings.load import load_settings
from lakehouse.storage.delta_tables import DeltaTables
from lakehouse.storage.kill_points import KillPoints
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.storage.releases import current_release
from lakehouse.tables.gold import GOLD_TABLES

lake_root = dbutils.widgets.get("lake_root")
catalog_prefix = dbutils.widgets.get("catalog_prefix") or None
tables = DeltaTables(
    spark, Locations(lake_root, catalog_prefix), Locks(lake_root, "external"), KillPoints(None)
)
release = current_release(tables)
said = {"lake.root": lake_root, "roles.reader": dbutils.widgets.get("role")}
settings = load_settings(
    dbutils.widgets.get("env"), overrides={key: value for key, value in said.items() if value}
)
role = settings.roles.current


specs = {spec.entity: spec for spec in GOLD_TABLES}


def released(entity):
    """The gold table as the current release has it; empty if no source tells of it."""
    if f"gold.{entity}" not in release.versions:
        return spark.createDataFrame([], specs[entity].ddl())
    return tables.read(f"gold.{entity}", release.versions[f"gold.{entity}"])


def seen(frame, entity):
    """Rows of the gold table as the role sees them."""
    return masked(frame, specs[entity], role, customers=released("customer"))


def gold(entity):
    """The gold table as the role sees it."""
    return seen(released(entity), entity)


# COMMAND ----------

# MAGIC %md
# MAGIC ## At a glance

# COMMAND ----------

customer_id = dbutils.widgets.get("customer_id") or (
    released("customer_timeline")
    .groupBy("customer_id")
    .count()
    .orderBy(F.desc("count"), "customer_id")
    .first()
    .customer_id
)


audit.record(
    settings, action="read", surface="notebook", subjects=[customer_id], release=release.number
)


def of_this_customer(entity):
    """The rows of the gold table that are about the chosen customer."""
    # Found by the clear id, which the role may see as a token.
    return seen(released(entity).where(F.col("customer_id") == customer_id), entity)


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
# MAGIC `identified_by` says how it is known whose visit it was: a login in it, or one on the same cookie.

# COMMAND ----------

display(
    of_this_customer("customer_web_session")
    .select("started_at", "identified_by", "page_paths", "carted_products", "cart_state")
    .orderBy(F.desc("started_at"))
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What was bought before

# COMMAND ----------

display(
    of_this_customer("customer_order_line")
    .where("is_counted")
    .join(gold("product").select("product_id", "product_name", "category"), "product_id", "left")
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
