import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from lakehouse.errors import ConfigurationError
from lakehouse.settings.linkage import LinkageSettings
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import LogLevel
from lakehouse.settings.places import conf_dir, local_path


def test_environment_lies_over_base_and_variables_over_both(
    conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (conf / "test" / "logging.yml").write_text("level: error\n", encoding="utf-8")
    monkeypatch.setenv("C360_LAKE_ROOT", "/from/the/environment")

    settings = load_settings("test")

    assert settings.logging.level is LogLevel.ERROR
    assert settings.logging.folder.name == "logs"
    assert settings.lake.root == "/from/the/environment"


def test_an_argument_wins_over_a_variable(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C360_LANDING", "/from/the/environment")

    settings = load_settings("test", conf, {"lake.landing": "/from/the/argument"})

    assert settings.lake.landing == "/from/the/argument"


def test_spark_options_of_an_environment_join_those_of_base(conf: Path) -> None:
    base = yaml.safe_load((conf / "base" / "spark.yml").read_text("utf-8"))["options"]
    (conf / "test" / "spark.yml").write_text("options: {spark.executor.cores: '1'}\n", "utf-8")

    options = load_settings("test", conf).spark.options

    assert options == base | {"spark.executor.cores": "1"}


def test_relative_places_of_a_file_lie_below_home_and_those_of_an_argument_here(
    conf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    settings = load_settings("test", conf, {"lake.landing": "drop"})

    assert settings.lake.root == str(tmp_path / "home" / "test" / "lake")
    assert settings.lake.landing == str(tmp_path / "drop")


def test_a_root_on_an_object_store_is_left_as_it_is(conf: Path) -> None:
    settings = load_settings(
        "test", conf, {"lake.root": "s3a://bucket/lake", "lake.lock": "external"}
    )

    assert settings.lake.root == "s3a://bucket/lake"


@pytest.mark.parametrize("place", ["dbfs:/mnt/lake", "abfss://c@a.example/lake", "hdfs:///lake"])
def test_a_place_with_a_scheme_is_absolute_however_many_slashes_follow(
    conf: Path, place: str
) -> None:
    given = {"lake.root": place, "lake.landing": place, "lake.lock": "external"}

    lake = load_settings("test", conf, given).lake

    assert (lake.root, lake.landing) == (place, place)


def test_a_file_uri_is_a_place_on_a_file_system(conf: Path) -> None:
    given = {"lake.root": "file:/data/lake", "lake.work_dir": "file:///data/work"}

    lake = load_settings("test", conf, given).lake

    assert (lake.root, lake.work_dir) == ("file:/data/lake", Path("/data/work"))
    assert local_path(lake.root) == Path("/data/lake")


def test_an_environment_can_change_one_key_of_a_source(conf: Path) -> None:
    (conf / "test" / "sources").mkdir()
    (conf / "test" / "sources" / "crm_contact.yml").write_text("owner: nobody\n", "utf-8")

    contact, order = load_settings("test", conf).sources

    assert (contact.name, contact.owner, contact.key) == ("crm_contact", "nobody", ("contact_id",))
    assert order.name == "shop_order"


def test_an_argument_that_is_no_setting_is_refused(conf: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"argument warehouse\.root"):
        load_settings("test", conf, {"warehouse.root": "x"})


def test_a_folder_without_base_is_no_conf_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no conf folder"):
        load_settings("test", tmp_path)


def test_conf_without_any_source_is_refused(conf: Path) -> None:
    for path in (conf / "base" / "sources").iterdir():
        path.unlink()

    with pytest.raises(ConfigurationError, match="no source is described"):
        load_settings("test", conf)


def test_the_secret_is_in_no_text_of_the_settings(conf: Path) -> None:
    settings = load_settings("test", conf, {"lake.secret": "correct-horse-battery"})

    for text in (str(settings), repr(settings), settings.model_dump_json(), settings.digest()):
        assert "correct-horse" not in text


def test_a_fingerprint_tells_one_secret_from_another_and_gives_neither_away(conf: Path) -> None:
    secrets = ("correct-horse-battery", "correct-horse-staple!")

    first, second = (load_settings("test", conf, {"lake.secret": s}).lake for s in secrets)

    assert first.secret_fingerprint() != second.secret_fingerprint()
    assert first.secret_fingerprint() == first.model_copy().secret_fingerprint()
    assert re.fullmatch("[0-9a-f]{16}", first.secret_fingerprint())


def test_the_digest_follows_what_bears_on_the_tables_and_nothing_else(conf: Path) -> None:
    settings = load_settings("test", conf)

    assert load_settings("test", conf, {"logging.level": "debug"}).digest() == settings.digest()
    assert load_settings("test", conf, {"lake.secret": "x" * 20}).digest() == settings.digest()
    assert load_settings("test", conf, {"linkage.engine": "spark"}).digest() != settings.digest()


@pytest.mark.parametrize(
    "master", ["local", "local[2]", "local[*, 3]", "yarn", "spark://a:7077", "k8s://https://a:443"]
)
def test_every_kind_of_master_is_taken(conf: Path, master: str) -> None:
    assert load_settings("test", conf, {"spark.master": master}).spark.master == master


@pytest.mark.parametrize(
    "pattern",
    ["dd/MM/yyyy", "d.M.yy", "yyyyDDD", "yyyy-MM-dd'T'HH:mm:ss[.SSSSSS][XXX]", "d MMM yyyy h:mm a"],
)
def test_every_pattern_that_spark_reads_by_is_taken(conf: Path, pattern: str) -> None:
    (conf / "test" / "sources").mkdir()
    text = yaml.safe_dump({"sequence_formats": [pattern]})
    (conf / "test" / "sources" / "crm_contact.yml").write_text(text, "utf-8")

    assert load_settings("test", conf).sources[0].sequence_formats == (pattern,)


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "latin-1", "windows-1252", "shift_jis", "gb18030"]
)
def test_every_encoding_whose_lines_end_in_one_byte_is_taken(conf: Path, encoding: str) -> None:
    (conf / "test" / "sources").mkdir()
    (conf / "test" / "sources" / "crm_contact.yml").write_text(f"encoding: {encoding}\n", "utf-8")

    assert load_settings("test", conf).sources[0].encoding == encoding


def test_the_project_s_own_environments_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("C360_SECRET", "a-secret-for-production")
    monkeypatch.setenv("C360_LAKE_ROOT", "/lake")
    monkeypatch.setenv("C360_LANDING", "/landing")
    environments = sorted(p.name for p in conf_dir().iterdir() if p.is_dir() and p.name != "base")

    for env in environments:
        assert load_settings(env).env == env


@pytest.mark.parametrize("said_by", ["variable", "argument", "catalog"])
def test_of_a_lake_that_is_not_the_demos_own_the_demo_shows_masks_unless_a_role_is_named(
    conf: Path, monkeypatch: pytest.MonkeyPatch, said_by: str
) -> None:
    other = {"lake.root": "/data/lake"} if said_by == "argument" else {}
    if said_by == "variable":
        monkeypatch.setenv("C360_LAKE_ROOT", "/data/lake")
    if said_by == "catalog":
        other = {"lake.catalog_prefix": "main.c360_", "lake.lock": "external"}

    assert load_settings("demo", conf).roles.reader == (
        "default" if said_by == "variable" else "agent"
    )
    assert load_settings("demo", conf, other).roles.reader == "default"
    assert (
        load_settings("demo", conf, {**other, "roles.reader": "steward"}).roles.reader == "steward"
    )
    monkeypatch.setenv("C360_ROLE", "agent")
    assert load_settings("demo", conf, other).roles.reader == "agent"


def settings_without_a_line(model: type[BaseModel], written: dict[str, Any], at: str) -> set[str]:
    """Keys of the model, and of the models in it, that the file does not name."""
    missing = {f"{at}{name}" for name in model.model_fields.keys() - written.keys()}
    for name in model.model_fields.keys() & written.keys():
        kind = model.model_fields[name].annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            missing |= settings_without_a_line(kind, written[name], f"{at}{name}.")
    return missing


def test_every_setting_of_linkage_stands_in_conf() -> None:
    written = yaml.safe_load((conf_dir() / "base" / "linkage.yml").read_text(encoding="utf-8"))

    assert settings_without_a_line(LinkageSettings, written, "") == set()
