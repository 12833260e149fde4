"""Which erasures share a run: those that were begun together end together, whoever is named with them."""

from dataclasses import replace

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import AlreadyRunningError
from lakehouse.pipeline import attempt as attempts
from lakehouse.pipeline import erasure
from lakehouse.pipeline.erasure_log import APPROVED, EXECUTED, PLANNED, record
from lakehouse.pipeline.lake import Lake
from lakehouse.privacy.erasure_marks import RECORD, VALUE
from lakehouse.storage.delta_tables import WriteKey
from lakehouse.tables.erasure import ERASURE, ERASURE_MARK
from lakehouse.tables.local_frame import local_frame
from lakehouse.tables.ops import RELEASE, RUN
from tests.support.lake import DAY_1, small_lake_at

Carried = list[tuple[str, tuple[str, ...]]]


@pytest.fixture
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with a release and nothing in it, and three erasures that are approved: a, b and c."""
    home = tmp_path_factory.mktemp("erasure_runs")
    tables = {spec.name: spec for spec in (RUN, RELEASE, ERASURE, ERASURE_MARK)}
    made = replace(small_lake_at(home, home).lake, specs=tables)
    released(made, "day-1")
    made.tables.create(ERASURE_MARK)
    for step in (PLANNED, APPROVED):
        record(made, ["a", "b", "c"], step, {})
    return made


def released(lake: Lake, run_id: str) -> None:
    attempts.release(lake, attempts.begin(lake, run_id, DAY_1), {RUN.name: 1})


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> Carried:
    """The runs that were carried out in the end, with their erasures."""
    done: Carried = []

    def carry_out(lake: Lake, run_id: str, ids: list[str], customers: list[str]) -> None:
        done.append((run_id, tuple(ids)))
        record(lake, ids, EXECUTED, {}, run_id=run_id)

    monkeypatch.setattr(erasure, "_carry_out", carry_out)
    return done


def begun(lake: Lake, monkeypatch: pytest.MonkeyPatch, *ids: str) -> str:
    """The run of these erasures, which died before it had done anything."""
    runs: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(erasure, "_carry_out", lambda lake, run_id, *_: runs.append(run_id))
        erasure.execute(lake, ids)
    return runs[0]


def marked(lake: Lake) -> set[tuple[str, str, str]]:
    rows = lake.tables.read(ERASURE_MARK.name).select("erasure_id", "kind", "mark").collect()
    return {tuple(row) for row in rows}


@pytest.mark.slow
def test_two_whose_run_was_released_end_as_they_were_begun_and_one_more_has_a_run_of_its_own(
    lake: Lake, carried: Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = lake.tables.version(ERASURE.name)
    run_id = begun(lake, monkeypatch, "a", "b")
    assert lake.tables.version(ERASURE.name) == logged + 1, "one commit, however many are begun"
    released(lake, run_id)

    done = erasure.execute(lake, ["b", "c"])

    (first, second) = carried
    assert first == (run_id, ("a", "b"))
    assert second[1] == ("c",)
    assert second[0] != run_id
    assert [found.run_of(EXECUTED) for found in done] == [run_id, second[0]]

    erasure.execute(lake, ["a", "b", "c"])
    assert len(carried) == 2, "what is carried out is left as it is"


@pytest.mark.slow
def test_what_a_dead_run_marked_of_another_is_not_looked_for(
    lake: Lake, carried: Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(lake, monkeypatch, "a", "b")
    marks = [("a", RECORD, "record of a"), ("a", VALUE, "value of b"), ("c", VALUE, "value of c")]
    key = WriteKey("c360:test", 1, "x")
    lake.tables.write(local_frame(lake.spark, marks, ERASURE_MARK.ddl()), ERASURE_MARK, key)

    erasure.execute(lake, ["a"])

    assert carried[0][1] == ("a",)
    assert marked(lake) == {("a", RECORD, "record of a"), ("c", VALUE, "value of c")}


def test_an_erasure_that_is_executed_while_another_runs_takes_no_marks_away(
    lake: Lake, carried: Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(lake, monkeypatch, "a")
    marks = {("a", RECORD, "record of a"), ("a", VALUE, "value of a")}
    key = WriteKey("c360:test", 1, "x")
    frame = local_frame(lake.spark, sorted(marks), ERASURE_MARK.ddl())
    lake.tables.write(frame, ERASURE_MARK, key)

    # The run of a has the lake.
    with lake.locks.run(), pytest.raises(AlreadyRunningError):
        erasure.execute(lake, ["a", "b"])

    assert marked(lake) == marks
    started = lake.tables.read(ERASURE.name).where(F.col("step") == "started").collect()
    assert [row.erasure_id for row in started] == ["a"]
    assert carried == []


@pytest.mark.slow
def test_a_run_that_died_goes_on_but_not_from_another_release(
    lake: Lake, carried: Carried, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = begun(lake, monkeypatch, "a")
    assert begun(lake, monkeypatch, "a") == run_id
    released(lake, "day-2")
    assert begun(lake, monkeypatch, "a") != run_id
    rows = lake.tables.read(ERASURE.name).where(F.col("step") == "started")
    assert rows.count() == 2
