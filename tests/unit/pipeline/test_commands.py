"""What a command does before it opens a lake, and what it opens one with."""

import re
from collections import namedtuple
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from lakehouse import disk
from lakehouse.errors import ExitCode, PrerequisiteError
from lakehouse.linkage.evaluate import Evaluation
from lakehouse.pipeline import commands
from lakehouse.pipeline.people_files import LinkedFile
from lakehouse.pipeline.runner import RunOutcome
from lakehouse.report import Report
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings

DAY = date(2026, 1, 5)


def settings_at(root: str) -> Settings:
    elsewhere = {"lake.lock": "external"} if "://" in root else {}
    return load_settings("test", overrides={"lake.root": root, **elsewhere})


@pytest.fixture
def run_ids(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the runs that were begun; none is carried out."""
    seen: list[str] = []

    def run(_lake: object, run_id: str, *_: object) -> RunOutcome:
        seen.append(run_id)
        return RunOutcome(run_id)

    monkeypatch.setattr(commands.runner, "run", run)
    monkeypatch.setattr(commands, "open_lake", lambda _settings: None)
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
        (commands.bench, {"customers": 1, "seed": 1}),
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
def test_the_local_disk_does_not_matter_to_a_lake_on_an_object_store(run_ids: list[str]) -> None:
    commands.run(settings_at("s3a://bucket/lake"), run_id="r1", as_of=DAY)

    assert run_ids == ["r1"]


@pytest.mark.parametrize(
    ("only", "run_id"),
    [
        ((), "day-2026-01-05"),
        (("silver", "gold.customer"), "silver-gold.customer-day-2026-01-05"),
    ],
)
def test_a_run_without_an_id_is_called_by_its_names_and_its_day(
    only: tuple[str, ...], run_id: str, tmp_path: Path, run_ids: list[str]
) -> None:
    commands.run(settings_at(str(tmp_path)), run_id=None, as_of=DAY, only=only)

    assert run_ids == [run_id]


def test_a_run_of_many_names_gets_an_id_that_is_short_enough_and_its_own(
    tmp_path: Path, run_ids: list[str]
) -> None:
    names = tuple(f"gold.customer_table_{number}" for number in range(9))
    for only in (names, names, names[:-1]):
        commands.run(settings_at(str(tmp_path)), run_id=None, as_of=DAY, only=only)

    first, again, other = run_ids
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
