"""The demo deletes what a demo has made, and nothing else."""

from pathlib import Path

import pytest

from lakehouse.errors import AlreadyRunningError, ConfigurationError, SuiteError
from lakehouse.pipeline import demo_company
from lakehouse.pipeline.demo_company import cleared_home, demo_outcome
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.storage.locks import Locks


def settings_in(home: Path, **elsewhere: Path) -> Settings:
    places = {"root": home / "lake", "landing": home / "landing", "work_dir": home / "work"}
    given = {f"lake.{key}": str(place) for key, place in {**places, **elsewhere}.items()}
    places = {"linkage.models": home / "models", "quality.data_docs": home / "data_docs"}
    return load_settings("test", overrides={**given, **{k: str(p) for k, p in places.items()}})


def files_left(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}


STAYING = {"made-by-the-demo", "demo.lock", "lake/_locks/run.lock"}


def test_a_demo_replaces_the_demo_before(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "demo")
    with cleared_home(settings) as home:
        for made in ("lake/gold/customer/1.parquet", "landing/crm.csv", "lake-keys/1", "notes"):
            (home / made).parent.mkdir(parents=True, exist_ok=True)
            (home / made).touch()

    with cleared_home(settings) as home:
        assert files_left(home) == STAYING


def test_a_demo_leaves_a_lake_alone_that_a_run_works_on(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "demo")
    with cleared_home(settings) as home:
        (home / "landing").mkdir()
        (home / "landing" / "crm.csv").touch()

    with (
        Locks(settings.lake.root, "flock").run(),
        pytest.raises(AlreadyRunningError, match="nothing was touched"),
    ):
        demo_outcome(settings, customers=1, seed=1, days=1)

    assert (home / "landing" / "crm.csv").is_file()


def test_a_demo_leaves_a_lake_alone_that_another_demo_fills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, arrived = settings_in(tmp_path / "demo"), tmp_path / "demo" / "landing.csv"

    def generate_while_another_demo_begins(*_: object) -> None:
        arrived.touch()
        demo_outcome(settings, customers=1, seed=1, days=1)

    monkeypatch.setattr(demo_company, "generate", generate_while_another_demo_begins)

    with pytest.raises(AlreadyRunningError, match="nothing was touched"):
        demo_outcome(settings, customers=1, seed=1, days=1)

    assert arrived.is_file()


def test_a_demo_whose_conf_is_wrong_deletes_nothing(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "demo")
    with cleared_home(settings) as home:
        (home / "landing.csv").touch()
    product, *others = settings.products
    rule = product.gate[0].model_copy(update={"type": "expect_shoes"})
    products = (product.model_copy(update={"gate": (rule,)}), *others)

    with pytest.raises(SuiteError, match="expect_shoes"):
        demo_outcome(
            settings.model_copy(update={"products": products}), customers=1, seed=1, days=1
        )

    assert (home / "landing.csv").is_file()


def test_files_that_no_demo_has_made_are_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "crm_contact-1.csv").touch()

    with (
        pytest.raises(ConfigurationError, match="no demo has made"),
        cleared_home(settings_in(tmp_path)),
    ):
        pass

    assert (tmp_path / "landing" / "crm_contact-1.csv").is_file()


@pytest.mark.parametrize(
    "left_behind",
    [
        "work/spill/blockmgr-1/0c/shuffle_0",
        "data_docs/day-1.html",
        "lake/_locks/run.lock",
        "demo.lock",
    ],
    ids=[
        "scratch data of a session",
        "the page of a bench",
        "the lock of a vacuum",
        "the lock of a demo that found a run",
    ],
)
def test_what_a_command_leaves_behind_does_not_stand_in_the_demos_way(
    left_behind: str, tmp_path: Path
) -> None:
    home = tmp_path / "demo"
    (home / left_behind).parent.mkdir(parents=True)
    (home / left_behind).touch()

    with cleared_home(settings_in(home)):
        assert files_left(home) == STAYING


def test_a_lake_of_production_named_by_a_variable_is_not_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = tmp_path / "data" / "lake"
    lake.mkdir(parents=True)
    monkeypatch.setenv("C360_LAKE_ROOT", str(lake))

    with (
        pytest.raises(ConfigurationError, match="side by side"),
        cleared_home(load_settings("demo")),
    ):
        pass

    assert lake.is_dir()
