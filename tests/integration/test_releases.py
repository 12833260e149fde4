"""Releases: readers follow them, runs start from them, and an older one can be current again."""

import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import AlreadyRunningError, QualityGateError
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline import commands, runner
from lakehouse.storage.releases import current_release
from tests.support.lake import DAY_1, DAY_2, SmallLake, digests, small_lake

pytestmark = pytest.mark.slow


@pytest.fixture
def copied(spark: SparkSession, small_lake: SmallLake, company: Path, tmp_path: Path) -> SmallLake:
    """A copy of the released lake that a test may write to."""
    source = Path(small_lake.settings.lake.root).parent
    shutil.copytree(source / "lake", tmp_path / "lake")
    shutil.copytree(source / "models", tmp_path / "models")
    return small_lake_at(tmp_path, company)


def small_lake_at(home: Path, files: Path) -> SmallLake:
    """The lake in `home`."""
    return small_lake(home, files)


def test_running_a_run_id_again_changes_nothing(copied: SmallLake) -> None:
    before = {t: copied.lake.tables.version(t) for t in copied.lake.specs}
    outcome = copied.run("day-1", DAY_1)
    assert outcome.status == runner.ALREADY_DONE
    assert {t: copied.lake.tables.version(t) for t in copied.lake.specs} == before


def test_while_one_run_has_the_lake_another_exits_with_its_own_code_and_touches_nothing(
    copied: SmallLake,
) -> None:
    before = {t: copied.lake.tables.version(t) for t in copied.lake.specs}
    with copied.lake.locks.run(), pytest.raises(AlreadyRunningError) as refused:
        copied.run("day-2", DAY_2)
    assert refused.value.exit_code == 5
    assert {t: copied.lake.tables.version(t) for t in copied.lake.specs} == before


def test_an_older_release_is_made_current_and_the_next_run_starts_from_it(
    copied: SmallLake,
) -> None:
    first = digests(copied.lake)
    copied.run("day-2", DAY_2)
    second = digests(copied.lake)
    assert second != first
    attempts.revert(copied.lake, 1)
    assert digests(copied.lake) == first
    copied.run("day-2-again", DAY_2)
    again = digests(copied.lake)
    assert {t: d for t, d in again.items() if t.startswith("gold")} == {
        t: d for t, d in second.items() if t.startswith("gold")
    }


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
        copied.run("day-2", DAY_2)
    assert failed.value.exit_code == 4
    assert digests(copied.lake) == before


def test_compaction_and_vacuum_spare_live_releases(copied: SmallLake) -> None:
    before = digests(copied.lake)
    commands.compact(copied.settings)
    commands.vacuum(copied.settings)
    assert digests(copied.lake) == before
    release = current_release(copied.lake.tables)
    assert release is not None
    assert release.number == 2
