"""Releases: readers follow them, runs start from them, and an older one can be current again."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lakehouse import __version__
from lakehouse.errors import AlreadyRunningError, QualityGateError
from lakehouse.linkage.artefact import latest_model, load_model
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline import commands, runner, steps
from lakehouse.storage.releases import current_release
from lakehouse.tables.registry import ON_DEMAND_TABLES
from lakehouse.tables.spec import Column
from tests.support.lake import (
    DAY_1,
    DAY_2,
    FEEDS,
    SmallLake,
    copy_of,
    digest,
    digests,
    small_lake_at,
    started_run,
)

PRODUCTS = ("bronze.catalogue_product", "silver.product", "gold.product")
"""A feed and all that is made from it alone."""
SPARK_CHATTER = re.compile(r".*(?:log4j|org[./]apache|\bWARN\b|log level|loading settings).*")
"""Lines of Spark's own, which belong into spark.log."""


@pytest.fixture
def copied(small_lake: SmallLake, company: Path, tmp_path: Path) -> SmallLake:
    """A copy of the released lake that a test may write to."""
    return copy_of(small_lake, company, tmp_path)


def test_running_a_run_id_again_changes_nothing(copied: SmallLake) -> None:
    on_demand = {spec.name for spec in ON_DEMAND_TABLES}
    made = copied.lake.specs.keys() - copied.lake.retired - on_demand
    before = {t: copied.lake.tables.version(t) for t in made}
    outcome = copied.run("day-1", DAY_1)
    assert outcome.status == runner.ALREADY_DONE
    assert {t: copied.lake.tables.version(t) for t in made} == before


def test_the_manifest_of_a_run_says_what_it_read_wrote_and_counted_and_by_what(
    small_lake: SmallLake,
) -> None:
    rows = small_lake.lake.tables.read("ops.run").where("run_id = 'day-1'").collect()
    started, ended = sorted(rows, key=lambda row: row.recorded_at)
    versions = current_release(small_lake.lake.tables).versions
    model = latest_model(small_lake.settings.linkage.models)
    root = Path(small_lake.settings.lake.root)

    assert (started.status, ended.status) == (attempts.STARTED, attempts.SUCCEEDED)
    assert (ended.run_number, ended.as_of_date, ended.input_versions) == (1, DAY_1, {})
    assert ended.code_version.startswith(f"{__version__}+")
    assert ended.settings_hash == attempts._settings_hash(small_lake.lake, ())
    assert ended.settings_hash != attempts._settings_hash(small_lake.lake, PRODUCTS)
    assert ended.output_versions == versions
    assert ended.row_counts == {
        table: DeltaTable(root.joinpath(*table.split(".")), version=version)
        .to_pyarrow_dataset()
        .count_rows()
        for table, version in versions.items()
    }
    assert ended.step_seconds.keys() > {"bronze.crm_contact", "silver.order", "gold.customer"}
    assert min(ended.step_seconds.values()) > 0
    assert model is not None
    assert ended.model_version == load_model(model).version


@pytest.mark.slow
def test_a_source_that_conf_no_longer_has_leaves_nothing_in_silver_and_gold(
    copied: SmallLake, company: Path, tmp_path: Path
) -> None:
    left = [feed for feed in FEEDS if feed != "catalogue_product"]
    without = small_lake_at(tmp_path, company, feeds=left)
    assert copied.lake.tables.read("gold.product").count() > 0

    outcome = without.run(
        "retired", DAY_1, only=["silver.product", "gold.product", "silver.device"]
    )

    assert without.lake.tables.read("silver.product").count() == 0
    assert without.lake.tables.read("gold.product").count() == 0
    # What no release has ever had rows of is left alone: an empty step would cost every run.
    assert "silver.device" not in outcome.step_seconds


@pytest.mark.slow
def test_of_two_runs_at_once_one_finishes_and_the_other_touches_nothing(
    copied: SmallLake, company: Path, tmp_path: Path
) -> None:
    first = started_run(tmp_path, company, "day-2", DAY_2, only=["bronze"])
    await_lock(tmp_path)
    before = {t: copied.lake.tables.version(t) for t in ("ops.run", "ops.release")}
    with pytest.raises(AlreadyRunningError) as refused:
        copied.run("day-2-too", DAY_2)
    assert refused.value.exit_code == 5
    output, _ = first.communicate(timeout=600)
    assert first.returncode == 0, output[-2000:]
    assert SPARK_CHATTER.findall(output) == []
    runs = {row.run_id for row in copied.lake.tables.read("ops.run").select("run_id").collect()}
    assert runs == {"day-1", "day-2"}
    assert current_release(copied.lake.tables).number == 2
    assert before["ops.release"] + 1 == copied.lake.tables.version("ops.release")


def test_a_command_exits_with_code_5_and_touches_nothing_while_another_process_has_the_lake(
    copied: SmallLake, company: Path, tmp_path: Path
) -> None:
    before = sorted(path for path in (tmp_path / "lake").rglob("*.json"))
    places = {
        "C360_LAKE_ROOT": str(tmp_path / "lake"),
        "C360_LANDING": str(company / "landing"),
        "C360_WORK_DIR": str(tmp_path / "work"),
    }
    command = [Path(sys.executable).with_name("c360"), "run", "--env", "test"]

    with copied.lake.locks.run():
        ended = subprocess.run(
            [*command, "--as-of", DAY_2.isoformat()],
            env={**os.environ, **places},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    assert ended.returncode == 5, ended.stderr[-2000:]
    assert "[C360-050]" in ended.stderr
    assert SPARK_CHATTER.findall(ended.stdout + ended.stderr) == []
    assert sorted(path for path in (tmp_path / "lake").rglob("*.json")) == before


def await_lock(home: Path) -> None:
    """Until another process has the lake."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with (home / "lake" / "_locks" / "run.lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            fcntl.flock(file, fcntl.LOCK_UN)
        time.sleep(0.1)
    raise AssertionError("no other process took the lake")


@pytest.mark.slow
def test_an_older_release_is_made_current_and_the_next_run_starts_from_it(
    small_lake: SmallLake, second_day: SmallLake, company: Path, tmp_path: Path
) -> None:
    mine = copy_of(second_day, company, tmp_path)
    second = digests(mine.lake)
    assert second != digests(small_lake.lake)
    assert held(mine) != held(small_lake)
    attempts.revert(mine.lake, 1)
    assert held(mine) == held(small_lake)
    assert digests(mine.lake) == digests(small_lake.lake)
    people = ("gold.customer_attribute", "gold.customer")
    mine.run("day-2-again", DAY_2, ["bronze", "silver", "linkage", *people])
    # Customers whom the reverted release had found are found anew, and so have other ids.
    again = digests(mine.lake)
    assert [again[t].split(":")[0] for t in people] == [second[t].split(":")[0] for t in people]
    assert {t for t in again if t[:6] == "silver" and again[t] != second[t]} == set()


def held(small: SmallLake) -> dict[tuple[object, ...], object]:
    """Rows held today by table, feed and reason."""
    (grid,) = commands.quarantine_list(small.settings).grids
    assert {str(row[0]).split(".")[0] for row in grid.rows} >= {"bronze", "silver"}
    return {tuple(row[:3]): row[3] for row in grid.rows}


@pytest.mark.slow
def test_a_broken_rule_of_severity_fail_publishes_nothing(
    copied: SmallLake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = digests(copied.lake)
    suites = tmp_path / "expectations"
    shutil.copytree(runner.expectations_dir(), suites)
    suite = suites / "gold" / "product.json"
    suite.write_text(
        '{"table": "gold.product", "expectations": [{"type": "expect_table_row_count_to_be_between",'
        ' "kwargs": {"max_value": 0}, "severity": "fail", "reason": "too_many_products",'
        ' "description": "None may be."}]}'
    )
    monkeypatch.setenv("C360_EXPECTATIONS", str(suites))
    with pytest.raises(QualityGateError) as failed:
        copied.run("day-2", DAY_2, PRODUCTS)
    assert failed.value.exit_code == 4
    assert digests(copied.lake) == before


@pytest.mark.slow
def test_compaction_and_vacuum_spare_live_releases(copied: SmallLake) -> None:
    before = digests(copied.lake)
    commands.compact(copied.settings)
    commands.vacuum(copied.settings)
    assert digests(copied.lake) == before
    assert current_release(copied.lake.tables).number == 2
    attempts.revert(copied.lake, 1)
    assert digests(copied.lake) == before


@pytest.mark.slow
def test_a_step_that_raises_leaves_readers_on_the_last_release(
    copied: SmallLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digests(copied.lake)

    def broken(*frames: object, **more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(steps._GOLD, "gold.product", broken)
    with pytest.raises(ZeroDivisionError):
        copied.run("day-2", DAY_2, PRODUCTS)
    assert digests(copied.lake) == before
    (failed,) = copied.lake.tables.read("ops.run").where("status = 'failed'").collect()
    assert (failed.run_id, failed.error_code) == ("day-2", "C360-000")
    monkeypatch.undo()
    again = copied.run("day-2-again", DAY_2, PRODUCTS)
    assert again.status == attempts.SUCCEEDED


@pytest.mark.slow
def test_a_day_delivered_late_is_backfilled(
    spark: SparkSession, company: Path, tmp_path: Path, second_day: SmallLake
) -> None:
    late = tmp_path / "late" / "landing"
    lake = small_lake_at(tmp_path, late.parent)
    for run_id, delivered in (("day-2", DAY_2), ("day-1-late", DAY_1)):
        day = delivered.isoformat()
        shutil.copytree(company / "landing" / day, late / day)
        lake.run(run_id, DAY_2, ["bronze", "silver"])
    assert silver_content(lake) == silver_content(second_day)


def silver_content(small: SmallLake) -> dict[str, str]:
    """Digests of silver without the place of a row: of two equal files the first to come counts."""
    versions = current_release(small.lake.tables).versions
    place = ("source_file", "source_row_number")
    return {
        table: digest(small.lake, table, version, without=place)
        for table, version in versions.items()
        if table.startswith("silver")
    }


@pytest.mark.slow
def test_a_table_of_an_earlier_spec_opens_after_a_column_was_added(copied: SmallLake) -> None:
    before = digests(copied.lake)
    spec = copied.lake.specs["bronze.crm_contact"]
    gained = replace(spec, columns=(*spec.columns, Column("nickname", "string", "Short name.")))
    specs = {**copied.lake.specs, spec.name: gained}
    later = replace(copied.lake, specs=specs)
    outcome = runner.run(later, "silver-again", DAY_1, ["silver.person_record"])
    assert outcome.status == attempts.SUCCEEDED
    assert "nickname" in later.tables.read(spec.name).columns
    assert {t: d for t, d in digests(copied.lake).items() if t.startswith("silver")} == {
        t: d for t, d in before.items() if t.startswith("silver")
    }
