"""The jobs run on a real cluster: a standalone master, two workers, code by `--py-files`.

The workers live in a mount namespace in which the checkout is an empty folder, and the driver has
512 MB: nothing can lean on the driver's files or on its memory. Landing and lake lie in a folder
that all see, as an object store would be.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from lakehouse.demo.generate import generate
from lakehouse.jars import jar_paths

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON_HOME = Path(sys.prefix)
SPARK_HOME = Path(find_spec("pyspark").submodule_search_locations[0])
HOST = "127.0.0.1"
DAY = date(2026, 1, 5)
CUSTOMERS = 100
FEEDS = (
    *("crm_contact", "shop_account", "shop_order", "catalogue_product"),
    *("support_ticket", "payment_transaction"),
)
PATIENCE_SECONDS = 120
RUN_SECONDS = 1500  # four minutes on a quiet machine

# The environment's packages stay visible, as they are installed on a cluster's machines; its link to
# the checkout leads into the empty folder.
HIDE_THE_CHECKOUT = """
set -eu
checkout=$1 python_home=$2 kept=$3
shift 3
mkdir -p "$kept"
mount --bind "$python_home" "$kept"
mount -t tmpfs tmpfs "$checkout"
mkdir -p "$python_home"
mount --bind "$kept" "$python_home"
test ! -e "$checkout/pyproject.toml"
test ! -e "$checkout/lakehouse"
cd /
exec "$@"
"""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Cluster:
    """A running master with its two workers."""

    master: str
    worker_dirs: tuple[Path, ...]


def environment(**more: str) -> dict[str, str]:
    """This process's variables without those that would tell a child where the checkout is."""
    ours = ("C360_", "COVERAGE", "COV_", "SPARK_", "PYSPARK_", "PYTHONPATH")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        "SPARK_HOME": str(SPARK_HOME),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_DAEMON_MEMORY": "256m",
        "PYSPARK_PYTHON": sys.executable,
        **more,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def namespace_command(folder: Path) -> list[str]:
    """The `unshare` that may mount here: as root, or as root of a user namespace. Skips if none."""
    folder.mkdir()
    for command in (["unshare", "-m"], ["unshare", "-r", "-m"]):
        trial = [*command, "mount", "-t", "tmpfs", "tmpfs", str(folder)]
        if not shutil.which("unshare"):
            break
        if subprocess.run(trial, capture_output=True, check=False).returncode == 0:
            return command
    pytest.skip(
        "no mount namespace (unshare -m) is permitted here, to keep a worker from the checkout"
    )


@contextmanager
def daemon(command: Sequence[str], log: Path, env: Mapping[str, str]) -> Iterator[None]:
    """A process for as long as it is needed; it writes into `log`."""
    with log.open("w") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_truth(statement: Callable[[], bool], logs: Sequence[Path]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not statement():
        assert time.monotonic() < deadline, "\n".join(log.read_text()[-2000:] for log in logs)
        time.sleep(0.5)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers of one core each that cannot see the checkout."""
    home = tmp_path_factory.mktemp("cluster")
    hidden = namespace_command(home / "trial")
    port, spark_class = free_port(), str(SPARK_HOME / "bin" / "spark-class")
    master = f"spark://{HOST}:{port}"
    master_log = home / "master.log"
    with ExitStack() as running:
        start_master = [
            *(spark_class, "org.apache.spark.deploy.master.Master"),
            *("--host", HOST, "--port", str(port), "--webui-port", "0"),
        ]
        running.enter_context(daemon(start_master, master_log, environment()))
        await_truth(lambda: "I have been elected leader" in master_log.read_text(), [master_log])
        worker_dirs = tuple(home / f"worker_{number}" for number in (1, 2))
        for folder in worker_dirs:
            start_worker = [
                *(*hidden, "sh", "-c", HIDE_THE_CHECKOUT, "hide"),
                *(str(CHECKOUT), str(PYTHON_HOME), f"{folder}_python"),
                *(spark_class, "org.apache.spark.deploy.worker.Worker"),
                *("--host", HOST, "--webui-port", "0", "--cores", "1", "--memory", "1536m"),
                *("--work-dir", str(folder), master),
            ]
            log = Path(f"{folder}.log")
            running.enter_context(daemon(start_worker, log, environment()))
        logs = [master_log, *(Path(f"{folder}.log") for folder in worker_dirs)]
        await_truth(lambda: master_log.read_text().count("Registering worker") == 2, logs)
        yield Cluster(master, worker_dirs)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make dist` builds for `--py-files`: the wheel, called a zip."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=CHECKOUT, env=environment(), check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return Path(shutil.copy(wheel, folder / "c360_lakehouse.zip"))


def delivered(home: Path) -> None:
    """One day of a small company, and of it one feed per file format and kind of record."""
    generate(CUSTOMERS, 7, home, 1, DAY)
    for path in sorted((home / "landing").rglob("*")):
        if path.is_file() and path.name.split("-")[0] not in FEEDS:
            path.unlink()


def submit_command(cluster: Cluster, archive: Path, *arguments: str) -> list[str]:
    options = {
        "spark.driver.host": HOST,
        "spark.ui.enabled": "false",
        "spark.log.level": "ERROR",
        # Defaults that suit a cluster of some size; see lakehouse/storage/session.py.
        "spark.sql.shuffle.partitions": "4",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
    }
    return [
        *(str(SPARK_HOME / "bin" / "spark-submit"), "--master", cluster.master),
        *("--py-files", str(archive), "--jars", ",".join(str(jar) for jar in jar_paths())),
        *("--driver-memory", "512m", "--executor-memory", "1g", "--executor-cores", "1"),
        *(word for key, value in options.items() for word in ("--conf", f"{key}={value}")),
        *(str(CHECKOUT / "jobs" / "run_all.py"), *arguments),
    ]


def released_rows(lake: Path, table: str) -> int:
    """Rows of the table in the newest release, counted without Spark."""
    releases = DeltaTable(str(lake / "ops" / "release")).to_pyarrow_table()
    newest = pc.max(releases["release_number"])
    (version,) = (
        row["table_version"]
        for row in releases.to_pylist()
        if row["release_number"] == newest.as_py() and row["table_name"] == table
    )
    path = lake.joinpath(*table.split("."))
    return DeltaTable(str(path), version=version).to_pyarrow_dataset().count_rows()


def test_a_cluster_that_cannot_see_the_checkout_runs_the_whole_way(
    cluster: Cluster, archive: Path, tmp_path: Path
) -> None:
    delivered(tmp_path)
    places = {
        "C360_HOME": str(tmp_path / "home"),
        "C360_LAKE_ROOT": str(tmp_path / "lake"),
        "C360_LANDING": str(tmp_path / "landing"),
        "C360_WORK_DIR": str(tmp_path / "work"),
        "C360_SECRET": "of-this-test-alone",
        "C360_LINKAGE_ENGINE": "spark",
    }

    job = subprocess.run(
        submit_command(cluster, archive, "--env", "prod", "--as-of", DAY.isoformat()),
        cwd=tmp_path,
        env=environment(**places),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )

    assert job.returncode == 0, job.stdout[-2000:] + job.stderr[-6000:]
    assert 0 < released_rows(tmp_path / "lake", "gold.customer") < 2 * CUSTOMERS
    assert released_rows(tmp_path / "lake", "linkage.scored_edge") > 0
    for folder in cluster.worker_dirs:
        assert list(folder.glob("app-*/*/stderr")), "a worker without an executor took no part"
