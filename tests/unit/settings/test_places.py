import importlib.util
import shutil
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from lakehouse.errors import ConfigurationError
from lakehouse.settings import places
from lakehouse.settings.places import overlap


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("C360_HOME", "C360_CONF", "C360_EXPECTATIONS", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


def installed(target: Path) -> ModuleType:
    """The module as it runs from a package that is installed at `target`, outside a checkout."""
    source = Path(places.__file__)
    spec = importlib.util.spec_from_file_location("installed_places", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module._PACKAGE = target  # type: ignore[attr-defined]
    return module


def test_a_checkout_uses_its_own_folders() -> None:
    root = Path(__file__).resolve().parents[3]

    assert places.conf_dir() == root / "conf"
    assert places.expectations_dir() == root / "expectations"
    assert places.jars_dir() == root / ".c360" / "jars"


def test_variables_name_other_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("C360_CONF", str(tmp_path))

    assert places.home_dir() == tmp_path / "home"
    assert places.conf_dir() == tmp_path


def test_a_variable_that_names_no_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("C360_EXPECTATIONS", str(tmp_path / "nowhere"))

    with pytest.raises(ConfigurationError, match=r"C360_EXPECTATIONS names .*nowhere"):
        places.expectations_dir()


def test_an_installed_package_uses_the_folders_inside_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    package = tmp_path / "site-packages" / "lakehouse"
    (package / "data" / "conf" / "base").mkdir(parents=True)
    module = installed(package)

    assert module.conf_dir() == package / "data" / "conf"
    assert module.home_dir() == tmp_path / "cache" / "c360"


def test_a_package_that_runs_from_a_zip_unpacks_its_folders(tmp_path: Path) -> None:
    archive = tmp_path / "c360_lakehouse.zip"
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("lakehouse/data/conf/base/lakehouse.yml", "lock: flock\n")
        files.writestr("lakehouse/data/expectations/gold/customer.json", "{}")

    found = installed(archive / "lakehouse").conf_dir()

    assert (found / "base" / "lakehouse.yml").read_text("utf-8") == "lock: flock\n"
    assert not (found.parent / "expectations").exists()
    shutil.rmtree(found.parents[2])


def test_a_package_without_its_folders_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="has no conf folder"):
        installed(tmp_path / "lakehouse").conf_dir()


def test_a_process_under_spark_submit_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYSPARK_GATEWAY_PORT", raising=False)
    assert not places.is_submitted()

    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")
    assert places.is_submitted()


def test_reading_settings_starts_no_jvm() -> None:
    assert "lakehouse.settings.places" in sys.modules
    assert places.memory_bytes() > 2**20


@pytest.mark.parametrize(
    ("one", "other", "overlaps"),
    [
        ("/srv/lake", "/srv/lake/", True),
        ("/srv/lake", "/srv", True),
        ("/srv/lake", "file:/srv/lake/gold", True),
        ("/srv/x/../lake", "/srv/lake", True),
        ("/srv/lake", "/srv/lake-keys", False),
        ("s3a://bucket/lake", "s3a://bucket", True),
        ("s3a://bucket/lake", "s3a://bucket/lake/", True),
        ("s3a://bucket/lake", "s3a://bucket/lake-keys", False),
        ("s3a://bucket/lake", "/bucket/lake", False),
    ],
)
def test_places_overlap_where_one_is_or_holds_the_other(
    one: str, other: str, overlaps: bool
) -> None:
    assert overlap(one, other) is overlap(other, one) is overlaps
