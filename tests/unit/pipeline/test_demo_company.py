"""The demo deletes what a demo has made, and nothing else."""

from pathlib import Path

import pytest

from lakehouse.errors import ConfigurationError
from lakehouse.pipeline.demo_company import emptied_home
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings


def settings_in(home: Path, **elsewhere: Path) -> Settings:
    places = {"root": home / "lake", "landing": home / "landing", "work_dir": home / "work"}
    given = {f"lake.{key}": str(place) for key, place in {**places, **elsewhere}.items()}
    return load_settings("test", overrides={**given, "linkage.models": str(home / "models")})


def test_a_demo_replaces_the_demo_before(tmp_path: Path) -> None:
    home = emptied_home(settings_in(tmp_path / "demo"))
    (home / "lake").mkdir()

    assert [path.name for path in emptied_home(settings_in(home)).iterdir()] == ["made-by-the-demo"]


def test_files_that_no_demo_has_made_are_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()

    with pytest.raises(ConfigurationError, match="no demo has made"):
        emptied_home(settings_in(tmp_path))

    assert (tmp_path / "landing").is_dir()


def test_a_lake_of_production_named_by_a_variable_is_not_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = tmp_path / "data" / "lake"
    lake.mkdir(parents=True)
    monkeypatch.setenv("C360_LAKE_ROOT", str(lake))

    with pytest.raises(ConfigurationError, match="side by side"):
        emptied_home(load_settings("demo"))

    assert lake.is_dir()
