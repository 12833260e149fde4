"""An open lake: the session, its tables and every spec, for one process."""

from collections.abc import Callable, Collection, Iterable, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import NotFoundError
from lakehouse.jars import jar_paths
from lakehouse.jvm import java_version, jvm_stderr_in, spark_java_options
from lakehouse.pipeline.steps import all_steps
from lakehouse.settings.models import LockKind, Settings
from lakehouse.settings.places import is_submitted
from lakehouse.storage.delta_tables import DeltaTables
from lakehouse.storage.encryption import Encryption, lake_encryption
from lakehouse.storage.kill_points import KillPoints
from lakehouse.storage.locations import Locations
from lakehouse.storage.locks import Locks, require_same_file_system
from lakehouse.storage.releases import Release, current_release
from lakehouse.storage.session import session
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.registry import ON_DEMAND_TABLES
from lakehouse.tables.spec import Layer, TableSpec

_ON_DEMAND = frozenset(spec.name for spec in ON_DEMAND_TABLES)

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Lake:
    """What a job needs to work on one lake."""

    spark: SparkSession
    tables: DeltaTables
    encryption: Encryption
    locks: Locks
    kill_points: KillPoints
    settings: Settings
    specs: Mapping[str, TableSpec]
    retired: Set[str] = frozenset()
    """Tables that no source of these settings fills, also by way of others, and those left out."""

    def reconcile(self, anew: Collection[str] = ()) -> None:
        """Makes storage match the specs: creates tables that are missing, alters those whose spec changed.

        A retired table is not created, nor one that nothing was written to yet: each has its price in
        every run. A data product is altered by the run that makes it, as that may empty it. Those in `anew`
        are emptied where a column's type has changed: whoever asks for that writes them whole.

        Raises:
            SchemaError: a column of another table has another type than its spec declares.
        """

        def make_fit(spec: TableSpec) -> None:
            if self._is_absent(spec.name):
                return
            self.tables.create(spec)
            if spec.layer is not Layer.SERVE:
                self.tables.fit(spec, is_made_anew=spec.name in anew)

        in_parallel(make_fit, self.specs.values(), self.settings.lake.parallel_steps)

    def released(self, release: Release, table: str) -> DataFrame:
        """The table as this release has it; its empty version where the release does not know it."""
        return self.read_at(table, release.versions.get(table, 0))

    def read_at(self, table: str, version: int) -> DataFrame:
        """A version of the table. Columns that its spec has gained since are there, and empty.

        Of a data product, whose domain may say anything else tomorrow, so are those of another type.
        """
        if version == 0 or self._is_absent(table):
            # The log of a table that comes back to conf may have been cut off above its empty version.
            return local_frame(self.spark, (), self.specs[table].ddl())
        frame = self.tables.read(table, version)
        spec = self.specs[table]
        if spec.layer is Layer.SERVE:
            declared = {c.name: c.type.replace(" ", "") for c in spec.columns}
            frame = frame.drop(*(n for n, t in frame.dtypes if declared.get(n, t) != t))
        gained = [c for c in spec.columns if c.name not in frame.columns]
        return frame.select("*", *(F.lit(None).cast(c.type).alias(c.name) for c in gained))

    def logged(self, spec: TableSpec, version: int | None = None) -> DataFrame:
        """The rows of a log outside of releases, by default as they are now; none without a table."""
        if not self.tables.exists(spec.name):
            return local_frame(self.spark, (), spec.ddl())
        return self.tables.read(spec.name, version)

    def _is_absent(self, table: str) -> bool:
        may_be_absent = table in self.retired or table in _ON_DEMAND
        return may_be_absent and not self.tables.exists(table)

    def release(self) -> Release:
        """The release that readers follow.

        Raises:
            NotFoundError: nothing has been released yet.
        """
        release = current_release(self.tables)
        if not release.number:
            raise NotFoundError("This lake has no release yet.", "run `c360 run` first.")
        return release


def open_lake(settings: Settings) -> Lake:
    """The lake that the settings describe; builds the Spark session if there is none.

    Raises:
        PrerequisiteError: Java or a jar is missing here.
        ConfigurationError: the lock would keep nobody out.
    """
    locks = Locks(settings.lake.root, settings.lake.lock.value)
    kill_points = KillPoints(settings.kill)
    submitted = is_submitted()
    if not submitted:
        java_version()
    log_file = settings.logging.folder / "spark.log"
    with jvm_stderr_in(log_file):
        spark = session(
            "c360",
            options={"spark.master": settings.spark.master, **settings.spark.options},
            jars=() if submitted else jar_paths(),
            java_options="" if submitted else spark_java_options(log_file),
            work_dir=settings.lake.work_dir,
            submitted=submitted,
        )
    if settings.lake.lock is LockKind.FLOCK:
        require_same_file_system(spark, settings.lake.root)
    locations = Locations(settings.lake.root, settings.lake.catalog_prefix)
    encryption = lake_encryption(spark, settings.lake)
    return Lake(
        spark=spark,
        tables=DeltaTables(spark, locations, locks, kill_points, encryption),
        encryption=encryption,
        locks=locks,
        kill_points=kill_points,
        settings=settings,
        specs={spec.name: spec for spec in settings.tables},
        retired=frozenset(
            step.table
            for step in all_steps(settings.sources, settings.lake.leave_out, settings.products)
            if step.is_retired
        ),
    )


def in_parallel(work: Callable[[T], R], items: Iterable[T], threads: int) -> list[R]:
    """The work's results in the items' order; the first error ends it."""
    with ThreadPoolExecutor(max_workers=threads) as pool:
        return list(pool.map(work, items))
