"""A run killed at any point and started again ends in the same tables as one that was not."""

import random
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from lakehouse.storage.kill_points import AFTER_COMMIT
from lakehouse.storage.releases import current_release
from tests.support.lake import (
    DAY_1,
    DAY_2,
    SmallLake,
    copy_of,
    digests,
    kill_group,
    small_lake_at,
    started_run,
)

pytestmark = pytest.mark.crash


LAYERS = ("bronze", "silver", "linkage", "gold")
PEOPLE = ("bronze", "silver", "linkage")
"""Layers with all there is to a run: ledger, quarantine, model, scratch. Gold is written as silver is."""

RELEASED = f"ops.release.{AFTER_COMMIT}"
# In the order of the run, so that a run resumed after one comes to the next.
OF_BRONZE = (f"bronze.crm_contact.{AFTER_COMMIT}", RELEASED)
OF_PEOPLE = (OF_BRONZE[0], f"ops.quarantine:silver.order.{AFTER_COMMIT}", RELEASED)

OPS_OF = {
    "ops.correction_count": "silver",
    "ops.freshness": "silver",
    "ops.review_task": "linkage",
}
"""The layer with which a table of ops is written; the others belong to every run."""

RANDOM_KILLS = 4


@pytest.mark.crash_matrix
def test_a_day_killed_at_every_point_that_it_passes_ends_as_if_it_was_not(
    small_lake: SmallLake, company: Path, tmp_path: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    copy_of(small_lake, company, whole)
    copy_of(small_lake, company, killed)
    for layer in LAYERS:
        undisturbed = small_lake_at(whole, company)
        undisturbed.run(f"day-2-{layer}", DAY_2, [layer])
        points = undisturbed.lake.kill_points.names
        assert RELEASED in points
        for point in points:
            again = started_run(killed, company, f"day-2-{layer}", DAY_2, kill=point, only=[layer])
            assert_killed(again)
        small_lake_at(killed, company).run(f"day-2-{layer}", DAY_2, [layer])
        assert_same_tables(small_lake_at(killed, company), undisturbed)


@pytest.mark.parametrize(
    ("kill_points", "layers"),
    [
        (OF_BRONZE, ("bronze",)),
        pytest.param(OF_PEOPLE, PEOPLE, marks=pytest.mark.crash_matrix),
    ],
)
def test_a_run_that_is_killed_and_started_again_ends_the_same(
    small_lake: SmallLake,
    company: Path,
    tmp_path: Path,
    kill_points: tuple[str, ...],
    layers: tuple[str, ...],
) -> None:
    for kill_point in kill_points:
        assert_killed(started_run(tmp_path, company, "day-1", DAY_1, kill=kill_point, only=layers))
    # However far it came, also where it was released: it died before it had published its model.
    assert not (tmp_path / "models").exists()
    again = small_lake_at(tmp_path, company)
    again.run("day-1", DAY_1, layers)
    assert_same_tables(again, small_lake, layers)
    assert len(list((tmp_path / "models").glob("*.json"))) == ("linkage" in layers)
    assert not list((tmp_path / "work").glob("run_*"))


@pytest.mark.crash_matrix
def test_runs_killed_at_random_moments_from_first_to_last_leave_what_one_that_was_not_does(
    small_lake: SmallLake, company: Path, tmp_path: Path
) -> None:
    began = time.monotonic()
    undisturbed = started_run(tmp_path / "whole", company, "day-1", DAY_1, only=PEOPLE)
    output, _ = undisturbed.communicate(timeout=900)
    seconds = time.monotonic() - began
    assert undisturbed.returncode == 0, output[-2000:]
    killed = small_lake_at(tmp_path / "killed", company)
    # The first is never resumed: another run takes its place, unless it was released before it died.
    run_id = "day-1-abandoned"
    for number in range(RANDOM_KILLS):
        moment = random.SystemRandom().uniform(0, seconds)
        run = started_run(tmp_path / "killed", company, run_id, DAY_1, only=PEOPLE)
        time.sleep(moment)
        kill_group(run)
        is_released = current_release(killed.lake.tables).number > 0
        print(f"kill {number + 1}: after {moment:.1f} of {seconds:.0f} s, {is_released=}")  # noqa: T201
        if is_released:
            break
        run_id = "day-1"
    killed.run(run_id, DAY_1, PEOPLE)
    assert_same_tables(killed, small_lake, PEOPLE)
    assert not list((tmp_path / "killed" / "work").glob("run_*"))


@pytest.mark.crash_matrix
def test_a_second_day_killed_leaves_readers_on_the_first_and_ends_as_if_it_was_not(
    small_lake: SmallLake, second_day: SmallLake, company: Path, tmp_path: Path
) -> None:
    only = (*PEOPLE, "gold.customer_attribute", "gold.customer")
    mine = copy_of(small_lake, company, tmp_path)
    before = digests(mine.lake)
    kill = f"gold.customer_attribute.{AFTER_COMMIT}"
    assert_killed(started_run(tmp_path, company, "day-2", DAY_2, kill=kill, only=only))
    assert digests(mine.lake) == before
    mine.run("day-2", DAY_2, only)
    ends = digests(mine.lake)
    assert ends["gold.customer"] != before["gold.customer"]
    rest = {table: before[table] for table in all_gold(ends) - set(only)}
    assert ends == {**digests(second_day.lake), **rest}


def all_gold(tables: Iterable[str]) -> set[str]:
    return {table for table in tables if table.startswith("gold.")}


def assert_same_tables(mine: SmallLake, other: SmallLake, layers: Sequence[str] = LAYERS) -> None:
    """Mine has those tables of the other lake that a run of these layers releases, with the same rows."""
    found, expected = digests(mine.lake), digests(other.lake)
    layer_of = {table: OPS_OF.get(table, table.split(".")[0]) for table in expected}
    released = {table for table, layer in layer_of.items() if layer in (*layers, "ops")}
    assert found.keys() == released
    # Silver, where it runs, holds rows in quarantine too.
    compared = released - (set() if "silver" in layers else {"ops.quarantine"})
    assert {table: found[table] for table in compared} == {t: expected[t] for t in compared}
    assert "ops.landing_file" in compared


def assert_killed(run: "subprocess.Popen[str]") -> None:
    """The run came to its kill point, and died there."""
    output, _ = run.communicate(timeout=600)
    assert run.returncode == -9, output[-2000:]
