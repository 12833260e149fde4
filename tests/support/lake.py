"""A small lake for tests: four feeds of a tiny demo company, run in this process or in a child."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from lakehouse.demo.generate import generate
from lakehouse.pipeline import runner
from lakehouse.pipeline.lake import Lake, open_lake
from lakehouse.pipeline.runner import RunOutcome
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.storage.releases import current_release

DAY_1, DAY_2 = date(2026, 1, 5), date(2026, 1, 6)
FEEDS = ("catalogue_product", "crm_contact", "shop_account", "shop_order")
LEFT_OUT = (
    "gold.channel",
    "gold.customer_360",
    "gold.customer_interest",
    "gold.customer_journey_stage",
    "gold.customer_relation",
    "gold.customer_return",
    "gold.customer_timeline",
    "gold.household",
    # Settings refuse to lose a past, which a lake of a test has none of.
    "gold.household_member",
    "gold.reconciliation",
    "gold.store",
)
_REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class SmallLake:
    """Settings and the open lake of one small company."""

    settings: Settings
    lake: Lake

    def run(self, run_id: str, day: date, only: Sequence[str] = ()) -> RunOutcome:
        """One run in this process."""
        return runner.run(self.lake, run_id, day, only)


def generated(home: Path, customers: int = 40, days: int = 2) -> Path:
    """A company's files below `home`; returns `home`."""
    generate(customers, 7, home, days, DAY_1)
    return home


def small_settings(
    home: Path,
    files: Path,
    *,
    kill: str | None = None,
    feeds: Sequence[str] = FEEDS,
    whole: bool = False,
    products: Sequence[str] = (),
    **more: str,
) -> Settings:
    """Settings of a lake in `home` that reads the company in `files`, these feeds alone.

    Without `whole`, tables are left out that are made like others, as each costs every test its time, and
    so are data products but for those named.
    """
    overrides = {
        "lake.root": str(home / "lake"),
        "lake.landing": str(files / "landing"),
        "lake.work_dir": str(home / "work"),
        "logging.folder": str(home / "logs"),
        "quality.data_docs": str(home / "docs"),
        "linkage.models": str(home / "models"),
        **more,
    }
    settings = load_settings("test", overrides=overrides)
    chosen = tuple(source for source in settings.sources if source.name in feeds)
    lake = settings.lake if whole else settings.lake.model_copy(update={"leave_out": LEFT_OUT})
    wanted = tuple(p for p in settings.products if whole or p.name in products)
    return settings.model_copy(
        update={"sources": chosen, "lake": lake, "kill": kill, "products": wanted}
    )


def all_feeds() -> list[str]:
    """The feeds of the whole company."""
    return [source.name for source in load_settings("test").sources]


def small_lake_at(home: Path, files: Path, **changes: Any) -> SmallLake:
    """The small lake in `home`, opened by this process."""
    settings = small_settings(home, files, **changes)
    return SmallLake(settings, open_lake(settings))


def copy_of(small: SmallLake, files: Path, home: Path) -> SmallLake:
    """A copy in `home` of a small lake and its model, which a test may write to."""
    original = Path(small.settings.lake.root).parent
    for part in ("lake", "models"):
        shutil.copytree(original / part, home / part)
    return small_lake_at(home, files)


def started_run(
    home: Path,
    files: Path,
    run_id: str,
    day: date,
    kill: str | None = None,
    only: Sequence[str] = (),
) -> "subprocess.Popen[str]":
    """A run in a process group of its own; killed at `kill` if that is said."""
    given = json.dumps([str(home), str(files), run_id, day.isoformat(), kill, list(only)])
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.lake", given],
        cwd=_REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(_REPOSITORY)},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def kill_group(process: "subprocess.Popen[str]") -> None:
    """Kills the run and its JVM at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def digests(lake: Lake) -> dict[str, str]:
    """By table of the current release: its rows' number and order-free hash, run metadata left out."""
    versions = current_release(lake.tables).versions
    return {table: digest(lake, table, version) for table, version in sorted(versions.items())}


def digest(lake: Lake, table: str, version: int, without: Sequence[str] = ()) -> str:
    """Number and order-free hash of the rows of one version, some columns left out.

    Read by delta-rs and hashed by DuckDB, which had no part in writing them.
    """
    rows = DeltaTable(f"{lake.settings.lake.root}/{table.replace('.', '/')}", version=version)
    columns = [name for name in lake.specs[table].content_columns if name not in without]
    return hashed(rows.to_pyarrow_table(columns=columns))


def hashed(rows: pa.Table) -> str:
    """Number and order-free hash of rows."""
    with duckdb.connect() as connection:
        row = ", ".join(f'"{name}"' for name in rows.column_names)
        query = f"SELECT count(*), sum(hash({row})) FROM rows"  # noqa: S608 (a spec's own names)
        found = connection.execute(query).fetchone()
    assert found is not None
    return f"{found[0]}:{found[1]}"


def _main() -> None:
    home, files, run_id, day, kill, only = json.loads(sys.argv[1])
    settings = small_settings(Path(home), Path(files), kill=kill)
    runner.run(open_lake(settings), run_id, date.fromisoformat(day), only)


if __name__ == "__main__":
    _main()
