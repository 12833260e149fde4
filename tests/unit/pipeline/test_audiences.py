"""A data product as files: who may have them, what they hold, and whom the destination must remove."""

import csv
import hashlib
import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import SecretStr

from lakehouse.errors import AccessError, ExitCode, InputError, LakehouseError, NotFoundError
from lakehouse.pipeline import audience_destinations, audiences
from lakehouse.pipeline.audience_destinations import Removals, export_again, tell_removals
from lakehouse.pipeline.audiences import export_audience, forget_earlier, tell_removed
from lakehouse.pipeline.audit import audit_log
from lakehouse.pipeline.sealed_exports import unseal
from lakehouse.privacy.tokens import token, token_keys
from lakehouse.settings.load import load_settings
from lakehouse.settings.models import Settings
from lakehouse.storage.plain_log import PlainLog
from lakehouse.tables.audience import AUDIENCE_EXPORT
from lakehouse.tables.gold import CUSTOMER_RECORD
from lakehouse.tables.ops import RELEASE, RESTRICTION
from tests.support.plain_lake import PlainLake

MARKETING = "marketing_customer"


@pytest.mark.parametrize(
    ("product", "role", "error", "told"),
    [
        ("nothing", "marketer", NotFoundError, "no data product nothing"),
        ("customers_by_area", "analyst", InputError, "groups of customers"),
        (MARKETING, "default", AccessError, "names no role"),
        (MARKETING, "agent", AccessError, "kept for marketing"),
        (MARKETING, "marketer", NotFoundError, "no release"),
    ],
)
def test_an_export_is_refused_before_anything_is_written(
    product: str, role: str, error: type[LakehouseError], told: str, tmp_path: Path
) -> None:
    places = {"lake.root": str(tmp_path / "lake"), "roles.reader": role}
    settings = load_settings("test", overrides=places)

    with pytest.raises(error, match=told):
        export_audience(settings, product, tmp_path / "outbox")

    assert list(tmp_path.iterdir()) == []


DAY = date(2026, 1, 5)
ANN: dict[str, Any] = {"customer_id": "c1", "display_name": "Ann Lee", "email": "ann@post.org"}
BEN: dict[str, Any] = {"customer_id": "c2", "display_name": "Ben Lee", "email": "ben@post.org"}
HOSTILE = '=HYPERLINK("http://evil.example")\r\n"@c3",=1+1\r=2+2'


@pytest.fixture
def lake(tmp_path: Path) -> PlainLake:
    return PlainLake(tmp_path / "lake")


def settings_of(lake: PlainLake) -> Settings:
    return lake.settings(**{"roles.reader": "marketer"})


def released(lake: PlainLake, *people: dict[str, Any], **more: Any) -> None:
    (table,) = (t for t in settings_of(lake).product_tables if t.entity == MARKETING)
    lake.release(DAY, {table: people, CUSTOMER_RECORD: [], **more.get("gold", {})})


def exported(lake: PlainLake, folder: Path) -> tuple[list[str], dict[str, list[list[str]]]]:
    """What the export says, and the rows of its newest files."""
    report = export_audience(settings_of(lake), MARKETING, folder)
    places = sorted((folder / MARKETING).glob("release-*")) if folder.exists() else []
    files = {} if not places else {p.stem: rows_of(p) for p in places[-1].glob("*.csv")}
    return [*report.lines, *report.warnings], files


def ids(purpose: str = "marketing") -> dict[str, str]:
    """By token of the purpose, whose it is."""
    settings = load_settings("test")
    secrets = settings.tokens.secrets(settings.lake.secret.get_secret_value())
    return {token(token_keys(purpose, secrets), c): c for c in ("c1", "c2", "c3")}


def rows_of(path: Path) -> list[list[str]]:
    """The rows in order of customer, each with the id that its token stands for."""
    known = ids()
    with path.open(encoding="utf-8", newline="") as lines:
        return sorted([known[first], *others] for first, *others in list(csv.reader(lines))[1:])


def test_whose_rows_leave_the_lake_is_told_by_tokens_of_the_purpose_alone(
    lake: PlainLake, tmp_path: Path
) -> None:
    released(lake, ANN, BEN)
    exported(lake, tmp_path / "outbox")
    released(lake, ANN)
    exported(lake, tmp_path / "outbox")

    (text,) = (p.read_text() for p in (tmp_path / "outbox").rglob("audience.csv"))
    (removed,) = (p.read_text() for p in (tmp_path / "outbox").rglob("release-*2/removed.csv"))

    firsts = [line.split(",")[0].strip('"') for line in (text + removed).splitlines()]
    (ann,) = (t for t, who in ids().items() if who == "c1")
    (ben,) = (t for t, who in ids().items() if who == "c2")
    assert firsts == ["customer_id", ann, "customer_id", ben]
    assert ann not in ids("service")
    assert {
        row["customer_id"] for row in PlainLog(settings_of(lake).lake, AUDIENCE_EXPORT).rows()
    } == {
        "c1",
        "c2",
    }


def test_after_a_rotation_of_keys_a_destination_is_told_to_let_go_of_former_tokens(
    lake: PlainLake, tmp_path: Path
) -> None:
    released(lake, ANN, BEN)
    exported(lake, tmp_path / "outbox")
    former = {token for token, who in ids().items() if who in ("c1", "c2")}
    settings = settings_of(lake)
    versions = {**settings.tokens.versions, 2: SecretStr("another-secret-of-tokens")}
    rotated = settings.model_copy(
        update={"tokens": settings.tokens.model_copy(update={"versions": versions})}
    )
    released(lake, ANN)

    export_audience(rotated, MARKETING, tmp_path / "outbox")

    place = tmp_path / "outbox" / MARKETING / "release-000002"
    removed = {line.strip('"') for line in (place / "removed.csv").read_text().split()[1:]}
    added = (place / "added.csv").read_text()
    assert former <= removed
    assert added.count('"t2:') == 1
    assert not any(one in added for one in removed)


def test_a_product_without_customers_is_no_audience_and_nothing_is_written(
    lake: PlainLake, tmp_path: Path
) -> None:
    released(lake)

    told, _ = exported(lake, tmp_path / "outbox")

    assert told == [
        "serve.marketing_customer has no customers in release 1: nothing was written.",
    ]
    assert not (tmp_path / "outbox").exists()


def test_an_audience_that_comes_to_be_empty_is_told_to_be_removed_with_a_warning(
    lake: PlainLake, tmp_path: Path
) -> None:
    released(lake, ANN, BEN)
    exported(lake, tmp_path / "outbox")
    released(lake)

    told, files = exported(lake, tmp_path / "outbox")

    assert files == {"audience": [], "added": [], "removed": [["c1"], ["c2"]]}
    assert told[0].endswith("0 customers of release 2: 0 added, 0 changed, 2 to be removed.")
    assert "is empty" in told[1]


def test_rows_of_another_definition_than_conf_has_are_not_exported(
    lake: PlainLake, tmp_path: Path
) -> None:
    released(lake, ANN)
    told = {"release_number": 1, "run_id": "run-1", "table_name": f"serve.{MARKETING}"}
    lake._write(RELEASE, [{**told, "table_version": 0, "definition": "0.9.0 f00"}], "append")

    with pytest.raises(InputError, match=r"version 0\.9\.0, and conf has 1\.0\.0"):
        exported(lake, tmp_path / "outbox")

    assert not (tmp_path / "outbox").exists()


def test_a_hostile_name_is_one_harmless_cell_of_one_row(lake: PlainLake, tmp_path: Path) -> None:
    released(lake, {**ANN, "display_name": HOSTILE}, BEN)

    _, files = exported(lake, tmp_path / "outbox")

    assert [row[:3] for row in files["audience"]] == [
        ["c1", f"'{HOSTILE}", "ann@post.org"],
        ["c2", "Ben Lee", "ben@post.org"],
    ]
    (text,) = (tmp_path / "outbox").glob("*/*/audience.csv")
    assert text.read_bytes().count(b'"\r\n"') == 2


@pytest.mark.parametrize(
    ("purpose", "until", "stay"),
    [
        (None, None, ["c2"]),
        ("marketing", None, ["c2"]),
        ("analytics", None, ["c1", "c2"]),
        (None, datetime(2026, 1, 6, tzinfo=UTC), ["c1", "c2"]),
    ],
)
def test_who_was_restricted_after_the_release_is_left_out_and_removed(
    purpose: str | None,
    until: datetime | None,
    stay: list[str],
    lake: PlainLake,
    tmp_path: Path,
) -> None:
    # The record is gone, and the customer lives on by others.
    keys = [{"customer_id": c, "record_key": f"r-{c}", "is_current": False} for c in ("c1", "c2")]
    released(lake, ANN, BEN, gold={CUSTOMER_RECORD: keys})
    exported(lake, tmp_path / "outbox")
    held = {"record_key": "r-c1", "purpose": purpose, "restricted_to": until}
    lake._write(RESTRICTION, [held], "append")

    _, files = exported(lake, tmp_path / "outbox")

    assert [row[0] for row in files["audience"]] == stay
    assert files["removed"] == ([] if "c1" in stay else [["c1"]])


def test_a_restriction_that_is_lifted_leaves_nobody_out(lake: PlainLake, tmp_path: Path) -> None:
    released(lake, ANN, gold={CUSTOMER_RECORD: [{"customer_id": "c1", "record_key": "r-c1"}]})
    limit = {"record_key": "r-c1", "request_id": "R1", "purpose": "marketing"}
    past = datetime(2026, 1, 6, tzinfo=UTC)
    lake._write(RESTRICTION, [limit, {**limit, "restricted_to": past}], "append")

    _, files = exported(lake, tmp_path / "outbox")

    assert [row[0] for row in files["audience"]] == ["c1"]


def test_where_the_lake_encrypts_files_with_people_are_sealed_and_opened_for_the_role_that_exports(
    lake: PlainLake, tmp_path: Path
) -> None:
    released(lake, ANN, BEN)
    marketer = lake.settings(**{"roles.reader": "marketer", "lake.encryption.at_rest": "true"})
    agent = lake.settings(**{"roles.reader": "agent", "lake.encryption.at_rest": "true"})

    export_audience(marketer, MARKETING, tmp_path / "outbox")

    (place,) = (tmp_path / "outbox" / MARKETING).iterdir()
    names = {"audience.csv.sealed", "added.csv.sealed", "removed.csv", "manifest.json"}
    assert {p.name for p in place.iterdir()} == names
    assert not any(b"ann@post.org" in p.read_bytes() for p in place.iterdir())
    with pytest.raises(AccessError):
        unseal(agent, place / "audience.csv.sealed", tmp_path / "list.csv")
    assert not (tmp_path / "list.csv").exists()
    unseal(marketer, place / "audience.csv.sealed", tmp_path / "list.csv")
    assert [row[2] for row in rows_of(tmp_path / "list.csv")] == ["ann@post.org", "ben@post.org"]
    digest = hashlib.sha256((tmp_path / "list.csv").read_bytes()).hexdigest()
    assert json.loads((place / "manifest.json").read_text())["sha256"]["audience.csv"] == digest
    assert b'"unseal"' in audit_log(marketer).content()[0][-1]


def test_sealed_files_of_earlier_exports_go_too(lake: PlainLake, tmp_path: Path) -> None:
    sealing = {"roles.reader": "marketer", "lake.encryption.at_rest": "true"}
    released(lake, ANN, BEN)
    export_audience(lake.settings(**sealing), MARKETING, tmp_path)
    released(lake, BEN)
    export_audience(lake.settings(**sealing), MARKETING, tmp_path)

    earlier, newest = sorted((tmp_path / MARKETING).iterdir())
    assert {p.name for p in earlier.iterdir()} == {"removed.csv", "manifest.json"}
    assert (newest / "audience.csv.sealed").exists()


def test_a_list_that_was_deleted_is_exported_again_although_nobody_in_it_has_changed(
    lake: PlainLake, tmp_path: Path
) -> None:
    released(lake, ANN, BEN)
    exported(lake, tmp_path)
    # Somebody was erased, and these two are as they were.
    released(lake, ANN, BEN)
    forget_earlier(tmp_path / MARKETING, 2)
    rows = PlainLog(settings_of(lake).lake, AUDIENCE_EXPORT).rows()

    told, files = exported(lake, tmp_path)

    assert told[0].endswith("2 customers of release 2: 0 added, 0 changed, 0 to be removed.")
    assert [row[0] for row in files["audience"]] == ["c1", "c2"]
    assert (files["added"], files["removed"]) == ([], [])
    assert PlainLog(settings_of(lake).lake, AUDIENCE_EXPORT).rows() == rows
    released(lake, ANN, BEN)
    told, _ = exported(lake, tmp_path)
    assert told == ["Nothing has changed since the export of release 1."]


def test_who_was_removed_by_an_export_that_another_of_its_release_takes_the_place_of_is_told_again(
    lake: PlainLake, tmp_path: Path
) -> None:
    cem = {**BEN, "customer_id": "c3"}
    keys = [{"customer_id": c, "record_key": f"r-{c}"} for c in ("c1", "c2", "c3")]
    released(lake, ANN, BEN, cem, gold={CUSTOMER_RECORD: keys})
    exported(lake, tmp_path)
    released(lake, ANN, BEN, gold={CUSTOMER_RECORD: keys})
    exported(lake, tmp_path)
    held = {"record_key": "r-c1", "request_id": "R1", "purpose": None}
    lake._write(RESTRICTION, [held], "append")

    told, files = exported(lake, tmp_path)

    assert files["removed"] == [["c1"], ["c3"]]
    assert told[0].endswith("0 added, 0 changed, 2 to be removed.")
    past = datetime(2026, 1, 6, tzinfo=UTC)
    lake._write(RESTRICTION, [{**held, "restricted_to": past}], "append")
    _, files = exported(lake, tmp_path)
    assert files["removed"] == [["c3"]], "c1 is back"
    assert [row[0] for row in files["added"]] == ["c1"]


def dying(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def dying_over_the_list_from_before(export: Path) -> None:
    if not export.name.startswith("."):
        raise KeyboardInterrupt


KILLS = {
    "before it is logged": (PlainLog, "append", dying),
    "after it is logged": (audiences, "_write", dying),
    "before its folder has its name": (Path, "rename", dying),
    "once its folder has it": (audiences, "_forget_people", dying_over_the_list_from_before),
}


@pytest.mark.parametrize("kill", KILLS)
@pytest.mark.parametrize("goes_on", ["at once", "after another release"])
def test_an_export_that_was_killed_is_told_by_the_next(
    kill: str, goes_on: str, lake: PlainLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(lake, ANN)
    exported(lake, tmp_path)
    released(lake, BEN)
    with monkeypatch.context() as patched:
        patched.setattr(*KILLS[kill])
        with pytest.raises(KeyboardInterrupt):
            exported(lake, tmp_path)
    if goes_on != "at once":
        released(lake, BEN)

    exported(lake, tmp_path)

    listed = list(tmp_path.rglob("audience.csv"))
    assert [[row[0] for row in rows_of(path)] for path in listed] == [["c2"]], "Ann's is gone"
    told = listed[0].parent
    assert rows_of(told / "removed.csv") == [["c1"]]
    assert [row[0] for row in rows_of(told / "added.csv")] == ["c2"]
    assert json.loads((told / "manifest.json").read_text())["previous_release"] == 1
    assert not list((tmp_path / MARKETING).glob(".*"))
    released(lake, BEN)
    assert exported(lake, tmp_path)[0][0].startswith("Nothing has changed since")


def test_a_file_beside_exports_that_looks_like_one_of_them_is_left_alone(
    lake: PlainLake, tmp_path: Path
) -> None:
    released(lake, ANN)
    exported(lake, tmp_path)
    packed = tmp_path / MARKETING / "release-000001.zip"
    packed.write_text("PK")
    released(lake, BEN)

    exported(lake, tmp_path)

    assert packed.exists()


def test_whom_an_export_added_that_another_of_its_release_takes_the_place_of_is_told_again(
    lake: PlainLake, tmp_path: Path
) -> None:
    keys = [{"customer_id": c, "record_key": f"r-{c}"} for c in ("c1", "c2")]
    released(lake, BEN, gold={CUSTOMER_RECORD: keys})
    exported(lake, tmp_path)
    released(lake, ANN, BEN, gold={CUSTOMER_RECORD: keys})
    exported(lake, tmp_path)
    held = {"record_key": "r-c2", "request_id": "R1", "purpose": None}
    lake._write(RESTRICTION, [held], "append")

    _, files = exported(lake, tmp_path)

    assert [row[0] for row in files["added"]] == ["c1"]
    assert files["removed"] == [["c2"]]
    manifest = tmp_path / MARKETING / "release-000002" / "manifest.json"
    assert json.loads(manifest.read_text())["previous_release"] == 1


def test_a_folder_where_files_of_earlier_exports_cannot_be_deleted_stops_no_other(
    lake: PlainLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        released(lake, ANN)
        exported(lake, tmp_path / folder)
    released(lake, BEN)
    forget = audiences.forget_earlier

    def refused(exports: Path, release_number: int) -> None:
        if exports.parent.name == "a":
            raise PermissionError(exports)
        forget(exports, release_number)

    monkeypatch.setattr(audiences, "forget_earlier", refused)

    told = export_again(settings_of(lake))

    assert told.exit_code == ExitCode.FAILED
    (warning,) = told.warnings
    assert "not deleted (PermissionError)" in warning
    assert (tmp_path / "b" / MARKETING / "release-000003" / "removed.csv").exists()


def test_every_destination_is_told_again_and_one_that_fails_stops_no_other(
    lake: PlainLake, tmp_path: Path
) -> None:
    settings, folders = settings_of(lake), [tmp_path / name for name in ("desk", "gone", "outbox")]
    assert export_again(settings).exit_code == ExitCode.OK
    released(lake, ANN, BEN)
    for folder in folders:
        exported(lake, folder)
    shutil.rmtree(tmp_path / "gone")
    released(lake, BEN)

    told = export_again(settings)

    for place in ("desk", "outbox"):
        removed = tmp_path / place / MARKETING / "release-000002" / "removed.csv"
        assert rows_of(removed) == [["c1"]]
    (warning,) = told.warnings
    assert f"{tmp_path}/gone was not told, and has 2 customers" in warning
    assert not (tmp_path / "gone").exists()
    assert told.exit_code == ExitCode.FAILED

    # Whoever gave it up makes it again, and it is told to remove them; afterwards it has nobody.
    (tmp_path / "gone").mkdir()
    released(lake)
    assert export_again(settings).exit_code == ExitCode.OK
    shutil.rmtree(tmp_path / "gone")
    assert export_again(settings).exit_code == ExitCode.OK


def test_a_run_tells_each_folder_whom_it_must_let_go_once_and_gives_it_nobody(
    lake: PlainLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(lake, ANN, BEN)
    outbox, gone = tmp_path / "outbox", tmp_path / "gone"
    for folder in (outbox, gone):
        exported(lake, folder)
    shutil.rmtree(gone)
    released(lake, BEN, {"customer_id": "c3"})
    # A run names no role. Spark tells who is owed: see test_owed_removals.py.
    settings = lake.settings()
    owed = {(MARKETING, str(outbox)): ["c1"], (MARKETING, str(gone)): ["c1"]}
    monkeypatch.setattr(audience_destinations, "owed_removals", lambda _lake: owed)

    release = SimpleNamespace(number=2)
    told = tell_removals(cast(Any, SimpleNamespace(settings=settings, release=lambda: release)))

    # By a name of its own: what an export of this release adds is not yet there.
    place = outbox / MARKETING / "release-000002-removed"
    manifest = json.loads((place / "manifest.json").read_text())
    assert told == Removals({(MARKETING, str(outbox)): 1}, {(MARKETING, str(gone)): 1})
    assert {path.name for path in place.iterdir()} == {"removed.csv", "manifest.json"}
    assert rows_of(place / "removed.csv") == [["c1"]]
    assert [manifest[n] for n in ("row_count", "added_count", "removed_count")] == [1, 0, 1]
    assert not gone.exists()
    assert b'"audience export"' in audit_log(settings).content()[0][-1]

    # A second run has nothing to tell.
    before = {path: path.stat().st_mtime_ns for path in outbox.rglob("*")}
    released(lake, BEN, {"customer_id": "c3"})
    assert tell_removed(settings, MARKETING, outbox, ["c1"], 3)
    assert {path: path.stat().st_mtime_ns for path in outbox.rglob("*")} == before
    # The next export adds who is new, and its list takes the place of the one that had her.
    _, files = exported(lake, outbox)
    assert [row[0] for row in files["audience"]] == ["c2", "c3"]
    assert (files["added"][0][0], files["removed"]) == ("c3", [])
    assert len([*outbox.rglob("audience.csv")]) == 1


def test_a_removal_whose_run_was_killed_is_told_by_the_next_and_one_of_a_lost_product_is_owed(
    lake: PlainLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(*_: object) -> None:
        raise KeyboardInterrupt

    settings = lake.settings()
    released(lake, ANN, BEN)
    exported(lake, tmp_path)
    kills: list[tuple[Any, str]] = [(Path, "rename"), (PlainLog, "append")]
    for release, killed in enumerate(kills, start=2):
        released(lake, BEN)
        with monkeypatch.context() as patched:
            patched.setattr(*killed, dying)
            with pytest.raises(KeyboardInterrupt):
                tell_removed(settings, MARKETING, tmp_path, ["c1"], release)
    released(lake, BEN)

    # Who must go was found in a release that is not the newest any more.
    assert not tell_removed(settings, MARKETING, tmp_path, ["c1"], 3)
    assert tell_removed(settings, MARKETING, tmp_path, ["c1"], 4)

    assert rows_of(tmp_path / MARKETING / "release-000004-removed" / "removed.csv") == [["c1"]]
    assert not tell_removed(settings, "a_lost_product", tmp_path, ["c1"], 4)


def test_a_role_that_may_not_read_a_product_leaves_its_destinations_told_of_as_not_told(
    lake: PlainLake, tmp_path: Path
) -> None:
    released(lake, ANN)
    exported(lake, tmp_path)

    told = export_again(lake.settings(**{"roles.reader": "agent"}))

    assert told.exit_code == ExitCode.FAILED
    assert "kept for marketing" in told.warnings[0]
