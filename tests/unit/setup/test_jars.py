"""Jars are used only with the sum that the project committed."""

import hashlib
import shutil
from pathlib import Path

import pytest
import yaml

from lakehouse import jars
from lakehouse.errors import ExitCode, PrerequisiteError
from lakehouse.settings.jar_list import JarList, load_jar_list

CONTENT = b"a jar, for all that a sum knows"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without jars, and a conf that asks for one small jar."""
    digest = hashlib.sha256(CONTENT).hexdigest()
    jar = {"coordinates": "org.example:thing:1.0", "sha256": digest}
    base = tmp_path / "conf" / "base"
    base.mkdir(parents=True)
    listed = {"every_spark": [jar], "by_spark": {"4.1": [], "4.2": []}}
    (base / "jars.yml").write_text(yaml.safe_dump(listed), encoding="utf-8")
    monkeypatch.setenv("C360_CONF", str(tmp_path / "conf"))
    monkeypatch.setenv("C360_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def arriving(content: bytes, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lets a repository answer with `content`; returns what it was asked for."""
    asked: list[str] = []

    def download(jar: object, folder: Path) -> Path:
        asked.append(str(jar))
        path = folder / "thing-1.0.jar"
        path.write_bytes(content)
        return path

    monkeypatch.setattr(jars, "_download", download)
    return asked


def test_a_missing_jar_is_named_with_the_command_that_brings_it(home: Path) -> None:
    with pytest.raises(PrerequisiteError, match=r"thing-1\.0\.jar is not in .*c360 jars fetch"):
        jars.jar_paths()


def test_a_jar_with_one_flipped_byte_is_refused(home: Path) -> None:
    (home / "jars").mkdir(parents=True)
    spoilt = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
    (home / "jars" / "thing-1.0.jar").write_bytes(spoilt)

    with pytest.raises(PrerequisiteError, match="SHA-256") as refused:
        jars.jar_paths()

    assert refused.value.exit_code == ExitCode.MISSING_PREREQUISITE
    assert "c360 jars fetch" in refused.value.next_step


def test_a_fetched_jar_is_used_from_then_on_without_asking_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = arriving(CONTENT, monkeypatch)

    assert jars.fetch_jars() == jars.fetch_jars() == jars.jar_paths()

    assert len(asked) == 1
    assert [p.name for p in (home / "jars").iterdir()] == ["thing-1.0.jar"]


def test_a_spoilt_jar_is_brought_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "jars").mkdir(parents=True)
    (home / "jars" / "thing-1.0.jar").write_bytes(b"spoilt")
    arriving(CONTENT, monkeypatch)

    jars.fetch_jars()

    assert jars.jar_paths()[0].read_bytes() == CONTENT


def test_a_jar_that_arrives_with_another_sum_is_not_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arriving(b"something else", monkeypatch)

    with pytest.raises(PrerequisiteError, match="another SHA-256"):
        jars.fetch_jars()

    assert list((home / "jars").iterdir()) == []


def test_without_network_one_line_says_what_to_do(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = tmp_path / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\necho 'Host repository not found.'\nexit 1\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "java"))

    for ask in (jars.fetch_jars, jars.probe_repository):
        with pytest.raises(
            PrerequisiteError, match=r"not found\. Next: check .*network"
        ) as refused:
            ask()
        assert "\n" not in str(refused.value)


def test_the_project_names_the_jars_of_both_sparks_and_refuses_others() -> None:
    listed = load_jar_list()

    names = {jar.file_name for jar in listed.for_spark("4.1.4")}

    assert "delta-spark_4.1_2.13-4.4.0.jar" in names
    assert "delta-storage-4.4.0.jar" in names
    assert "delta-spark_4.2_2.13-4.4.0.jar" in {j.file_name for j in listed.for_spark("4.2.0")}
    with pytest.raises(PrerequisiteError, match=r"pyspark 3\.5\.1 is installed"):
        listed.for_spark("3.5.1")


def test_a_list_with_half_a_sum_is_no_list() -> None:
    with pytest.raises(ValueError, match="sha256"):
        JarList.model_validate(
            {"every_spark": [{"coordinates": "a:b:1", "sha256": "abc"}], "by_spark": {}}
        )


def test_the_ivy_that_ships_with_pyspark_is_there() -> None:
    assert jars._ivy_jar().is_file()


def test_a_missing_pyspark_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "find_spec", lambda _name: None)

    with pytest.raises(PrerequisiteError, match="pyspark is not installed"):
        jars.pyspark_dir()


def test_a_pyspark_without_ivy_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(jars, "pyspark_dir", lambda: tmp_path)

    with pytest.raises(PrerequisiteError, match="no Ivy"):
        jars._ivy_jar()


def test_an_answer_that_takes_too_long_is_no_answer(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("sleep") is None:
        pytest.skip("needs a POSIX shell")
    java = home / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\nexec sleep 30\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(home / "java"))
    monkeypatch.setattr(jars, "_DOWNLOAD_TIMEOUT_SECONDS", 0.2)

    with pytest.raises(PrerequisiteError, match="No answer"):
        jars.probe_repository()
