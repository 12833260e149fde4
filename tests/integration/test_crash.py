"""A run killed at any point and started again ends in the same tables as one that was not."""

import random
import subprocess
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
    copy_of,
    digests,
    kill_group,
    small_lake_at,
    small_settings,
    started_run,
)

pytestmark = pytest.mark.crash


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


# In the order of the run, so that a run resumed after one comes to the next.
SAMPLE = (
    f"bronze.crm_contact.{AFTER_COMMIT}",
    f"ops.quarantine:silver.order.{AFTER_COMMIT}",
    f"ops.release.{AFTER_COMMIT}",
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every kill point is a test of its own."""
    if "kill_point" in metafunc.fixturenames:
        metafunc.parametrize("kill_point", kill_points(Path("unused"), Path("unused")))


@pytest.mark.crash_matrix
def test_a_run_killed_at_a_point_and_started_again_ends_the_same(
    small_lake: SmallLake, company: Path, tmp_path: Path, kill_point: str
) -> None:
    assert_killed(started_run(tmp_path, company, "day-1", DAY_1, kill=kill_point))
    again = small_lake_at(tmp_path, company)
    again.run("day-1", DAY_1)
    assert digests(again.lake) == digests(small_lake.lake)


def test_a_run_killed_three_times_over_and_started_again_ends_the_same(
    small_lake: SmallLake, company: Path, tmp_path: Path
) -> None:
    for kill_point in SAMPLE:
        assert_killed(started_run(tmp_path, company, "day-1", DAY_1, kill=kill_point))
    # The run was released and died before it had published its model.
    assert not (tmp_path / "models").exists()
    again = small_lake_at(tmp_path, company)
    again.run("day-1", DAY_1)
    assert digests(again.lake) == digests(small_lake.lake)
    assert len(list((tmp_path / "models").glob("*.json"))) == 1
    assert not list((tmp_path / "work").glob("run_*"))


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
    again = small_lake_at(tmp_path, company)
    assert current_release(again.lake.tables) is None or killed.returncode == 0
    again.run("day-1", DAY_1)
    assert digests(again.lake) == digests(small_lake.lake)
    assert not list((tmp_path / "work").glob("run_*"))


def test_a_second_day_killed_leaves_readers_on_the_first_and_ends_as_if_it_was_not(
    small_lake: SmallLake, second_day: SmallLake, company: Path, tmp_path: Path
) -> None:
    mine = copy_of(small_lake, company, tmp_path)
    before = digests(mine.lake)
    assert_killed(
        started_run(tmp_path, company, "day-2", DAY_2, kill=f"gold.customer.{AFTER_COMMIT}")
    )
    assert digests(mine.lake) == before
    mine.run("day-2", DAY_2)
    assert digests(mine.lake) == digests(second_day.lake)


def assert_killed(run: "subprocess.Popen[str]") -> None:
    """The run came to its kill point, and died there."""
    output, _ = run.communicate(timeout=600)
    assert run.returncode == -9, output[-2000:]
