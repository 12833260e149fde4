"""A run killed at any point and started again ends in the same tables as one that was not."""

import random
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipeline.steps import all_steps
from lakehouse.storage.kill_points import AFTER_COMMIT, AFTER_RECORD, BEFORE_WRITE
from lakehouse.storage.releases import current_release
from tests.support.lake import (
    DAY_1,
    DAY_2,
    SmallLake,
    digests,
    kill_group,
    small_lake,
    small_settings,
    started_run,
)

pytestmark = [pytest.mark.crash, pytest.mark.slow]


def kill_points(settings_of: Path, files: Path) -> list[str]:
    """Every named kill point of a run over the small company, from its graph."""
    settings = small_settings(settings_of, files)
    bronze = [source.bronze_table.name for source in settings.sources]
    steps = [step.table for step in all_steps(settings.sources)]
    held = ["ops.quarantine:bronze.crm_contact", "ops.quarantine:silver.order"]
    records = ["ops.landing_file", "ops.feed_book", "ops.quality_result", "ops.correction_count"]
    written = [*bronze, *steps, *held, *records, "ops.release", "ops.run"]
    return [
        *(f"{subject}.{moment}" for subject in written for moment in (BEFORE_WRITE, AFTER_COMMIT)),
        f"ops.run:started.{AFTER_RECORD}",
        f"ops.run:succeeded.{AFTER_RECORD}",
    ]


SAMPLE = (
    f"bronze.crm_contact.{AFTER_COMMIT}",
    f"ops.quarantine:silver.order.{AFTER_COMMIT}",
    f"ops.release.{AFTER_COMMIT}",
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All kill points by `--crash-matrix=full`, else the sample."""
    if "kill_point" in metafunc.fixturenames:
        chosen = SAMPLE
        if metafunc.config.getoption("--crash-matrix") == "full":
            chosen = tuple(kill_points(Path("unused"), Path("unused")))
        metafunc.parametrize("kill_point", chosen)


def test_a_run_killed_at_a_point_and_started_again_ends_the_same(
    small_lake: SmallLake, company: Path, tmp_path: Path, kill_point: str
) -> None:
    killed = started_run(tmp_path, company, "day-1", DAY_1, kill=kill_point)
    output, _ = killed.communicate(timeout=600)
    assert killed.returncode == -9, output[-2000:]
    again = reopened(tmp_path, company)
    again.run("day-1", DAY_1)
    assert digests(again.lake) == digests(small_lake.lake)


def test_a_run_killed_at_a_random_moment_leaves_nothing_to_the_run_that_takes_its_place(
    small_lake: SmallLake, company: Path, tmp_path: Path, spark: SparkSession
) -> None:
    killed = started_run(tmp_path, company, "day-1-killed", DAY_1)
    log = tmp_path / "lake" / "ops" / "run" / "_delta_log"
    deadline = time.monotonic() + 300
    while not (log / "00000000000000000001.json").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(random.SystemRandom().uniform(0, 30))
    kill_group(killed)
    again = reopened(tmp_path, company)
    assert current_release(again.lake.tables) is None or killed.returncode == 0
    again.run("day-1", DAY_1)
    assert digests(again.lake) == digests(small_lake.lake)


def test_a_second_day_killed_leaves_readers_on_the_first(
    small_lake: SmallLake, company: Path, tmp_path: Path, spark: SparkSession
) -> None:
    mine = reopened(tmp_path, company)
    mine.run("day-1", DAY_1)
    before = digests(mine.lake)
    killed = started_run(tmp_path, company, "day-2", DAY_2, kill=f"gold.customer.{AFTER_COMMIT}")
    output, _ = killed.communicate(timeout=600)
    assert killed.returncode == -9, output[-2000:]
    assert digests(mine.lake) == before


def reopened(home: Path, files: Path) -> SmallLake:
    """The lake in `home`, opened by this process."""
    return small_lake(home, files)
