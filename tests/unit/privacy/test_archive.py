"""An archive holds all that is held of a person, in every layer, and nothing of anybody else."""

import csv
import hashlib
import io
import json
import os
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lakehouse.errors import AccessError, ConflictError, InputError
from lakehouse.pipeline import privacy_archive
from lakehouse.pipeline.audit import audit_log
from lakehouse.pipeline.erased_exports import exported_places
from lakehouse.pipeline.privacy_archive import archive_document, deliver_archive
from lakehouse.pipeline.privacy_intake import Asked, open_request
from lakehouse.pipeline.privacy_requests import approve, request_of, take_step
from lakehouse.pipeline.sealed_exports import unseal
from lakehouse.privacy.archive_files import archive_files
from lakehouse.privacy.request_log import PrivacyRequest, Scope, Step
from lakehouse.privacy.subject import Given, identifier
from lakehouse.settings.models import Settings
from lakehouse.settings.regimes import Right
from lakehouse.storage.released_tables import released_tables
from lakehouse.tables.ops import QUARANTINE
from lakehouse.tables.registry import STATIC_TABLES
from tests.support.plain_lake import PlainLake
from tests.support.planted_people import FAMILY_EMAIL, PERSON_FEEDS, key_of, planted_lake

NOW = datetime(2026, 1, 7, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> PlainLake:
    return planted_lake(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def settings(lake: PlainLake) -> Settings:
    return lake.settings()


def asked_by_ann(kind: Right = Right.ACCESS, scope: Scope = Scope.EXACT, **more: Any) -> Asked:
    email = identifier("email", FAMILY_EMAIL)
    assert email
    return Asked(kind, Given((email,), name="Ann Archer"), scope, country="GB", **more)


def approved(settings: Settings, asked: Asked) -> PrivacyRequest:
    opened, _ = open_request(settings, asked, by="clerk")
    take_step(settings, opened.request_id, Step.IDENTITY_VERIFIED, by="clerk", note="passport")
    return approve(settings, opened.request_id, by="officer", note="looked through")


@pytest.fixture(scope="module")
def document(settings: Settings) -> dict[str, Any]:
    return archive_document(
        released_tables(settings.lake), settings, approved(settings, asked_by_ann())
    )


def marks(text: str, who: str) -> set[str]:
    return set(re.findall(rf"{who}-[\w.-]+", text))


def planted(settings: Settings, lake: PlainLake, who: str) -> set[str]:
    """All marks of a person that stand in the tables, but for the staff and what pairs say of both."""
    tables = released_tables(settings.lake)
    found: set[str] = set()
    for spec in settings.tables:
        rows = tables.rows(spec)
        found |= marks(repr(rows), who)
    return {m for m in found if not m.endswith(("-decided_by", "-actor"))}


def test_every_value_of_hers_in_every_layer_is_in_it(
    lake: PlainLake, settings: Settings, document: dict[str, Any]
) -> None:
    about_nobody = {"catalogue_product", "demographics_postcode", "media_spend", "weather_store"}
    expected = {
        mark
        for mark in planted(settings, lake, "ann")
        if not any(f"-{name}-" in mark for name in about_nobody)
    }

    assert len(expected) > 400
    assert expected - marks(repr(document), "ann") == set()


def test_no_value_of_anybody_else_is_in_it(document: dict[str, Any], settings: Settings) -> None:
    told = repr(document)

    assert marks(told, "bob") == set()
    assert "b" * 32 not in told
    assert not any(key_of(settings, "bob", feed) in told for feed in PERSON_FEEDS)


def test_what_was_left_out_is_counted(document: dict[str, Any]) -> None:
    left_out = {t["name"]: t["redacted"] for t in document["tables"] if t["redacted"]}

    assert {"linkage.scored_edge", "ops.review_task", "gold.customer_relation"} <= set(left_out)


def test_every_table_about_persons_is_read(document: dict[str, Any], settings: Settings) -> None:
    told = {table["name"] for table in document["tables"]}
    made = (*STATIC_TABLES, *settings.product_tables)
    about_persons = {spec.name for spec in made if spec.subject_keys}
    sources = {
        source.bronze_table.name
        for source in settings.sources
        if any(f.person or f.table == "person_record" for f in source.feeds)
    }

    nobody_asked = {"ops.restriction", "ops.legal_hold"}
    assert (about_persons | sources) - told == nobody_asked, "no request made one"
    assert {QUARANTINE.name, "serve.care_customer", "serve.marketing_customer"} <= told


def test_each_table_tells_purposes_sources_and_retention(document: dict[str, Any]) -> None:
    purposes = {purpose["name"] for purpose in document["purposes"]}

    assert all(set(table["purposes"]) <= purposes for table in document["tables"])
    assert all(table["retention_days"] > 0 for table in document["tables"])
    assert all(t["sources"] for t in document["tables"] if t["name"].startswith("bronze."))
    assert all(p["legal_basis"] for p in document["purposes"])


def test_a_portability_archive_holds_what_sources_sent_alone(settings: Settings) -> None:
    request = approved(settings, asked_by_ann(Right.PORTABILITY))

    document = archive_document(released_tables(settings.lake), settings, request)

    layers = {table["name"].split(".")[0] for table in document["tables"]}
    assert layers == {"bronze", "silver"}
    (people,) = (t for t in document["tables"] if t["name"] == "silver.person_record")
    assert "email" in people["rows"][0]
    assert "email_match" not in people["rows"][0]
    assert document["logic"] == []


def test_subject_json_has_the_shape_that_its_schema_says(document: dict[str, Any]) -> None:
    made = archive_files(document)

    jsonschema.validate(json.loads(made["subject.json"]), json.loads(made["subject.schema.json"]))


PORTABLE = ("1.1", "1844d2efd75b3a82")
"""The schema's version, and a digest of the columns of silver in an archive of portability, with types."""


def test_whoever_takes_data_elsewhere_hears_by_the_version_that_columns_or_types_have_changed(
    settings: Settings,
) -> None:
    request = approved(settings, asked_by_ann(Right.PORTABILITY))

    document = archive_document(released_tables(settings.lake), settings, request)

    told = sorted(
        f"{table['name']}.{column['name']} {column['type']}"
        for table in document["tables"]
        for column in table["columns"]
        if table["name"].startswith("silver.")
    )
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
    assert (document["schema_version"], digest) == PORTABLE, (
        "raise SCHEMA_VERSION, then change both"
    )


def test_the_manifest_has_the_digest_of_every_other_file(document: dict[str, Any]) -> None:
    made = archive_files(document)
    digests = json.loads(made.pop("manifest.json"))["sha256"]

    assert digests == {name: hashlib.sha256(content).hexdigest() for name, content in made.items()}


def test_nothing_leaves_before_identity_is_verified_and_the_request_approved(
    settings: Settings, tmp_path: Path
) -> None:
    opened, _ = open_request(settings, asked_by_ann(), by="clerk")

    with pytest.raises(ConflictError, match="not approved"):
        deliver_archive(settings, opened.request_id, tmp_path, by="clerk")
    with pytest.raises(ConflictError, match="not identity_verified"):
        approve(settings, opened.request_id, by="officer", note="fine")
    assert list(tmp_path.iterdir()) == []


def test_who_does_not_see_identifiers_delivers_no_archive(
    settings: Settings, tmp_path: Path
) -> None:
    request = approved(settings, asked_by_ann())
    marketer = settings.roles.model_copy(update={"reader": "marketer"})

    with pytest.raises(AccessError, match="marketer"):
        deliver_archive(
            settings.model_copy(update={"roles": marketer}),
            request.request_id,
            tmp_path,
            by="clerk",
        )
    assert list(tmp_path.iterdir()) == []


def test_every_step_of_a_request_and_the_archive_stand_in_the_audit(
    settings: Settings, tmp_path: Path
) -> None:
    request = approved(settings, asked_by_ann())
    deliver_archive(settings, request.request_id, tmp_path, by="clerk")
    told = [line.decode() for line in audit_log(settings).content()[0]]
    of_request = [line for line in told if request.request_id in line]

    steps = ("opened", "identity_verified", "approved", "delivered")
    assert [any(step in line for line in of_request) for step in steps] == [True] * len(steps)
    assert any('"export"' in line for line in of_request)
    assert not any(key in line for line in told for key in request.record_keys)


def test_an_archive_is_delivered_once_and_readable_by_its_owner_alone(
    settings: Settings, tmp_path: Path
) -> None:
    request = approved(settings, asked_by_ann())

    path = deliver_archive(settings, request.request_id, tmp_path, by="clerk")

    assert path.stat().st_mode & 0o777 == 0o600
    assert str(path.resolve()) in exported_places(settings, [], request.record_keys)
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
    assert {"subject.json", "README.html", "manifest.json", "tables/gold_customer.csv"} <= names
    with pytest.raises(ConflictError, match="has ended"):
        deliver_archive(settings, request.request_id, tmp_path, by="clerk")


def test_where_the_lake_encrypts_an_archive_is_sealed_and_opened_for_who_sees_identifiers(
    settings: Settings, tmp_path: Path
) -> None:
    request = approved(settings, asked_by_ann())
    encryption = settings.lake.encryption.model_copy(update={"at_rest": True})
    lake = settings.lake.model_copy(update={"encryption": encryption})
    sealing = settings.model_copy(update={"lake": lake})
    marketer = sealing.roles.model_copy(update={"reader": "marketer"})

    path = deliver_archive(sealing, request.request_id, tmp_path, by="clerk")

    assert path.name == f"{request.request_id}.zip.sealed"
    assert not zipfile.is_zipfile(path)
    with pytest.raises(AccessError, match="marketer"):
        unseal(sealing.model_copy(update={"roles": marketer}), path, tmp_path / "ann.zip")
    assert not (tmp_path / "ann.zip").exists()
    unseal(sealing, path, tmp_path / "ann.zip")
    with zipfile.ZipFile(tmp_path / "ann.zip") as archive:
        assert "subject.json" in archive.namelist()


def test_a_delivery_that_was_killed_is_known_of_and_gone_on_with(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = approved(settings, asked_by_ann())
    path = tmp_path / f"{request.request_id}.zip"

    def killed(path: Path, content: bytes) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(privacy_archive, "write_private", killed)
        with pytest.raises(KeyboardInterrupt):
            deliver_archive(settings, request.request_id, tmp_path, by="clerk")
    assert str(path.resolve()) in exported_places(settings, [], request.record_keys)

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with pytest.raises(ConflictError, match="has ended"):
        deliver_archive(settings, request.request_id, elsewhere, by="clerk")
    assert deliver_archive(settings, request.request_id, tmp_path, by="clerk") == path
    assert zipfile.is_zipfile(path)
    assert request_of(settings, request.request_id).taken.count(Step.DELIVERED) == 1

    # Whoever asked has it: an archive that was carried off is not made again.
    path.rename(elsewhere / path.name)
    with pytest.raises(ConflictError, match="has ended"):
        deliver_archive(settings, request.request_id, tmp_path, by="another clerk")
    assert list(tmp_path.glob("*.zip")) == []


def test_a_part_that_somebody_else_has_put_there_is_not_written_to(
    settings: Settings, tmp_path: Path
) -> None:
    request = approved(settings, asked_by_ann())
    theirs = tmp_path / "theirs"
    theirs.touch()
    (tmp_path / f".{request.request_id}.zip.part").symlink_to(theirs)

    with pytest.raises(InputError, match="cannot be written"):
        deliver_archive(settings, request.request_id, tmp_path, by="clerk")

    assert theirs.read_bytes() == b""
    assert Step.DELIVERED not in request_of(settings, request.request_id).taken


def test_of_two_clerks_who_deliver_at_once_the_second_leaves_no_archive(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = approved(settings, asked_by_ann())
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    zipped = privacy_archive.zipped

    def meanwhile(contents: dict[str, bytes]) -> bytes:
        monkeypatch.setattr(privacy_archive, "zipped", zipped)
        deliver_archive(settings, request.request_id, here, by="another clerk")
        return zipped(contents)

    monkeypatch.setattr(privacy_archive, "zipped", meanwhile)

    with pytest.raises(ConflictError, match="has ended"):
        deliver_archive(settings, request.request_id, there, by="clerk")
    assert len(list(here.iterdir())) == 1
    assert list(there.iterdir()) == []


def test_a_folder_that_cannot_be_written_ends_no_request(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = approved(settings, asked_by_ann())
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    with pytest.raises(InputError, match="cannot be written"):
        deliver_archive(settings, request.request_id, tmp_path, by="clerk")
    assert Step.DELIVERED not in request_of(settings, request.request_id).taken


def test_an_archive_never_takes_the_place_of_a_file(settings: Settings, tmp_path: Path) -> None:
    request = approved(settings, asked_by_ann())
    (tmp_path / f"{request.request_id}.zip").write_text("mine")

    with pytest.raises(InputError):
        deliver_archive(settings, request.request_id, tmp_path, by="clerk")


HOSTILE = '<script>alert(1)</script><img src="http://evil.example/x">{{ 7*7 }}'


def test_the_page_begins_with_what_is_known_of_a_person_and_says_why_in_words(
    document: dict[str, Any],
) -> None:
    page = archive_files(document)["README.html"].decode()

    layers = list(dict.fromkeys(re.findall(r"<h3>(\w+)\.", page)))
    assert layers[:4] == ["gold", "serve", "silver", "bronze"]
    assert "for: Serving our customers, Understanding our business." in page
    assert "for: service" not in page


def test_hostile_values_are_shown_and_not_obeyed(document: dict[str, Any]) -> None:
    table = {
        **document["tables"][0],
        "columns": [{"name": "name", "description": "Name."}],
        "rows": [{"name": HOSTILE}, {"name": "=HYPERLINK(1)"}, {"name": "../../etc/passwd"}],
    }
    made = archive_files({**document, "tables": [table]})
    page = made["README.html"].decode()
    (sheet,) = (content for name, content in made.items() if name.startswith("tables/"))

    assert "<script" not in page
    assert "<img" not in page
    assert "{{ 7*7 }}" in page
    assert "default-src 'none'" in page
    assert list(csv.reader(io.StringIO(sheet.decode())))[2] == ["'=HYPERLINK(1)"]
    assert not any(".." in name or name.startswith("/") for name in made)
