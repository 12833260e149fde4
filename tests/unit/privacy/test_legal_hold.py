"""A hold keeps records until its last day or until it is lifted, and says why."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from lakehouse.errors import AccessError, ConflictError, InputError, NotFoundError
from lakehouse.pipeline import erasure, legal_holds
from lakehouse.pipeline.audit import audit_log
from lakehouse.pipeline.lake import Lake
from lakehouse.pipeline.legal_holds import (
    all_holds,
    hold_list,
    lift_hold,
    place_hold,
    split_by_hold,
)
from lakehouse.settings.models import Settings
from lakehouse.storage.locks import Locks
from lakehouse.tables.linkage import IDENTITY_MAP
from tests.support.plain_lake import PlainLake

ANN, BOB = "a" * 64, "b" * 64
LAST_DAY = date(2026, 12, 31)
AT = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A lake that knows Ann and Bob."""
    made = PlainLake(tmp_path)
    known = [{"record_key": k, "customer_id": k[:8], "valid_from": AT} for k in (ANN, BOB)]
    made.release(date(2026, 1, 5), {IDENTITY_MAP: known})
    return as_role(made.settings(), "privacy_officer")


def as_role(settings: Settings, role: str) -> Settings:
    roles = settings.roles.model_copy(update={"reader": role})
    return settings.model_copy(update={"roles": roles})


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """The lake, whose holds are read without Spark."""
    monkeypatch.setattr(
        legal_holds,
        "holds_on",
        lambda lake, day: [h for h in all_holds(settings) if h.holds_on(day)],
    )
    return cast(Lake, SimpleNamespace(settings=settings, locks=Locks(settings.lake.root, "flock")))


def test_a_hold_lasts_until_its_last_day(settings: Settings) -> None:
    place_hold(settings, [ANN], why="case 7", until=LAST_DAY, by="counsel")

    (hold,) = all_holds(settings)
    assert hold.record_keys == {ANN}
    assert hold.holds_on(LAST_DAY)
    assert not hold.holds_on(date(2027, 1, 1))


def test_a_hold_without_a_last_day_lasts_until_it_is_lifted(settings: Settings) -> None:
    place_hold(settings, [ANN, BOB], why="case 7", until=None, by="counsel")
    (hold,) = all_holds(settings)
    assert hold.holds_on(date(2099, 1, 1))

    lift_hold(settings, hold.hold_id, why="closed", by="counsel")

    assert not all_holds(settings)[0].holds_on(date(2026, 1, 6))
    (grid,) = hold_list(settings).grids
    assert [row[1:5] for row in grid.rows] == [(2, "case 7", "lifted", "counsel")]
    with pytest.raises(ConflictError, match="lifted already"):
        lift_hold(settings, hold.hold_id, why="closed", by="counsel")


def test_why_a_record_is_held_is_shown_as_the_role_sees_it_and_recorded(settings: Settings) -> None:
    place_hold(settings, [ANN, BOB], why="Spoke to Ann Lee", until=None, by="counsel")

    (grid,) = hold_list(as_role(settings, "default")).grids

    assert [row[1:5] for row in grid.rows] == [(2, "***", "it is lifted", "***")]
    assert b'"surface":"privacy hold list"' in audit_log(settings).content()[0][-1]
    with pytest.raises(AccessError, match="The role agent reads for service"):
        hold_list(as_role(settings, "agent"))


def test_a_hold_needs_known_records_a_reason_and_who_says_so(settings: Settings) -> None:
    with pytest.raises(NotFoundError, match="1 of the 2 records"):
        place_hold(settings, [ANN, "c" * 64], why="case 7", until=None, by="counsel")
    for said in ({"why": " ", "by": "counsel"}, {"why": "case 7", "by": ""}):
        with pytest.raises(InputError):
            place_hold(settings, [ANN], until=None, **said)
    with pytest.raises(NotFoundError, match="no hold"):
        lift_hold(settings, "none", why="closed", by="counsel")
    assert all_holds(settings) == []


def test_an_erasure_leaves_out_what_is_held_and_names_the_hold(
    settings: Settings, lake: Lake
) -> None:
    place_hold(settings, [ANN], why="case 7", until=LAST_DAY, by="counsel")
    (hold,) = all_holds(settings)

    free, held = split_by_hold(lake, [ANN, BOB], LAST_DAY)

    assert free == [BOB]
    assert held == {hold.hold_id: {"records": 1, "reason": "case 7"}}
    assert split_by_hold(lake, [ANN, BOB], date(2027, 1, 1)) == ([ANN, BOB], {})


def test_a_planned_erasure_is_not_begun_once_a_record_of_it_is_held(
    settings: Settings, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    place_hold(settings, [ANN], why="case 7", until=None, by="counsel")
    begun: list[str] = []
    approved = SimpleNamespace(erasure_id="e1", steps={"approved": None})
    monkeypatch.setattr(erasure, "cases_of", lambda lake, ids: [approved])
    monkeypatch.setattr(erasure, "marked_records", lambda lake, ids: [ANN, BOB])
    monkeypatch.setattr(erasure, "_start", lambda *given: begun.append("started"))

    with pytest.raises(ConflictError, match="under legal hold"):
        erasure.execute(lake, ["e1"])
    assert begun == []
