"""The only builder of a SparkSession.

Under `spark-submit` the master, the jars and the memory are the submitter's to say; what is set here
is what the tables need to be right (UTC, Delta) and, in a local session, to be quick: Delta's and
Spark's own defaults suit clusters and make a 1,000-row write on two cores take 15 s instead of 1 s.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.settings.places import use_this_python_for_workers
from lakehouse.settings.spark_options import CORRECTNESS_OPTIONS
from lakehouse.storage.spill import own_spill

_IS_LOCAL = "spark.c360.local"

LOCAL_OPTIONS: Mapping[str, str] = {
    _IS_LOCAL: "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # Every query is described for the interface, on or off; this form is the cheapest.
    "spark.sql.ui.explainMode": "simple",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    # A plan that changes while it runs makes each exchange a job of its own: 3,700 jobs for a small day
    # of all feeds instead of 2,200. Without that, partitions are not merged: one for each core will do.
    "spark.sql.adaptive.enabled": "false",
    # Each task writes the code anew that reads a table's log, which is a tenth of what small runs take.
    "spark.databricks.delta.snapshotPartitions": "1",
    # Nothing reads this list of files, and where the clock is not UTC each commit would check it by a job.
    "spark.databricks.delta.allFilesInCrc.enabled": "false",
    # Delta's vacuum lists a table's files in so many tasks, be there ten of them: 10,000 if nothing is said.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    "spark.sql.files.minPartitionNum": "2",
    # Spark guesses by packed files, and takes exploded arrays for small: what grows with pairs or blocks
    # has a hint (SHUFFLED).
    "spark.sql.autoBroadcastJoinThreshold": "64m",
    # An erasure's plans begin all of their broadcasts at once: on two busy cores the last waits for minutes.
    "spark.sql.broadcastTimeout": "3600",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.scheduler.mode": "FAIR",
    # A day of all feeds compiles more than 4,000 classes; where fewer are kept, the next day finds none.
    "spark.sql.codegen.cache.maxEntries": "20000",
    # Spark's own size of a page is 64 MB of heap here, and every map, sort and broadcast takes one at least.
    "spark.buffer.pageSize": "4m",
    # What pages of an interface would show that is off: plans and metrics of the last thousand queries.
    "spark.sql.ui.retainedExecutions": "10",
    "spark.ui.retainedJobs": "50",
    "spark.ui.retainedStages": "50",
    "spark.ui.retainedTasks": "500",
    # Else every column expression asks the JVM several times where in the code it stands.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.python.daemon.module": "lakehouse.storage.python_workers",
}


def session(
    app_name: str,
    *,
    options: Mapping[str, str],
    jars: Sequence[Path],
    java_options: str = "",
    work_dir: Path | None = None,
    submitted: bool = False,
) -> SparkSession:
    """The session of this process, built on first use.

    Args:
        app_name: shown by cluster managers.
        options: settings' Spark options; they win over the local defaults here.
        jars: verified local jars.
        java_options: options of the driver's JVM, such as where it logs.
        work_dir: where the session puts its warehouse and spill.
        submitted: true under spark-submit; all of the above is then the submitter's to say.
    """
    builder = SparkSession.builder.appName(app_name)
    merged: dict[str, str] = dict(CORRECTNESS_OPTIONS)
    if not submitted:
        builder = builder.master(options.get("spark.master", "local[*]"))
        merged |= LOCAL_OPTIONS
        merged["spark.sql.shuffle.partitions"] = str(_threads(options.get("spark.master", "")))
        use_this_python_for_workers()
        if work_dir is not None:
            merged["spark.sql.warehouse.dir"] = (work_dir / "warehouse").as_uri()
            merged["spark.local.dir"] = str(own_spill(work_dir / "spill"))
        if java_options:
            merged["spark.driver.extraJavaOptions"] = java_options
        merged["spark.jars"] = ",".join(str(jar) for jar in jars)
        merged |= {key: value for key, value in options.items() if key != "spark.master"}
    for key, value in merged.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def is_local(spark: SparkSession) -> bool:
    """True of a session that this process has built for this machine, with the options here."""
    return spark.conf.get(_IS_LOCAL, "false") == "true"


def _threads(master: str) -> int:
    """Tasks that a local master runs at once; where it takes the whole machine, eight at most."""
    named = re.fullmatch(r"local\[(\d+).*\]", master)
    # A container may have far less of its machine's cores than it is shown.
    return int(named[1]) if named else min(os.cpu_count() or 2, 8)
