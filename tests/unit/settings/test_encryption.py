"""What is encrypted follows from specs; where keys lie, and which master keys wrap them, from conf."""

import pytest

from lakehouse.settings.encryption import EncryptionSettings, keys_place
from lakehouse.settings.load import load_settings
from lakehouse.settings.source_checks import source_faults
from lakehouse.storage.cells import bound_to
from lakehouse.tables.registry import STATIC_TABLES
from lakehouse.tables.spec import Layer, Sensitivity, TableSpec

SETTINGS = load_settings("demo")
SPECS = [*(source.bronze_table for source in SETTINGS.sources), *STATIC_TABLES]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_direct_identifiers_are_encrypted_but_for_gold_and_serve(spec: TableSpec) -> None:
    telling = {Sensitivity.DIRECT_IDENTIFIER, Sensitivity.SPECIAL_CATEGORY}
    direct = {c.name for c in spec.columns if c.sensitivity in telling}
    is_for_roles = spec.layer in (Layer.GOLD, Layer.SERVE)

    assert {*spec.encrypted_columns} == (set() if is_for_roles else direct)


@pytest.mark.parametrize(
    "spec", [s for s in SPECS if s.encrypted_columns], ids=lambda spec: spec.name
)
def test_every_cell_is_bound_to_the_row_that_it_is_of(spec: TableSpec) -> None:
    bound = {*bound_to(spec.name, spec.column_names)}

    ways = (
        {"record_key"},
        {"source_file", "file_hash", "source_row_number"},
        {"record_key_l", "record_key_r"},
        {"request_id"},
    )
    assert any(way <= bound for way in ways)
    assert bound.isdisjoint(spec.encrypted_columns)


@pytest.mark.parametrize("name", ["request_id", "record_key_l", "record_key_r"])
def test_a_source_may_call_a_column_as_ops_calls_what_it_binds(name: str) -> None:
    stored = [name, "source_file", "file_hash", "source_row_number"]

    assert bound_to("bronze.crm_contact", stored) == stored[1:]
    assert name in bound_to("ops.privacy_request", stored)


def test_no_column_of_a_source_may_be_called_as_what_bronze_binds() -> None:
    (source, *_) = SETTINGS.sources
    everything = [name for spec in SPECS for name in spec.column_names]

    for name in bound_to(source.bronze_table.name, everything):
        column = source.columns[0].model_copy(update={"name": name})
        renamed = source.model_copy(update={"columns": (*source.columns, column)})
        faults = source_faults({source.name: renamed}, complete=False)
        path = ("columns", len(source.columns), "name")
        assert [p for _, p, _ in faults] == [path], name


def test_the_demo_encrypts_and_needs_no_secret_that_somebody_sets() -> None:
    assert SETTINGS.lake.encryption.at_rest
    assert SETTINGS.lake.master_keys().keys() == {1}
    assert SETTINGS.lake.keys_root == f"{SETTINGS.lake.root}-keys"


def test_master_keys_differ_by_version_and_secret_and_are_no_other_key_of_the_lake() -> None:
    two = EncryptionSettings.model_validate({"master_keys": {1: None, 2: None}})
    keys = {*two.master_keys_by("a" * 16).values(), *two.master_keys_by("b" * 16).values()}

    assert len(keys | {SETTINGS.lake.record_hash_key()}) == 5
    assert {len(key) for key in keys} == {32}


def test_no_text_of_settings_shows_a_master_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTER", "a-master-secret-that-nobody-sees")
    said = EncryptionSettings.model_validate({"master_keys": {1: "env:MASTER"}})

    assert "a-master-secret" not in f"{said!r} {said} {said.model_dump_json()}"


@pytest.mark.parametrize(
    ("root", "keys", "place"),
    [
        ("/data/lake", None, "/data/lake-keys"),
        ("/data/lake/", None, "/data/lake-keys"),
        ("/data/lake", "/safe/keys/", "/safe/keys"),
        ("/data/lake", "/data/lake-2", "/data/lake-2"),
        ("s3a://bucket/lake", None, "s3a://bucket/lake-keys"),
        ("s3a://bucket", "s3a://keys/here", "s3a://keys/here"),
        ("hdfs:///lake", None, "hdfs:///lake-keys"),
    ],
)
def test_keys_lie_beside_the_lake_or_where_conf_says(
    root: str, keys: str | None, place: str
) -> None:
    assert keys_place(root, keys) == place


@pytest.mark.parametrize(
    ("root", "keys"),
    [
        ("/data/lake", "/data/lake"),
        ("/data/lake", "/data/lake/_keys"),
        ("/data/lake", "file:/data/lake/_keys"),
        ("s3a://bucket", None),
    ],
)
def test_keys_never_lie_in_the_lake(root: str, keys: str | None) -> None:
    with pytest.raises(ValueError, match=r"lake\.keys"):
        keys_place(root, keys)
