"""Exports with people who are erased: which those are, and what is left of them."""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.sql import Row

from lakehouse.pipeline import audiences, erasure, runner
from lakehouse.pipeline.audience_destinations import export_again
from lakehouse.pipeline.audiences import export_audience
from lakehouse.pipeline.erased_exports import delete_exported, exported_places
from lakehouse.pipeline.erasure_log import Case
from lakehouse.pipeline.explanation_page import log_page
from lakehouse.privacy.tokens import token, token_keys
from lakehouse.settings.models import Settings
from lakehouse.storage.plain_log import PlainLog
from lakehouse.tables.gold import CUSTOMER_RECORD
from lakehouse.tables.ops import PRIVACY_REQUEST
from tests.support.plain_lake import PlainLake

MARKETING = "marketing_customer"
ANN: dict[str, Any] = {"customer_id": "c1", "display_name": "Ann Lee", "email": "ann@post.org"}
BEN: dict[str, Any] = {"customer_id": "c2", "display_name": "Ben Lee", "email": "ben@post.org"}
AT = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> PlainLake:
    return PlainLake(tmp_path / "lake")


@pytest.fixture
def settings(lake: PlainLake) -> Settings:
    return lake.settings(**{"roles.reader": "marketer", "lake.encryption.at_rest": "true"})


def released(lake: PlainLake, settings: Settings, *people: dict[str, Any]) -> None:
    (table,) = (t for t in settings.product_tables if t.entity == MARKETING)
    lake.release(date(2026, 1, 5), {table: people, CUSTOMER_RECORD: []})


def token_of_ann(settings: Settings) -> str:
    secrets = settings.tokens.secrets(settings.lake.secret.get_secret_value())
    return token(token_keys("marketing", secrets), "c1")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_is_there_of_exports_with_her_goes_and_what_was_carried_on_is_named(
    lake: PlainLake, settings: Settings, tmp_path: Path
) -> None:
    outbox, carried, before_ann = (tmp_path / name for name in ("outbox", "carried", "before_ann"))
    released(lake, settings, BEN)
    export_audience(settings, MARKETING, before_ann)
    released(lake, settings, ANN, BEN)
    export_audience(settings, MARKETING, outbox)
    export_audience(settings, MARKETING, carried)
    shutil.rmtree(carried)

    places = exported_places(settings, ["c1"], ["r1"])
    done = delete_exported(settings, places, 3)

    expected = {
        str(carried / MARKETING): "out of reach: not there",
        str(outbox / MARKETING): "deleted",
    }
    assert done == expected
    release = f"{MARKETING}/release-000002"
    assert files(outbox) == {f"{release}/manifest.json", f"{release}/removed.csv"}
    others = f"{MARKETING}/release-000001/audience.csv.sealed"
    assert others in files(before_ann)

    # The next export is without her, and an erasure that goes on after a kill leaves it alone.
    released(lake, settings, BEN)
    export_audience(settings, MARKETING, outbox)
    removed = (outbox / MARKETING / "release-000003" / "removed.csv").read_text().split()
    assert removed[1] == f'"{token_of_ann(settings)}"'
    delete_exported(settings, places, 3)
    assert f"{MARKETING}/release-000003/audience.csv.sealed" in files(outbox)
    # She was removed there, which does not say that the list from before is gone.
    assert exported_places(settings, ["c1"], ["r1"]) == places


def test_a_page_that_explains_her_is_deleted_as_an_export_is_and_no_export_is_made_to_it(
    lake: PlainLake, settings: Settings, tmp_path: Path
) -> None:
    released(lake, settings, ANN, BEN)
    hers, others = tmp_path / "hers.html", tmp_path / "others.html"
    log_page(settings, hers, {"c1", "c2"}, 1)
    log_page(settings, others, {"c2"}, 1)
    hers.write_text("why")
    others.write_text("why")

    places = exported_places(settings, ["c1"], ["r1"])

    assert delete_exported(settings, places, 2) == {str(hers): "deleted"}
    assert files(tmp_path) & {"hers.html", "others.html"} == {"others.html"}
    assert export_again(settings).warnings == []


def dying(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "kill",
    [
        (PlainLog, "append"),
        (audiences, "_write"),
        (Path, "rename"),
        (audiences, "_report"),
    ],
)
def test_what_an_export_left_that_was_killed_is_found_and_goes(
    kill: tuple[Any, str],
    lake: PlainLake,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released(lake, settings, ANN, BEN)
    with monkeypatch.context() as patched:
        patched.setattr(*kill, dying)
        with pytest.raises(KeyboardInterrupt):
            export_audience(settings, MARKETING, tmp_path / "outbox")

    places = exported_places(settings, ["c1"], [])
    delete_exported(settings, places, 2)

    kept = {Path(name).name for name in files(tmp_path / "outbox")}
    assert kept <= {"manifest.json", "removed.csv"}
    # Nobody was told of it: the next export sees that it had begun.
    released(lake, settings, BEN)
    export_audience(settings, MARKETING, tmp_path / "outbox")
    (listed,) = (tmp_path / "outbox").rglob("audience.csv.sealed")
    removed = (listed.parent / "removed.csv").read_text().split()[1:]
    told = [f'"{token_of_ann(settings)}"'] if places else []
    assert removed == told, "nothing was written before it was logged"


def test_a_list_that_was_written_again_stays_where_others_are_erased(
    lake: PlainLake, settings: Settings, tmp_path: Path
) -> None:
    for number in (1, 2):
        released(lake, settings, BEN)
        export_audience(settings, MARKETING, tmp_path)
        if number == 1:
            delete_exported(settings, [str(tmp_path / MARKETING)], 2)

    assert delete_exported(settings, exported_places(settings, ["c9"], []), 3) == {}

    assert f"{MARKETING}/release-000002/audience.csv.sealed" in files(tmp_path)


def request(request_id: str, kind: str, note: str) -> list[dict[str, Any]]:
    told = {"request_id": request_id, "kind": kind, "scope": "exact", "regime": "gdpr"}
    row = {**told, "due_at": AT, "actor": "clerk"}
    return [
        {**row, "step": "scoped", "record_keys": ["r1", "r2"], "reasons": {}, "at": AT},
        {**row, "step": "delivered", "note": note, "at": AT.replace(hour=1)},
    ]


def test_archives_with_her_go_and_no_note_of_a_clerk_names_a_file_to_delete(
    settings: Settings, tmp_path: Path
) -> None:
    hers, elsewhere, mine = (tmp_path / n for n in ("Q1.zip.sealed", "Q2.zip", "mine.zip"))
    for path in (hers, mine):
        path.write_text("PK")
    PlainLog(settings.lake, PRIVACY_REQUEST).append(
        [
            *request("Q1", "access", f"archive written to {hers}"),
            *request("Q2", "portability", f"archive written to {elsewhere}"),
            *request("Q3", "access", "archive written"),
            *request("Q4", "rectification", f"archive written to {mine}"),
            *request("Q5", "access", f"archive written to {mine}"),
        ]
    )

    assert exported_places(settings, [], ["r9"]) == []
    places = exported_places(settings, [], ["r1", "r9"])
    # The log of the erasure has names alone.
    done = delete_exported(settings, [*places, "Q1.zip.sealed"], 3)

    assert str(hers) in places
    assert done == {
        "Q1.zip.sealed": "deleted",
        **dict.fromkeys(("Q2.zip", "Q3.zip", "Q5.zip"), "out of reach: not there"),
    }
    assert not hers.exists()
    assert mine.exists()


def test_what_is_left_of_an_archive_that_was_never_finished_goes_too(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / ".Q1.zip.part").write_text("PK")

    assert delete_exported(settings, [str(tmp_path / "Q1.zip")], 3) == {"Q1.zip": "deleted"}
    assert not (tmp_path / ".Q1.zip.part").exists()


def test_a_name_without_a_folder_is_not_looked_for_where_the_command_runs(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Q3.zip").write_text("mine")
    monkeypatch.chdir(tmp_path)

    assert delete_exported(settings, ["Q3.zip"], 3) == {"Q3.zip": "out of reach: not there"}
    assert (tmp_path / "Q3.zip").exists()


@pytest.mark.parametrize("refuses", ["unlink", "iterdir"])
def test_what_may_not_be_read_or_deleted_is_said_to_be_there(
    refuses: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(path)

    hers = tmp_path / "hers" / MARKETING
    (hers / "release-000001").mkdir(parents=True)
    monkeypatch.setattr(Path, refuses, refused)

    assert delete_exported(settings, [str(hers)], 2) == {str(hers): "cannot be deleted"}


def test_an_erasure_that_was_killed_after_its_release_ends_by_what_was_logged_before_it(
    lake: PlainLake, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(lake, settings, ANN, BEN)
    export_audience(settings, MARKETING, tmp_path / "outbox")
    archive = tmp_path / "anna@post.org" / "Q1.zip"
    archive.parent.mkdir()
    archive.write_text("PK")
    told = request("Q1", "access", f"archive written to {archive}")
    PlainLog(settings.lake, PRIVACY_REQUEST).append(told)
    logged: dict[str, Any] = {}
    opened: Any = SimpleNamespace(
        settings=settings, tables=None, kill_points=SimpleNamespace(passed=lambda *given: None)
    )

    def record(of: Any, ids: list[str], step: str, detail: dict[str, Any], **more: Any) -> None:
        logged[step] = detail

    def cases_of(of: Any, ids: list[str]) -> list[Case]:
        rows = {step: Row(run_id="r", detail=json.dumps(d)) for step, d in logged.items()}
        return [Case("e1", rows)]

    # The release before it cannot be read any more: nobody tells which customers the records were.
    for name, does in {
        "record": record,
        "cases_of": cases_of,
        "marked_records": lambda *given: ["r1"],
        "Forgetting": lambda *given: SimpleNamespace(forget_decisions=lambda: None),
        "current_release": lambda tables: SimpleNamespace(versions={}),
        "settle_landing": lambda *given: {},
        "make_role_tables_anew": lambda of: {},
        "drop_unused_keys": lambda of: {},
        "_day": lambda *given: None,
        "_release_of": lambda *given: Row(release_number=2),
        "_erased_rows": lambda *given: {},
    }.items():
        monkeypatch.setattr(erasure, name, does)
    monkeypatch.setattr(runner, "run", lambda *given, **more: None)

    places = exported_places(settings, ["c1"], ["r1"])
    erasure._start(opened, "erase-1", ["e1"], places)
    erasure._carry_out(opened, "erase-1", ["e1"], [])

    outbox = str(tmp_path / "outbox" / MARKETING)
    assert logged["started"]["exports"] == ["Q1.zip", outbox]
    assert logged["executed"]["exports"] == {"Q1.zip": "deleted", outbox: "deleted"}
    assert "anna" not in json.dumps(logged), "the folder of an archive may name whom it is about"
    assert not archive.exists()
    assert not list((tmp_path / "outbox").rglob("audience*"))
