"""A release for a notebook: its tables, and what the role of who reads may see of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.pipeline import audit
from lakehouse.pipeline.reader_tables import reader_keys
from lakehouse.privacy.masked_frame import masked, visible
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.storage.delta_tables import DeltaTables
from lakehouse.storage.encryption import lake_encryption
from lakehouse.storage.kill_points import KillPoints
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks
from lakehouse.storage.releases import Release, current_release
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_PERMITTED, CUSTOMER_RECORD
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.spec import Layer, TableSpec


@dataclass(frozen=True)
class NotebookRelease:
    """The current release. `clear` is for finding and joining; what is displayed goes through `seen`.

    `seen` and `of_customer` record in the audit what they are about to show; AccessError if that fails.
    """

    spark: SparkSession
    settings: Settings
    tables: DeltaTables
    release: Release

    def clear(self, table: str) -> DataFrame:
        """The table as it is; empty if no source tells of it. KeyError if no table has that name."""
        if table not in self.release.versions:
            return local_frame(self.spark, (), self._spec(table).ddl())
        return self.tables.read(table, self.release.versions[table])

    def seen(
        self, table: str, rows: DataFrame | None = None, *, subjects: Sequence[str] = ()
    ) -> DataFrame:
        """These rows of the table, by default all, as the role sees them.

        `subjects` are the customers or person records that they are about, as far as they are known.
        """
        frame, spec = self.clear(table) if rows is None else rows, self._spec(table)
        if spec.subject_key is not None:
            self.record(subjects, table)
        role = self.settings.roles.current
        keys, people = reader_keys(self.settings), self.clear(CUSTOMER.name)
        permitted = self._permitted(spec)
        return masked(frame, spec, role, keys=keys, customers=people, permitted=permitted)

    def visible_customers(self) -> DataFrame:
        """The rows of gold.customer, in the clear, that the role may see: to choose one, not to be shown."""
        spec, people = self._spec(CUSTOMER.name), self.clear(CUSTOMER.name)
        role = self.settings.roles.current
        return visible(people, spec, role, customers=people, permitted=self._permitted(spec))

    def of_customer(self, table: str, customer_id: str) -> DataFrame:
        """The table's rows about one customer, as the role sees them."""
        # Found by the clear id, which the role may see as a token.
        rows = self.clear(table).where(F.col("customer_id") == customer_id)
        return self.seen(table, rows, subjects=[customer_id])

    def _permitted(self, spec: TableSpec) -> DataFrame:
        """What customers permit, by id; for a table by record, by the records that are or were theirs too."""
        permitted = self.clear(CUSTOMER_PERMITTED.name).select("customer_id", "purposes")
        if spec.layer in (Layer.GOLD, Layer.SERVE):
            return permitted
        owners = self.clear(CUSTOMER_RECORD.name).select("customer_id", "record_key")
        records = owners.join(permitted, on="customer_id", how="inner")
        return permitted.unionByName(
            records.select(F.col("record_key").alias("customer_id"), "purposes")
        )

    def _spec(self, table: str) -> TableSpec:
        return {spec.name: spec for spec in self.settings.tables}[table]

    def record(self, subjects: Sequence[str], table: str = "") -> None:
        """Records in the audit that these customers or person records are read.

        Call it before what is made of `clear` is displayed. Raises AccessError if it cannot be written.
        """
        audit.record(
            self.settings,
            action="read",
            surface="notebook",
            subjects=subjects,
            reason=table,
            release=self.release.number,
        )


def notebook_release(
    spark: SparkSession,
    *,
    env: str,
    lake_root: str = "",
    catalog_prefix: str = "",
    role: str = "",
) -> NotebookRelease:
    """The lake's current release for this notebook.

    Args:
        spark: the notebook's session.
        env: whose `conf/` says who may see what.
        lake_root: folder of the lake; by default that of conf.
        catalog_prefix: such as `main.c360_`, of tables that go by catalog name.
        role: in which role the notebook reads; by default the one that conf says.

    Raises ConfigurationError if the environment's conf has a fault.
    """
    said = {
        "lake.root": lake_root,
        "lake.catalog_prefix": catalog_prefix,
        # It reads alone, whatever keeps the writers of this lake apart.
        "lake.lock": "external",
        "roles.reader": role,
    }
    settings = load_settings(env, overrides={key: value for key, value in said.items() if value})
    lake = settings.lake
    tables = DeltaTables(
        spark,
        Locations(lake.root, lake.catalog_prefix),
        Locks(lake.root, lake.lock.value),
        KillPoints(None),
        lake_encryption(spark, lake),
    )
    return NotebookRelease(spark, settings, tables, current_release(tables))
