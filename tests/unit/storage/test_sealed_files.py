"""Files that are sealed by the lake's master key: who has the key opens them as they were, nobody else."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from lakehouse.errors import ConfigurationError, InputError, LakehouseError
from lakehouse.settings.encryption import EncryptionSettings
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import LakeSettings
from lakehouse.storage.sealed_files import (
    ARCHIVE,
    AUDIENCE,
    SealedFile,
    opened,
    sealed,
    write_private,
)

LIST = SealedFile(AUDIENCE, "marketing_customer", b'"c1","Ann Lee","ann@post.org"\r\n')


SETTINGS = load_settings("test").lake


def lake_of(secret: str) -> LakeSettings:
    return SETTINGS.model_copy(update={"secret": SecretStr(secret)})


@pytest.fixture
def lake() -> LakeSettings:
    return lake_of("the secret of one lake")


@pytest.mark.parametrize(
    "file", [LIST, SealedFile(ARCHIVE, "20260105-3fa9c1d2", b""), SealedFile(ARCHIVE, "r", b"\n\n")]
)
def test_what_was_sealed_is_opened_as_it_was(lake: LakeSettings, file: SealedFile) -> None:
    assert opened(sealed(file, lake), lake) == file


def test_nothing_of_it_is_in_the_clear_and_no_two_are_alike(lake: LakeSettings) -> None:
    one, other = sealed(LIST, lake), sealed(LIST, lake)

    assert not any(word in one for word in (b"Ann", b"ann@post.org", b'"c1"'))
    assert one.partition(b"\n")[2] != other.partition(b"\n")[2]


def test_every_changed_byte_is_found(lake: LakeSettings) -> None:
    whole = sealed(LIST, lake)
    changed = [whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :] for n in range(len(whole))]
    cut = [whole[:n] for n in range(len(whole))]

    for content in (*changed, *cut, whole + b"x"):
        with pytest.raises((InputError, ConfigurationError)):
            opened(content, lake)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"PK\x03\x04",
        b"c360 sealed file 1",
        b"c360 sealed file 1\n\n",
        b"c360 sealed file 1\n[]\nx",
        b'c360 sealed file 1\n{"key": "!"}\nx',
        b'c360 sealed file 1\n{"key": "eA==", "master_version": {}}\nx',
    ],
)
def test_what_is_no_sealed_file_is_refused_in_words(lake: LakeSettings, content: bytes) -> None:
    with pytest.raises(InputError, match="sealed file"):
        opened(content, lake)


def test_another_secret_does_not_open_it(lake: LakeSettings) -> None:
    content = sealed(LIST, lake)

    with pytest.raises(ConfigurationError, match="Master key 1"):
        opened(content, lake_of("the secret of another"))


def test_a_new_master_key_seals_and_the_former_one_still_opens(lake: LakeSettings) -> None:
    before = sealed(LIST, lake)
    two = EncryptionSettings.model_validate({"master_keys": {1: None, 2: None}})
    renewed = lake.model_copy(update={"encryption": two})

    assert b'"master_version":2' in sealed(LIST, renewed)
    assert opened(before, renewed) == LIST


def test_a_file_for_its_owner_alone_never_takes_the_place_of_another(tmp_path: Path) -> None:
    write_private(tmp_path / "list.csv", b"mine")

    assert (tmp_path / "list.csv").stat().st_mode & 0o777 == 0o600
    for place in (tmp_path / "list.csv", tmp_path / "nowhere" / "list.csv"):
        with pytest.raises(LakehouseError):
            write_private(place, b"yours")
    assert [p.name for p in tmp_path.iterdir()] == ["list.csv"]
    assert (tmp_path / "list.csv").read_bytes() == b"mine"
