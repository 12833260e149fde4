"""What linkage would change, told before anything is: by the same steps as a run's."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.errors import NotFoundError, QualityGateError
from lakehouse.linkage.artefact import latest_model, load_model, publish_model, save_model
from lakehouse.linkage.customer_change import customer_change
from lakehouse.pipeline.lake import open_lake
from lakehouse.pipeline.link_preview import link_preview
from lakehouse.pipeline.stewardship import decide
from lakehouse.report import Grid
from lakehouse.settings.linkage import LinkageMetric, QualityLimit, QualityLimits
from lakehouse.storage.releases import Release
from tests.support.lake import DAY_1, DAY_2, SmallLake, copy_of, small_lake_at


@pytest.fixture(scope="module")
def parted(
    small_lake: SmallLake, company: Path, tmp_path_factory: pytest.TempPathFactory
) -> SmallLake:
    """A lake of which a steward has said that two records of its largest customer are two people."""
    made = copy_of(small_lake, company, tmp_path_factory.mktemp("parted"))
    customers: dict[str, list[str]] = {}
    for row in made.lake.tables.read("linkage.identity_map").orderBy("record_key").collect():
        customers.setdefault(row.customer_id, []).append(row.record_key)
    _, (one, other, *_) = max(customers.items(), key=lambda item: (len(item[1]), item[0]))
    decide(made.lake, one, other, "different", by="maria", reason="twins")
    return made


def test_without_a_change_nobody_would_change(small_lake: SmallLake) -> None:
    report = link_preview(small_lake.lake, None, most=5, as_of=DAY_1).report
    assert (list(report.grids), report.lines) == ([], ["No record would change its customer."])


@pytest.mark.slow
def test_a_preview_tells_what_the_next_run_does_and_writes_nothing(parted: SmallLake) -> None:
    lake, before = parted.lake, parted.lake.release()
    versions = {table: lake.tables.version(table) for table in before.versions}

    counts, listed = link_preview(lake, None, most=50, as_of=DAY_1).report.grids

    assert lake.release() == before
    assert {table: lake.tables.version(table) for table in before.versions} == versions
    assert not list(parted.settings.lake.work_dir.rglob("preview_*"))

    parted.run("relinked", DAY_2, only=["linkage"])
    done = changes_since(parted, before)
    assert {row.change for row in done} == {"split"}
    assert [tuple(row) for row in listed.rows] == sorted(
        (r.change, r.customer_id, r.proposed_customer_id, r.record_count) for r in done
    )
    assert [tuple(row) for row in counts.rows] == [
        ("split", len(done), sum(r.record_count for r in done))
    ]


@pytest.mark.slow
def test_a_preview_takes_in_what_has_landed_since_as_the_next_run_does(
    small_lake: SmallLake, company: Path, tmp_path: Path
) -> None:
    made = copy_of(small_lake, company, tmp_path)
    lake, before = made.lake, made.lake.release()
    versions = {table: lake.tables.version(table) for table in before.versions}

    _, listed = link_preview(lake, None, most=1_000, as_of=DAY_2).report.grids

    assert {table: lake.tables.version(table) for table in before.versions} == versions
    made.run("next", DAY_2, only=["bronze", "silver", "linkage"])
    done = changes_since(made, before)
    assert {row.change for row in done} > {"created"}
    assert_told(listed, done)


@pytest.mark.slow
def test_a_preview_by_another_model_tells_what_a_full_run_by_it_does(
    small_lake: SmallLake, company: Path, tmp_path: Path
) -> None:
    made = copy_of(small_lake, company, tmp_path)
    newest = latest_model(made.settings.linkage.models)
    assert newest is not None
    model = load_model(newest)
    stricter = replace(model, version="0123456789ab", join_weight=model.join_weight + 15)
    path = save_model(stricter, tmp_path / "tried", "2999-01-01")

    _, listed = link_preview(made.lake, path, most=1_000, as_of=DAY_1).report.grids

    publish_model(path, made.settings.linkage.models)
    before = made.lake.release()
    with_linkage(made, full=True).run("by another model", DAY_2, only=["linkage"])
    done = changes_since(made, before)
    assert {row.change for row in done} == {"split"}
    assert_told(listed, done)


@pytest.mark.slow
def test_a_preview_by_a_changed_guard_tells_what_the_next_run_under_it_does(
    small_lake: SmallLake, company: Path, tmp_path: Path
) -> None:
    made = copy_of(small_lake, company, tmp_path)
    guards = made.settings.linkage.guards.model_copy(update={"max_cluster_records": 2})
    guarded, before = with_linkage(made, guards=guards), made.lake.release()

    _, listed = link_preview(guarded.lake, None, most=1_000, as_of=DAY_1).report.grids

    guarded.run("guarded", DAY_2, only=["linkage"])
    done = changes_since(made, before)
    assert {row.change for row in done} == {"split"}
    assert_told(listed, done)


def assert_told(listed: Grid, done: list[Row]) -> None:
    """The preview's list has each change that the run then made, and no other."""
    assert sorted(map(str, listed.rows)) == sorted(
        str((r.change, r.customer_id or "-", r.proposed_customer_id or "-", r.record_count))
        for r in done
    )


@pytest.mark.slow
def test_a_threshold_of_conf_holds_for_the_model_that_is_there(
    small_lake: SmallLake, company: Path, tmp_path: Path
) -> None:
    made = copy_of(small_lake, company, tmp_path)
    thresholds = made.settings.linkage.thresholds.model_copy(update={"join": 60.0})
    strict = with_linkage(made, thresholds=thresholds)
    counts, _ = link_preview(strict.lake, None, most=5, as_of=DAY_1).report.grids
    assert [row[0] for row in counts.rows] == ["split"]


@pytest.mark.slow
def test_a_run_beyond_its_limits_leaves_the_release_as_it_was_and_its_figures_to_look_at(
    small_lake: SmallLake, company: Path, tmp_path: Path
) -> None:
    made = copy_of(small_lake, company, tmp_path)
    limit = {LinkageMetric.LARGEST_CUSTOMER_RECORDS: QualityLimit(fail=1)}
    strict = with_linkage(made, quality=QualityLimits(least_records=1, metrics=limit))
    lake, before = strict.lake, strict.lake.release()
    told = link_preview(lake, None, most=5, as_of=DAY_1).report
    assert any("largest_customer_records" in warning for warning in told.warnings)

    with pytest.raises(QualityGateError, match=r"largest_customer_records is .*, above 1"):
        strict.run("too large", DAY_2, only=["linkage"])

    assert lake.release() == before
    figures = lake.tables.read("ops.linkage_quality").where("run_id = 'too large'")
    assert figures.count() == len(LinkageMetric)


def with_linkage(made: SmallLake, **changed: Any) -> SmallLake:
    """The lake, opened again with another conf of linkage."""
    linkage = made.settings.linkage.model_copy(update=changed)
    settings = made.settings.model_copy(update={"linkage": linkage})
    return SmallLake(settings, open_lake(settings))


def test_nothing_can_be_previewed_before_the_first_release(
    spark: SparkSession, company: Path, tmp_path: Path
) -> None:
    made = small_lake_at(tmp_path, company)
    with pytest.raises(NotFoundError, match="no release yet"):
        link_preview(made.lake, None, most=5, as_of=DAY_1)


def changes_since(made: SmallLake, before: Release) -> list[Row]:
    tables = made.lake.tables
    last_map = tables.read("linkage.identity_map", before.versions["linkage.identity_map"])
    return customer_change(tables.read("linkage.identity_map"), last_map).collect()
