"""Gold and data products over JDBC: Spark's Thrift server, with a view per table of the current release.

The views live in an embedded Derby metastore below `lake.work_dir`, which one process alone can
open: so the server makes them itself, told through the door that readers use. After a new release
the views move on within seconds, one after the other.
"""

import logging
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lakehouse.errors import ConfigurationError, LakehouseError, PrerequisiteError
from lakehouse.jars import jar_paths, pyspark_dir
from lakehouse.jvm import spark_java_options
from lakehouse.pipeline import audit
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.metric_views import sql_query
from lakehouse.privacy.mask_sql import RowTables, masked_query
from lakehouse.settings.metrics import MetricView, load_metrics
from lakehouse.settings.models import Settings
from lakehouse.settings.places import java_executable
from lakehouse.settings.products import Product
from lakehouse.settings.roles import Mask, Role
from lakehouse.settings.spark_options import CORRECTNESS_OPTIONS
from lakehouse.storage.locations import Locations
from lakehouse.storage.releases import Release
from lakehouse.storage.session import LOCAL_OPTIONS
from lakehouse.tables.gold import CUSTOMER, CUSTOMER_PERMITTED, GOLD_TABLES
from lakehouse.tables.spec import TableSpec

log = logging.getLogger(__name__)

# Nobody has to sign in, so nobody from outside may come.
HOST = "127.0.0.1"
_SERVER_CLASS = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
_BEELINE_CLASS = "org.apache.hive.beeline.BeeLine"
_START_SECONDS = 300
_STOP_SECONDS = 30
_FOLLOW_SECONDS = 10
# The metastore outlives a server, and conf may have lost a product since.
_DROP_PRODUCTS = "DROP DATABASE IF EXISTS serve CASCADE"


def serve_gold(lake: Lake, port: int) -> None:
    """Serves gold at `jdbc_url(port)` until this process is interrupted or terminated.

    Raises:
        ConfigurationError: the lake's tables go by catalog name; the catalog's own endpoint has them.
        NotFoundError: nothing has been released yet.
        AccessError: it cannot be recorded that the server is started.
        PrerequisiteError: the port is taken, or the server does not start or stay up.
    """
    settings = lake.settings
    if settings.lake.catalog_prefix is not None:
        raise ConfigurationError(
            "conf: lake.catalog_prefix is set, and a catalog of its own cannot be served from here.",
            "read the tables through the catalog's SQL endpoint.",
        )
    release = lake.release()
    _require_free(port)
    # Who asks what over JDBC is not known here: the audit has who opened the door, and in which role.
    audit.record(settings, action="serve", surface="bi-server", release=release.number)
    # A scheduler's TERM must end the server too, as ^C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _thrift_server(settings, port) as server:
            _pin(lake, port, release, [_DROP_PRODUCTS])
            log.info(
                "BI server is ready for role %s: %s (release %d)",
                settings.roles.reader,
                jdbc_url(port),
                release.number,
            )
            _follow(lake, server, port, release)
    except KeyboardInterrupt:
        log.info("BI server is stopped.")


def jdbc_url(port: int) -> str:
    """Where a JDBC client with Hive's driver finds gold."""
    return f"jdbc:hive2://{HOST}:{port}/gold"


def beeline_command(url: str, *arguments: str) -> list[str]:
    """A command that runs Beeline, the JDBC client of the pyspark wheel, on the server."""
    classes = str(pyspark_dir() / "jars" / "*")
    return [str(java_executable()), "-cp", classes, _BEELINE_CLASS, "-u", url, *arguments]


def view_statements(
    root: str, role: Role, release: Release, products: Iterable[TableSpec] = ()
) -> list[str]:
    """The SQL that makes a view, as the role sees it, of each table of the release that it may read.

    Tables are gold's and those of data products. Views of other tables, which an earlier release or
    another role had, are dropped.
    """
    sources = {
        name: f"{Locations(root).sql(name)} VERSION AS OF {version}"
        for name, version in release.versions.items()
    }
    by = RowTables(sources.get(CUSTOMER.name), sources.get(CUSTOMER_PERMITTED.name))
    statements = ["CREATE DATABASE IF NOT EXISTS gold", "CREATE DATABASE IF NOT EXISTS serve"]
    for spec in sorted((*GOLD_TABLES, *products), key=lambda spec: spec.name):
        table = spec.name
        if table in sources and role.may_read(spec):
            seen = masked_query(spec, role, sources[table], by)
            statements += _view(table, seen)
        else:
            statements.append(f"DROP VIEW IF EXISTS {_quoted(table)}")
    return statements


def of_conf(release: Release, products: Iterable[Product]) -> Release:
    """The release without data products whose rows are of another definition than conf has today."""
    other = {
        product.table_name
        for product in products
        if release.definitions.get(product.table_name, product.definition) != product.definition
    }
    for table in sorted(other):
        log.warning("%s is not shown: the next run makes it by what its file says now.", table)
    kept = {table: version for table, version in release.versions.items() if table not in other}
    return replace(release, versions=kept)


def metric_statements(
    views: Iterable[MetricView], role: Role, release: Release, smallest_group: int
) -> list[str]:
    """The SQL that makes a view per entry of conf/base/metrics.yml whose tables the release has.

    They count over the views that the role sees, and tell of no group of fewer customers than
    `smallest_group`; one that needs a table that it may not read is dropped, and so is one about persons
    whom it does not tell apart: their ids are nulled or alike in its views, and groups cannot be counted.
    """
    seen = {
        spec.name
        for spec in GOLD_TABLES
        if role.may_read(spec) and all(role.mask(spec, k) is Mask.CLEAR for k in spec.subject_keys)
    } & release.versions.keys()
    statements = []
    for view in views:
        name = f"gold.{view.name}"
        if {view.source, *(join.table for join in view.joins)} <= seen:
            statements += _view(name, sql_query(view, smallest_group))
        else:
            statements.append(f"DROP VIEW IF EXISTS {_quoted(name)}")
    return statements


def _view(name: str, query: str) -> list[str]:
    # CREATE OR REPLACE drops the view first, and a query of that moment would not find it.
    quoted = _quoted(name)
    return [f"CREATE VIEW IF NOT EXISTS {quoted} AS {query}", f"ALTER VIEW {quoted} AS {query}"]


def _quoted(name: str) -> str:
    return ".".join(f"`{part}`" for part in name.split("."))


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        # As the server binds: a port whose last connections still fade is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise PrerequisiteError(
                f"Port {port} of {HOST} is taken.", "name another one by --port."
            ) from None


def _server_command(settings: Settings, port: int, folder: Path) -> list[str]:
    home = pyspark_dir()
    options = {
        **CORRECTNESS_OPTIONS,
        **LOCAL_OPTIONS,
        **settings.spark.options,
        "spark.sql.warehouse.dir": (folder / "warehouse").as_uri(),
        "spark.local.dir": str(folder / "spill"),
    }
    return [
        *("env", f"SPARK_HOME={home}", str(home / "bin" / "spark-submit")),
        *("--class", _SERVER_CLASS, "--name", "c360-bi", "--master", settings.spark.master),
        # By --jars the server's Hive classes would not see Delta's.
        *("--driver-class-path", ":".join(str(jar) for jar in jar_paths())),
        *("--driver-java-options", spark_java_options(_log_file(settings))),
        *(word for key, value in options.items() for word in ("--conf", f"{key}={value}")),
        "spark-internal",
        *("--hiveconf", f"hive.server2.thrift.bind.host={HOST}"),
        *("--hiveconf", f"hive.server2.thrift.port={port}"),
    ]


def _log_file(settings: Settings) -> Path:
    return settings.logging.folder / "bi-server.log"


@contextmanager
def _thrift_server(settings: Settings, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """The running server, which takes connections; stopped at the end."""
    folder = settings.lake.work_dir / "bi"
    folder.mkdir(parents=True, exist_ok=True)
    _log_file(settings).parent.mkdir(parents=True, exist_ok=True)
    with _log_file(settings).open("ab") as chatter:
        # The embedded metastore lies in the current folder of its process.
        server = subprocess.Popen(
            _server_command(settings, port, folder),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=chatter,
            stderr=chatter,
        )
    try:
        _await_connections(server, settings, port)
        yield server
    finally:
        server.terminate()
        try:
            server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _await_connections(server: "subprocess.Popen[bytes]", settings: Settings, port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise _not_up(settings, "did not start")


def _not_up(settings: Settings, what: str) -> LakehouseError:
    return PrerequisiteError(
        f"Spark's Thrift server {what}.",
        f"read {_log_file(settings)}; a second server on the same work_dir cannot open its metastore.",
    )


def _pin(lake: Lake, port: int, release: Release, first: Iterable[str] = ()) -> None:
    """Makes the views show the release; `first` are statements to be carried out before."""
    script = lake.settings.lake.work_dir / "bi" / "views.sql"
    role, products = lake.settings.roles.current, lake.settings.product_tables
    release = of_conf(release, lake.settings.products)
    statements = [
        *first,
        *view_statements(lake.settings.lake.root, role, release, products),
        *metric_statements(
            load_metrics(), role, release, lake.settings.product_policy.smallest_group
        ),
    ]
    script.write_text("".join(f"{statement};\n" for statement in statements), encoding="utf-8")
    url = jdbc_url(port).replace("/gold", "/default")
    with _log_file(lake.settings).open("ab") as chatter:
        ended = subprocess.run(
            beeline_command(url, "--silent=true", "-f", str(script)),
            stdin=subprocess.DEVNULL,
            stdout=chatter,
            stderr=chatter,
            check=False,
        )
    if ended.returncode:
        raise _not_up(lake.settings, "refused the views")


def _follow(lake: Lake, server: "subprocess.Popen[bytes]", port: int, release: Release) -> None:
    """Moves the views to each new release for as long as the server runs."""
    while True:
        try:
            server.wait(_FOLLOW_SECONDS)
        except subprocess.TimeoutExpired:
            newest = lake.release()
            if newest.number != release.number:
                _pin(lake, port, newest)
                log.info("BI server now shows release %d", newest.number)
                release = newest
        else:
            raise _not_up(lake.settings, "ended by itself")
