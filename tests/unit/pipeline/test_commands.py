"""What a command does before it opens a lake, and what it opens one with."""

import re
import shutil
from collections import namedtuple
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from lakehouse import disk
from lakehouse.errors import ConfigurationError, ExitCode, PrerequisiteError, SuiteError
from lakehouse.linkage.artefact import save_model
from lakehouse.linkage.evaluate import Evaluation
from lakehouse.linkage.model import TrainedModel
from lakehouse.pipeline import commands
from lakehouse.pipeline.audience_destinations import Removals
from lakehouse.pipeline.people_files import LinkedFile
from lakehouse.pipeline.runner import RunOutcome
from lakehouse.report import Report
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.settings.places import expectations_dir, local_path
from lakehouse.tables.gold import GOLD_TABLES

DAY = date(2026, 1, 5)
OF_NOTHING = TrainedModel("0123456789ab", "of a test", ("email_match",), {}, 0.01, 3.0, 1.0)


def settings_at(root: str, **more: str) -> Settings:
    elsewhere = {} if local_path(root) else {"lake.lock": "external"}
    given = {"lake.root": root, "linkage.models": "/no/models", **elsewhere, **more}
    return load_settings("test", overrides=given)


@pytest.fixture
def run_ids(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the runs that were begun; none is carried out."""
    seen: list[str] = []

    def run(_lake: object, run_id: str, *_: object) -> RunOutcome:
        seen.append(run_id)
        return RunOutcome(run_id)

    monkeypatch.setattr(commands.runner, "run", run)
    monkeypatch.setattr(commands, "open_lake", lambda _settings: seen.append("opened"))
    monkeypatch.setattr(commands, "tell_removals", lambda _lake: Removals())
    return seen


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _path: usage(9, 8, 1))


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (commands.run, {"run_id": "r1", "as_of": DAY}),
        (commands.demo_run, {"customers": 1, "seed": 1, "days": 1}),
        (commands.bench, {"customers": 1, "seed": 1, "erased": [1]}),
    ],
    ids=["run", "demo", "bench"],
)
@pytest.mark.usefixtures("full_disk")
def test_nothing_is_begun_on_a_disk_that_is_nearly_full(
    command: Callable[..., Report], arguments: dict[str, object], tmp_path: Path, run_ids: list[str]
) -> None:
    settings = settings_at(str(tmp_path / "lake"))

    with pytest.raises(PrerequisiteError, match=f"0.0 GiB free at {tmp_path}/lake; 2 GiB") as ended:
        command(settings, **arguments)

    assert ended.value.exit_code == ExitCode.MISSING_PREREQUISITE
    assert run_ids == []


@pytest.mark.usefixtures("full_disk")
def test_a_lake_on_a_file_system_is_looked_at_however_it_is_named(
    tmp_path: Path, run_ids: list[str]
) -> None:
    with pytest.raises(PrerequisiteError, match=f"free at {tmp_path}/lake"):
        commands.run(settings_at(f"file:{tmp_path}/lake"), run_id="r1", as_of=DAY)

    assert run_ids == []


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("root", ["s3a://bucket/lake", "dbfs:/mnt/lake"])
def test_the_local_disk_does_not_matter_to_a_lake_elsewhere(root: str, run_ids: list[str]) -> None:
    commands.run(settings_at(root), run_id="r1", as_of=DAY)

    assert run_ids == ["opened", "r1"]


@pytest.fixture
def no_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Suites of which one is broken."""
    shutil.copytree(expectations_dir(), tmp_path / "expectations")
    (tmp_path / "expectations" / "silver" / "order.json").write_text("{")
    monkeypatch.setenv("C360_EXPECTATIONS", str(tmp_path / "expectations"))


@pytest.mark.usefixtures("no_suite")
def test_a_suite_with_a_fault_stops_a_run_before_a_session_is_started(run_ids: list[str]) -> None:
    with pytest.raises(SuiteError, match=r"silver/order\.json: not JSON"):
        commands.run(settings_at("/no/lake"), run_id="r1", as_of=DAY)

    assert run_ids == []


@pytest.mark.usefixtures("no_suite")
def test_a_suite_with_a_fault_stops_the_demo_before_it_deletes_the_last_one(
    tmp_path: Path,
) -> None:
    (tmp_path / "made-by-the-demo").touch()
    places = {key: str(tmp_path / key) for key in ("landing", "work_dir")}
    settings = settings_at(
        str(tmp_path / "lake"),
        **{f"lake.{key}": place for key, place in places.items()},
        **{"linkage.models": str(tmp_path / "models")},
    )

    with pytest.raises(SuiteError):
        commands.demo_run(settings, customers=1, seed=1, days=1)

    assert (tmp_path / "expectations").exists()


@pytest.mark.parametrize(
    ("run_id", "only", "said"),
    [("day 1", (), "--run-id may"), ("day-1", ("silber",), "neither a layer nor a table")],
)
def test_arguments_that_cannot_be_used_start_no_session(
    run_id: str, only: tuple[str, ...], said: str, run_ids: list[str]
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        commands.run(settings_at("/no/lake"), run_id=run_id, as_of=DAY, only=only)

    assert run_ids == []


@pytest.mark.parametrize("model", ["of other comparisons", "no model"])
def test_a_model_that_does_not_fit_conf_stops_a_run_that_would_score_by_it(
    model: str, tmp_path: Path, run_ids: list[str]
) -> None:
    path = save_model(OF_NOTHING, tmp_path, "2026-01-05")
    if model == "no model":
        path.write_text("{}")
    settings = settings_at("/no/lake", **{"linkage.models": str(tmp_path)})

    with pytest.raises(ConfigurationError, match=str(tmp_path)) as ended:
        commands.run(settings, run_id="r1", as_of=DAY)
    commands.run(settings, run_id="r2", as_of=DAY, only=["gold"])

    assert ended.value.exit_code == ExitCode.BAD_CONFIGURATION
    assert run_ids == ["opened", "r2"]


@pytest.mark.parametrize(
    ("only", "full", "run_id"),
    [
        ((), "false", "day-2026-01-05"),
        ((), "true", "full-day-2026-01-05"),
        (("silver", "gold.customer"), "false", "silver-gold.customer-day-2026-01-05"),
        (("linkage",), "true", "linkage-full-day-2026-01-05"),
    ],
)
def test_a_run_without_an_id_is_called_by_its_names_its_linkage_and_its_day(
    only: tuple[str, ...], full: str, run_id: str, tmp_path: Path, run_ids: list[str]
) -> None:
    settings = settings_at(str(tmp_path), **{"linkage.full": full})

    commands.run(settings, run_id=None, as_of=DAY, only=only)

    assert run_ids == ["opened", run_id]


def test_a_run_of_many_names_gets_an_id_that_is_short_enough_and_its_own(
    tmp_path: Path, run_ids: list[str]
) -> None:
    names = tuple(table.name for table in GOLD_TABLES[:9])
    for only in (names, names, names[:-1]):
        commands.run(settings_at(str(tmp_path)), run_id=None, as_of=DAY, only=only)

    first, again, other = (name for name in run_ids if name != "opened")
    assert first == again != other
    assert re.fullmatch(r"9-names-[0-9a-f]{12}-day-2026-01-05", first)


def test_files_of_people_are_worked_on_outside_of_every_lake_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_dirs: list[Path] = []

    def open_lake(settings: Settings) -> SimpleNamespace:
        work_dirs.append(settings.lake.work_dir)
        (settings.lake.work_dir / "spill").mkdir()
        return SimpleNamespace(spark=None)

    monkeypatch.setattr(commands, "open_lake", open_lake)
    monkeypatch.setattr(commands, "link_file", lambda *_: LinkedFile(3, 2, {"phone": (2, 3)}))
    monkeypatch.setattr(commands, "evaluate_files", lambda *_: Evaluation(3, 1, 1, 1, 1.0, 1.0))

    linked = commands.link(tmp_path / "people.csv", tmp_path / "out.csv", engine=None, model=None)
    commands.evaluate(tmp_path / "out.csv", tmp_path / "truth.csv")

    home = Path(load_settings("demo").lake.root).parent
    assert [folder for folder in work_dirs if folder.exists() or home in folder.parents] == []
    assert len(set(work_dirs)) == 2
    (warning,) = linked.warnings
    assert warning.startswith("phone: 2 of 3 values could not be used")
