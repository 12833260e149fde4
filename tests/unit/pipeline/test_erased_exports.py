"""Exports with people who are erased: which those are, and what is left of them."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from lakehouse.pipeline.audiences import export_audience
from lakehouse.pipeline.erased_exports import delete_exported, exported_places
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
    done = delete_exported(places, 3)

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
    assert (outbox / MARKETING / "release-000003" / "removed.csv").read_text().split()[1] == '"c1"'
    delete_exported(places, 3)
    assert f"{MARKETING}/release-000003/audience.csv.sealed" in files(outbox)
    assert exported_places(settings, ["c1"], ["r1"]) == [str(carried / MARKETING)]


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
    done = delete_exported(exported_places(settings, [], ["r1", "r9"]), 3)

    assert done == {
        str(hers): "deleted",
        **dict.fromkeys((str(elsewhere), "Q3.zip", "Q5.zip"), "out of reach: not there"),
    }
    assert not hers.exists()
    assert mine.exists()


def test_what_may_not_be_deleted_is_said_to_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(path)

    (tmp_path / MARKETING / "release-000001").mkdir(parents=True)
    monkeypatch.setattr(Path, "unlink", refused)

    place = str(tmp_path / MARKETING)
    assert delete_exported([place], 2) == {place: "cannot be deleted"}
