"""The demo deletes what a demo has made, and nothing else."""

from pathlib import Path

import pytest

from lakehouse.errors import ConfigurationError
from lakehouse.pipeline.demo_company import clear_home
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings


def settings_in(home: Path, **elsewhere: Path) -> Settings:
    places = {"root": home / "lake", "landing": home / "landing", "work_dir": home / "work"}
    given = {f"lake.{key}": str(place) for key, place in {**places, **elsewhere}.items()}
    places = {"linkage.models": home / "models", "quality.data_docs": home / "data_docs"}
    return load_settings("test", overrides={**given, **{k: str(p) for k, p in places.items()}})


def test_a_demo_replaces_the_demo_before(tmp_path: Path) -> None:
    home = clear_home(settings_in(tmp_path / "demo"))
    (home / "lake").mkdir()

    assert [path.name for path in clear_home(settings_in(home)).iterdir()] == ["made-by-the-demo"]


def test_files_that_no_demo_has_made_are_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "crm_contact-1.csv").touch()

    with pytest.raises(ConfigurationError, match="no demo has made"):
        clear_home(settings_in(tmp_path))

    assert (tmp_path / "landing" / "crm_contact-1.csv").is_file()


@pytest.mark.parametrize(
    "left_behind",
    ["work/spill/blockmgr-1/0c/shuffle_0", "data_docs/day-1.html", "lake/_locks/run.lock"],
    ids=["scratch data of a session", "the page of a bench", "the lock of a vacuum"],
)
def test_what_a_command_leaves_behind_does_not_stand_in_the_demos_way(
    left_behind: str, tmp_path: Path
) -> None:
    home = tmp_path / "demo"
    (home / left_behind).parent.mkdir(parents=True)
    (home / left_behind).touch()

    clear_home(settings_in(home))

    assert [path.name for path in home.iterdir()] == ["made-by-the-demo"]


def test_a_lake_of_production_named_by_a_variable_is_not_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = tmp_path / "data" / "lake"
    lake.mkdir(parents=True)
    monkeypatch.setenv("C360_LAKE_ROOT", str(lake))

    with pytest.raises(ConfigurationError, match="side by side"):
        clear_home(load_settings("demo"))

    assert lake.is_dir()
